import type { Fault } from '../model/errors.ts'
import type { RuleSet } from '../model/rule.ts'
import type { RuleFile } from './ruleFile.ts'
import { joinRuleFiles } from './ruleSet.ts'

/** The rules that an engine goes by, and the versions of the rule files that they are of. */
export interface RulesInUse {
  readonly files: readonly RuleFile[]
  readonly rules: RuleSet
}

/**
 * What is in use after rule files were read anew. A file that is faulty now, or that puts a rule out of force which was in
 * force (by a pool that is no more, a name or a target that is taken), stays in use as it was, beside the faults: a slip while
 * one types must not take jobs off the board. A file that did not change has to be the same object as before.
 */
export function rulesInUse(before: RulesInUse | undefined, read: readonly RuleFile[], processors: number): RulesInUse {
  const asBefore = (file: RuleFile) => before?.files.find((other) => other.file === file.file)
  const files = read.map((file) => {
    const last = file.faults.length > 0 ? asBefore(file) : undefined
    return last === undefined ? file : { ...last, faults: file.faults.map(stillInUse) }
  })
  const rules = joinRuleFiles(files, processors)
  if (before === undefined || !losesRules(before, files, rules)) return { files, rules }
  const isSound = (some: readonly RuleFile[]) => !losesRules(before, some, joinRuleFiles(some, processors))
  const changed = files.filter((file) => asBefore(file) !== file)
  const keepBack = (back: readonly RuleFile[]) =>
    files.flatMap((file) => (back.includes(file) ? (asBefore(file) ?? []) : [file]))
  // Mostly one file is to blame, and what others changed is to be used.
  const held = [...changed.map((file) => [file]), changed].map(keepBack).find(isSound)
  if (held === undefined) return { files, rules }
  const kept = joinRuleFiles(held, processors)
  const isKept = ({ where, message }: Fault) => kept.faults.some((f) => f.where === where && f.message === message)
  return { files: held, rules: { ...kept, faults: rules.faults.map((f) => (isKept(f) ? f : stillInUse(f))) } }
}

/** Is a rule that was in force declared still, and not in force any more? */
function losesRules(before: RulesInUse, files: readonly RuleFile[], { rules }: RuleSet): boolean {
  const declared = new Set(files.flatMap((file) => file.rules.map((rule) => rule.name)))
  const inForce = new Set(rules.map((rule) => rule.name))
  return before.rules.rules.some(({ name }) => declared.has(name) && !inForce.has(name))
}

function stillInUse(fault: Fault): Fault {
  const hint = 'Until it is mended, the rules stay in use as they were before the change.'
  // What would be until then, were the rules not kept.
  const before = fault.hint?.replace(/ ?Until then .*$/, '') ?? ''
  return { ...fault, hint: before === '' ? hint : `${before} ${hint}` }
}
