// The value of one count in the target.
import type { Batch } from '../mat/batch.ts'
import type { Judgement } from './judge.ts'
import { medianOf } from './median.ts'
import type { Survey } from './survey.ts'

/** Counts that the noise's standard deviation has at least: rounding then adds under a thousandth to its power. */
const leastNoiseCounts = 16

/** Counts that the largest sample has; a little below 32,767, for what the reference may add. */
const mostCounts = 30_000

/**
 * The recorder's own count where all channels have the same; 1 where values are whole numbers that fit. Else the largest
 * value fills int16, but never so that the noise has fewer than 16 counts: rare artifacts are clipped then, and told.
 */
export function targetScale(batch: Batch, survey: Survey, judgements: readonly Judgement[]): number {
  const gains = batch.files.flatMap(({ scalings, channels }) =>
    scalings.map(({ gain }, c) => (channels[c]!.counts ? Math.abs(gain) : Number.NaN)),
  )
  if (gains.every((gain) => gain === gains[0])) return gains[0]!
  const reach = survey.means.map((mean, c) => Math.max(survey.maxima[c]! - mean, mean - survey.minima[c]!))
  if (survey.areWhole && gains.every(Number.isNaN) && Math.max(...reach) <= 32_767) return 1
  const live = [...judgements.keys()].filter((c) => judgements[c] !== 'dead')
  const largest = Math.max(...live.map((c) => reach[c]!))
  const noise = medianOf(live.map((c) => medianOf(survey.probes[c]!.map(Math.abs))))
  const scale = Math.min(largest / mostCounts, noise > 0 ? noise / leastNoiseCounts : Number.POSITIVE_INFINITY)
  return scale > 0 && Number.isFinite(scale) ? scale : 1
}
