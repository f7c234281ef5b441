import type { RuleFileData } from './core/ruleSchema.ts'

export type { RuleFileData }

/**
 * Gives a rule file written as a module its type: `export default defineRules({ rules: { … } })`. Returns what it is given;
 * labmake checks it as it checks a YAML file.
 */
export function defineRules(rules: RuleFileData): RuleFileData {
  return rules
}
