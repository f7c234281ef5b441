import type { MemoryAdvice } from '../model/advice.ts'
import type { JournalRecord } from '../model/record.ts'
import type { PoolSize, Rule } from '../model/rule.ts'
import { amountText, writtenAmount } from './amounts.ts'
import { plural, sizeText } from './sizes.ts'

// What past attempts say of pools, in words: doctor and the screen tell the same.

/** Recordings change with the years: what was long ago says nothing of today's. */
const runsKept = 100

/** Adds what one more record says to peaks of memory of past attempts in bytes, by rule, the last ones of each. */
export function rememberPeak(peaks: Map<string, number[]>, record: JournalRecord): void {
  if (!('use' in record) || record.use?.peakBytes === undefined) return
  const rule = record.job.split('/', 1)[0]!
  const past = peaks.get(rule) ?? []
  past.push(record.use.peakBytes)
  if (past.length > runsKept) past.shift()
  peaks.set(rule, past)
}

type AdvisedRule = Pick<Rule, 'name' | 'pools' | 'bytesOf'>

/** What there is to share. */
export interface Shares {
  readonly pools: ReadonlyMap<string, PoolSize>
  /** Of the machine. */
  readonly memoryBytes: number
}

/** Of fewer runs nothing follows, but that a job needs more than it asks for. */
const leastRuns = 3

/** On each rule of which enough is known, what may go wrong first. */
export function memoryAdviceOn(
  rules: readonly AdvisedRule[],
  peaks: ReadonlyMap<string, readonly number[]>,
  shares: Shares,
): MemoryAdvice[] {
  const advice = rules.flatMap((rule) => memoryAdvice(rule, peaks.get(rule.name) ?? [], shares) ?? [])
  return advice.sort((a, b) => Number(b.isTooMuch) - Number(a.isTooMuch))
}

/** Undefined where too little is known, or no pool limits the rule. */
export function memoryAdvice(rule: AdvisedRule, peaks: readonly number[], shares: Shares): MemoryAdvice | undefined {
  const [inBytes] = rule.bytesOf
  if (peaks.length === 0) return undefined
  if (inBytes !== undefined) return amountAdvice(rule, inBytes, peaks, shares)
  return peaks.length < leastRuns ? undefined : slotsAdvice(rule, peaks, shares)
}

/** `has peaked at 11 GB in 40 runs` */
export function peakedText(peaks: readonly number[]): string {
  return `has peaked at ${sizeText(Math.max(...peaks))} in ${plural(peaks.length, 'run')}`
}

/** `denoise has peaked at 11 GB in 40 runs; 64 GB would hold 5, ram has 2 slots` */
function slotsAdvice({ name, pools }: AdvisedRule, peaks: readonly number[], shares: Shares): MemoryAdvice | undefined {
  const [tightest] = [...pools]
    .map(([pool, needs]) => ({ pool, needs, slots: shares.pools.get(pool)?.slots ?? 0 }))
    .toSorted((a, b) => a.slots / a.needs - b.slots / b.needs)
  if (tightest === undefined) return undefined
  const { pool, needs, slots } = tightest
  const holds = Math.floor(shares.memoryBytes / Math.max(...peaks))
  const isTooMuch = Math.floor(slots / needs) > holds
  const has = `${pool} has ${plural(slots, 'slot')}${needs === 1 ? '' : `, ${needs} for each`}`
  const safe = `${plural(holds * needs, 'slot')} in ${pool} would be safe`
  return {
    rule: name,
    pool,
    text: `${name} ${peakedText(peaks)}; ${sizeText(shares.memoryBytes)} would hold ${holds}, ${has}`,
    isTooMuch,
    hint: !isTooMuch
      ? undefined
      : holds === 0
        ? `Not even one may fit: ${name} needs a machine with more memory, or smaller pieces.`
        : `If all of them reach that at once, memory runs out: ${safe}.`,
  }
}

/** `denoise asks for 12 GB of ram, and has peaked at 4.1 GB in 40 runs: 5 GB would let 12 run at once instead of 5` */
function amountAdvice(
  rule: AdvisedRule,
  pool: string,
  peaks: readonly number[],
  { pools }: Shares,
): MemoryAdvice | undefined {
  const { name } = rule
  const asks = rule.pools.get(pool)!
  const size = pools.get(pool)?.slots ?? 0
  const peak = Math.max(...peaks)
  const enough = withRoom(peak)
  const asksText = `${name} asks for ${amountText(asks)} of ${pool}`
  if (peak > asks) {
    const write =
      enough <= size
        ? `Write pool: { ${pool}: ${writtenAmount(enough)} }.`
        : `Not even one may fit into ${amountText(size)}: ${name} needs more memory, or smaller pieces.`
    return {
      rule: name,
      pool,
      text: `${asksText}, but ${peakedText(peaks)}`,
      isTooMuch: true,
      hint: `As many as ${pool} lets run may need more memory than it has. ${write}`,
    }
  }
  if (peaks.length < leastRuns) return undefined
  const now = mostAtOnce(rule.pools, pools)
  const then = mostAtOnce(new Map([...rule.pools, [pool, enough]]), pools)
  const gain = then > now ? `: ${amountText(enough)} would let ${then} run at once instead of ${now}` : ''
  return { rule: name, pool, text: `${asksText}, and ${peakedText(peaks)}${gain}`, isTooMuch: false, hint: undefined }
}

/** A fifth above a peak, rounded up to two digits: the next recording may be longer. */
function withRoom(peak: number): number {
  const digit = 10 ** (Math.floor(Math.log10(peak * 1.2)) - 1)
  return Math.ceil((peak * 1.2) / digit) * digit
}

/** Jobs that the pools let run beside each other. */
function mostAtOnce(needs: ReadonlyMap<string, number>, pools: Shares['pools']): number {
  return Math.min(...[...needs].map(([pool, n]) => Math.floor((pools.get(pool)?.slots ?? 0) / n)))
}
