import type { Fault } from '../model/errors.ts'
import type { Pool, Rule, RuleSet } from '../model/rule.ts'
import { writtenAmount } from './amounts.ts'
import { patternShape } from './pattern.ts'
import { shareText } from './poolText.ts'
import type { RuleFile } from './ruleFile.ts'
import { didYouMean } from './suggest.ts'

/**
 * Puts the rule files of a workspace together. A rule that clashes with another file's (same name, same target, a pool
 * nobody declares) is left out with a fault that names both places; the others stand. `processors` is what `auto` means.
 */
export function joinRuleFiles(files: readonly RuleFile[], processors: number): RuleSet {
  const faults: Fault[] = files.flatMap((file) => file.faults)
  // With faults and rules too: a watch goes on with the last good version of the file.
  const isDisabled = (file: RuleFile) => file.faults.length > 0 && file.rules.length === 0 && file.pools.length === 0
  const disabled = files.filter(isDisabled).map((file) => file.file)
  const pools = joinPools(files, processors, faults)
  const rules = files.flatMap((file) => file.rules)
  const out = new Set<Rule>()
  const reject = (rule: Rule, fault: Omit<Fault, 'where'>) => {
    faults.push({ where: rule.where, ...fault })
    out.add(rule)
  }
  findClashes(rules, reject)
  for (const rule of rules) checkPools(rule, pools, disabled, reject)
  return {
    rules: rules.filter((rule) => !out.has(rule)),
    rejected: [...out],
    pools,
    inbox: files.flatMap((f) => f.inbox),
    quietMs: longestQuiet(files),
    notify: files.flatMap((f) => f.notify),
    faults,
    disabled,
  }
}

/** Longer than the pause in which a copy over a bad line takes breath. */
const defaultQuietMs = 30_000

/** Of several files the longest: whose copies pause longest needs it, and nobody else is harmed. */
function longestQuiet(files: readonly RuleFile[]): number {
  const said = files.flatMap((file) => file.quietMs ?? [])
  return said.length === 0 ? defaultQuietMs : Math.max(...said)
}

function joinPools(files: readonly RuleFile[], processors: number, faults: Fault[]): Map<string, Pool> {
  // A rule that names no pool takes a slot of cpu, so cpu is always there.
  const cpu = { name: 'cpu', slots: processors, counts: 'slots', shared: false, where: 'default' } as const
  const pools = new Map<string, Pool>([['cpu', cpu]])
  for (const declared of files.flatMap((file) => file.pools)) {
    const slots = declared.slots === 'auto' ? processors : declared.slots
    const before = pools.get(declared.name)
    const { name, counts, shared, where } = declared
    if (before === undefined || before.where === 'default') {
      pools.set(name, { name, slots, counts, shared, where })
      continue
    }
    if (before.counts !== counts) {
      faults.push({
        where,
        message: `pool ${name} has ${shareText(slots, counts)} here and ${shareText(before.slots, before.counts)} at ${before.where}`,
        hint: 'Declare it in one file only, with slots or with memory. Until then it is as it is there.',
      })
      continue
    }
    if (before.slots !== slots) {
      const least = shareText(Math.min(slots, before.slots), counts)
      const there = counts === 'bytes' ? shareText(before.slots, counts) : before.slots
      faults.push({
        where,
        message: `pool ${name} has ${shareText(slots, counts)} here and ${there} at ${before.where}`,
        hint: `Declare it in one file only. Until then it has ${least}.`,
      })
    }
    if (before.shared !== shared) {
      faults.push({
        where,
        message: `pool ${name} is ${shared ? '' : 'not '}shared here, and it is ${shared ? 'not ' : ''}at ${before.where}`,
        hint: 'Declare it in one file only. Until then it is shared.',
      })
    }
    const least = slots < before.slots ? { slots, where } : before
    pools.set(name, { ...before, slots: least.slots, where: least.where, shared: shared || before.shared })
  }
  return pools
}

type Reject = (rule: Rule, fault: Omit<Fault, 'where'>) => void

function findClashes(rules: readonly Rule[], reject: Reject): void {
  const byName = new Map<string, Rule>()
  const byTarget = new Map<string, Rule>()
  for (const rule of rules) {
    const same = byName.get(rule.name)
    if (same !== undefined) {
      reject(rule, { message: `rule ${rule.name} is also declared at ${same.where}`, hint: 'Rename one of them.' })
      reject(same, { message: `rule ${same.name} is also declared at ${rule.where}`, hint: 'Rename one of them.' })
    }
    byName.set(rule.name, rule)
    for (const { pattern } of rule.targets) {
      const shape = patternShape(pattern)
      const other = byTarget.get(shape)
      if (other !== undefined && other !== rule && other !== same) rejectPair(other, rule, pattern.text, reject)
      byTarget.set(shape, rule)
    }
  }
}

function rejectPair(a: Rule, b: Rule, target: string, reject: Reject): void {
  const message = `two rules make ${target}: ${a.name} (${a.where}) and ${b.name} (${b.where})`
  const hint = 'Change the target of one of them. Until then neither runs.'
  reject(b, { message, hint })
  reject(a, { message, hint })
}

function checkPools(rule: Rule, pools: ReadonlyMap<string, Pool>, disabled: readonly string[], reject: Reject): void {
  for (const [name, slots] of rule.pools) {
    const pool = pools.get(name)
    if (pool === undefined) {
      const hint = [
        didYouMean(name, pools.keys()),
        disabled.length > 0 ? `(${disabled.join(', ')} is disabled; its pools are not known.)` : undefined,
        `Declare it in a rule file: pools: { ${name}: 1 }`,
      ]
      reject(rule, {
        message: `rule ${rule.name}: no file declares a pool "${name}"`,
        hint: hint.filter(Boolean).join(' '),
      })
    } else if (rule.bytesOf.has(name) !== (pool.counts === 'bytes')) {
      reject(rule, unitFault(rule, slots, pool))
    } else if (slots > pool.slots) {
      reject(rule, tooMuchFault(rule, slots, pool))
    }
  }
}

function tooMuchFault(rule: Rule, slots: number, { name, counts, ...pool }: Pool): Omit<Fault, 'where'> {
  if (counts === 'bytes') {
    const has = shareText(pool.slots, counts)
    return {
      message: `rule ${rule.name} asks for ${shareText(slots, counts)} of ${name}, which has ${has} (${pool.where})`,
      hint: `It could never start. Ask for ${writtenAmount(pool.slots)} at the most, or give the pool more.`,
    }
  }
  return {
    message: `rule ${rule.name} needs ${slots} slots of ${name}, which has ${pool.slots} (${pool.where})`,
    hint: `Ask for ${pool.slots} at the most, or give the pool more slots.`,
  }
}

/** An amount of a pool of slots, or the other way round. */
function unitFault(rule: Rule, slots: number, { name, counts, ...pool }: Pool): Omit<Fault, 'where'> {
  const has = shareText(pool.slots, counts)
  if (counts === 'slots') {
    return {
      message: `rule ${rule.name} asks for ${shareText(slots, 'bytes')} of ${name}, which has no memory but ${has} (${pool.where})`,
      hint: `Ask for slots, pool: { ${name}: 1 }, or let the pool count memory: pools: { ${name}: 64GB }`,
    }
  }
  return {
    message: `rule ${rule.name} does not say how much of ${name} it needs, which counts memory: ${has} (${pool.where})`,
    hint: `Write the most that one job needs: pool: { ${name}: 12GB }. labmake doctor tells what past runs needed.`,
  }
}
