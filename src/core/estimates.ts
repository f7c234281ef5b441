import type { Estimate } from '../model/board.ts'
import type { PastDuration } from '../model/ports.ts'
import type { MadeRecord, TargetHistory } from '../model/record.ts'
import type { Stamp } from '../model/stamp.ts'
import { readFileStamp } from './stamp.ts'

/** What past attempts of a rule tell of the next one. */
export interface RulePast {
  readonly runs: number
  /** Median of all, whatever their sources were. */
  readonly medianSeconds: number
  /** `sourceBytes`: undefined where they are not known. `last`: the last attempt of the very same job, which tells most. */
  estimate(sourceBytes: number | undefined, last?: MadeRecord): Estimate
  /** What may come of so many bytes; undefined where that is not known. */
  targetBytes(sourceBytes: number): number | undefined
}

/** Undefined for a rule that never made anything. */
export function learnFrom(past: readonly PastDuration[]): RulePast | undefined {
  if (past.length === 0) return undefined
  const seconds = rangeOf(past.map((one) => one.seconds))
  const isSized = past.every(({ sourceBytes }) => sourceBytes > 0)
  const perByte = rangeOf(isSized ? past.map((one) => one.seconds / one.sourceBytes) : [])
  // Some recipes take long for large sources, others always take the same: whichever explains the past better.
  const isBySize = isSized && perByte.high * seconds.low <= seconds.high * perByte.low
  const grew = past.filter(({ sourceBytes, targetBytes }) => sourceBytes > 0 && targetBytes > 0)
  const growth = rangeOf(grew.map(({ sourceBytes, targetBytes }) => targetBytes / sourceBytes)).median
  return {
    runs: past.length,
    medianSeconds: seconds.median,
    estimate(sourceBytes, last) {
      const bytes = isBySize ? (sourceBytes ?? 0) : 0
      const { low, median, high } = bytes > 0 ? perByte : seconds
      const times = bytes > 0 ? bytes : 1
      const usual = { seconds: median * times, low: low * times, high: high * times, runs: past.length }
      if (last === undefined) return usual
      const own = last.seconds * (bytes > 0 && last.sourceBytes > 0 ? bytes / last.sourceBytes : 1)
      return { ...usual, seconds: own, low: Math.min(usual.low, own), high: Math.max(usual.high, own) }
    },
    targetBytes: (sourceBytes) => (grew.length === 0 ? undefined : sourceBytes * growth),
  }
}

/** The last attempt that made a target, if it was labmake's. */
export function lastMade({ current }: TargetHistory): MadeRecord | undefined {
  return current?.type === 'made' ? current : undefined
}

/** What a record adds to what is known of its rule. */
export function pastDuration({ seconds, sourceBytes, targets }: MadeRecord): PastDuration {
  const targetBytes = Object.values(targets).reduce((sum, stamp) => sum + bytesOf(stamp), 0)
  return { seconds, sourceBytes, targetBytes }
}

/** Of very large folders only a digest is kept. */
function bytesOf(stamp: Stamp): number {
  if (typeof stamp === 'string') return readFileStamp(stamp).sizeBytes
  if ('#digest' in stamp) return 0
  return Object.values(stamp).reduce((sum, file) => sum + readFileStamp(file).sizeBytes, 0)
}

interface Range {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** 10 %, 50 % and 90 %; 0 of nothing. */
function rangeOf(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b)
  return { low: quantile(sorted, 0.1), median: quantile(sorted, 0.5), high: quantile(sorted, 0.9) }
}

/** Of sorted values, with linear interpolation between the two nearest. */
function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return 0
  const at = q * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  return below + (sorted[Math.ceil(at)]! - below) * (at % 1)
}
