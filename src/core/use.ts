import type { JournalRecord, Use } from '../model/record.ts'
import type { Rule } from '../model/rule.ts'
import { formatSeconds } from './durations.ts'
import { plural, sizeText } from './sizes.ts'

/** Less than this rounds to nothing. */
const leastSeconds = 0.05

/** `cpu 3h20, 11 GB`: what a row has room for. Empty if nothing is known that is worth it. */
export function briefUsedText({ cpuSeconds = 0, peakBytes }: Use): string {
  return [
    ...(cpuSeconds < leastSeconds ? [] : [`cpu ${formatSeconds(cpuSeconds)}`]),
    ...(peakBytes === undefined ? [] : [sizeText(peakBytes)]),
  ].join(', ')
}

/** `3h20 of processor time, 11 GB of memory at most, read 12 GB, wrote 3.0 GB`; empty if nothing is known. */
export function usedText({ cpuSeconds, peakBytes, readBytes, writtenBytes }: Use): string {
  return [
    ...(cpuSeconds === undefined ? [] : [`${formatSeconds(cpuSeconds)} of processor time`]),
    ...(peakBytes === undefined ? [] : [`${sizeText(peakBytes)} of memory at most`]),
    ...(readBytes === undefined ? [] : [`read ${sizeText(readBytes)}`]),
    ...(writtenBytes === undefined ? [] : [`wrote ${sizeText(writtenBytes)}`]),
  ].join(', ')
}

/** Recordings change with the years: what was long ago says nothing of today's. */
const runsKept = 100

/** Peaks of memory of past attempts, by rule, the last ones of each. */
export function pastPeaks(records: readonly JournalRecord[]): ReadonlyMap<string, readonly number[]> {
  const peaks = new Map<string, number[]>()
  for (const record of records) {
    if (!('use' in record) || record.use?.peakBytes === undefined) continue
    const rule = record.job.split('/', 1)[0]!
    const past = peaks.get(rule) ?? []
    past.push(record.use.peakBytes)
    if (past.length > runsKept) past.shift()
    peaks.set(rule, past)
  }
  return peaks
}

/** What past peaks of a rule say of the slots that its jobs share. */
export interface MemoryAdvice {
  readonly text: string
  /** As many at once as its pools let run may need more memory than there is. */
  readonly isTooMuch: boolean
  readonly hint: string | undefined
}

/** Of fewer runs nothing follows. */
const leastRuns = 3

/**
 * `denoise has peaked at 11 GB in 40 runs; 64 GB would hold 5, ram has 2 slots`. Undefined where too little is known, or no
 * pool limits the rule. `slots`: of each pool.
 */
export function memoryAdvice(
  { name, pools }: Pick<Rule, 'name' | 'pools'>,
  peaks: readonly number[],
  slots: ReadonlyMap<string, number>,
  memoryBytes: number,
): MemoryAdvice | undefined {
  if (peaks.length < leastRuns) return undefined
  const [tightest] = [...pools]
    .map(([pool, needs]) => ({ pool, needs, slots: slots.get(pool) ?? 0 }))
    .toSorted((a, b) => a.slots / a.needs - b.slots / b.needs)
  if (tightest === undefined) return undefined
  const peak = Math.max(...peaks)
  const holds = Math.floor(memoryBytes / peak)
  const isTooMuch = Math.floor(tightest.slots / tightest.needs) > holds
  const each = tightest.needs === 1 ? '' : `, ${tightest.needs} for each`
  const has = `${tightest.pool} has ${plural(tightest.slots, 'slot')}${each}`
  return {
    text: `${name} has peaked at ${sizeText(peak)} in ${plural(peaks.length, 'run')}; ${sizeText(memoryBytes)} would hold ${holds}, ${has}`,
    isTooMuch,
    hint: isTooMuch ? hintText(name, tightest, holds) : undefined,
  }
}

function hintText(rule: string, { pool, needs }: { pool: string; needs: number }, holds: number): string {
  if (holds === 0) return `Not even one may fit: ${rule} needs a machine with more memory, or smaller pieces.`
  return `If all of them reach that at once, memory runs out: ${plural(holds * needs, 'slot')} in ${pool} would be safe.`
}
