import { availableParallelism } from 'node:os'
import { deserialize, serialize } from 'node:v8'
import type { RuleSet } from '../model/rule.ts'

/** Rules as they were read and checked, in the form that V8 takes them up in: to read their YAML takes sixty times as long. */
export interface KeptRules {
  readonly bytes: Uint8Array
  /** As many slots as this machine had processors, wherever a rule file says `auto`. */
  readonly processors: number
}

/**
 * Undefined where there is a fault: that is told by who reads the files. Notifiers are left out, since a build tells nobody, and
 * what they are addressed by is not for whoever may read a look.
 */
export function keepRules(rules: RuleSet): KeptRules | undefined {
  if (rules.faults.length > 0) return undefined
  return { bytes: serialize({ ...rules, notify: [] }), processors: availableParallelism() }
}

/** For as long as the rule files lie as they lay, of the labmake that kept them. Undefined where `auto` means something else by now. */
export function takeUpRules({ bytes, processors }: KeptRules): RuleSet | undefined {
  return processors === availableParallelism() ? (deserialize(bytes) as RuleSet) : undefined
}
