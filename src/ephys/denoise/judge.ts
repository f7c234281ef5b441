// Which channels are dead or very noisy, and so no part of the common reference.
import { medianOf } from './median.ts'

/** A live channel has noise; one that has less than this of the others' is not connected. */
const deadBelow = 0.1

/** As SpikeInterface's detect_bad_channels (method 'mad', std_mad_threshold 5): far above what electrodes differ by. */
const noisyAbove = 5

/** The median of absolute values of normal noise is this much of its standard deviation. */
const madOfNormal = 0.6745

export type Judgement = 'good' | 'dead' | 'noisy'

/**
 * Judges each channel by pairs of neighbouring samples spread over the recording (`probes`: for each channel, pairs one
 * after the other, less its mean), robustly, so that neither spikes nor artifacts count:
 *
 * - dead: flat, or the steps from sample to sample are below a tenth of the median channel's;
 * - noisy: after the median over the live channels is taken off, the values or the steps are more than five times the
 *   median channel's. It is taken off first because hum common to all hides what one channel adds.
 */
export function judgeChannels(probes: readonly Float64Array[]): Judgement[] {
  const steps = probes.map((values) => spread(stepsOf(values)))
  const usual = medianOf(steps.filter((step) => step > 0))
  const isDead = steps.map((step) => step === 0 || step < deadBelow * usual)
  const residuals = subtractMedian(probes, isDead)
  const values = residuals.map(spread)
  const jumps = residuals.map((residual) => spread(stepsOf(residual)))
  const isLive = (_: number, c: number) => !isDead[c]
  const usualValue = medianOf(values.filter(isLive))
  const usualJump = medianOf(jumps.filter(isLive))
  return isDead.map((dead, c) => {
    if (dead) return 'dead'
    return values[c]! > noisyAbove * usualValue || jumps[c]! > noisyAbove * usualJump ? 'noisy' : 'good'
  })
}

function stepsOf(pairs: Float64Array): Float64Array {
  return Float64Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i + 1]! - pairs[2 * i]!)
}

function subtractMedian(probes: readonly Float64Array[], isDead: readonly boolean[]): Float64Array[] {
  const live = probes.filter((_, c) => !isDead[c])
  const row = new Float64Array(live.length)
  const medians = Float64Array.from({ length: probes[0]?.length ?? 0 }, (_, i) => {
    for (const [l, values] of live.entries()) row[l] = values[i]!
    return medianOf(row)
  })
  return probes.map((values) => values.map((value, i) => value - medians[i]!))
}

/** The standard deviation of normal noise, from the median of absolute values; from all values where most are nought. */
function spread(values: Float64Array): number {
  const robust = medianOf(values.map(Math.abs)) / madOfNormal
  if (robust > 0) return robust
  return values.length === 0 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}
