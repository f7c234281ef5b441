// What is taken off each sample: the part common to the channels. Samples come in fixed point (fixedPoint.ts).
import { fixedBits, fixedOne, roundFixed, toInt16 } from './fixedPoint.ts'
import type { Judgement } from './judge.ts'
import { twiceMedian } from './median.ts'
import { regressionWeights } from './regression.ts'
import { weightedReference } from './weighted.ts'

export const methods = ['cmr', 'car', 'war', 'none'] as const

/**
 * cmr: subtract the median over the channels at each sample. car: the mean of the other channels. war: what a regression
 * on the other channels predicts. none: only the channel's own mean.
 */
export type Method = (typeof methods)[number]

/**
 * Takes the common part off `rows` rows of `fixed` (rows × channels) and writes them, rounded to the nearest (halves up,
 * as Math.round does) and held within int16, to `out`. Returns how many samples were clipped.
 */
export type Reference = (fixed: Int32Array, rows: number, out: Int16Array) => number

/** Channels that are not good give nothing to the reference. Dead ones stay as they are: they have no common part. */
export function makeReference(
  method: Method,
  judgements: readonly Judgement[],
  covariance: Float64Array | undefined,
): Reference {
  const channels = judgements.length
  const good = indexesOf(judgements, 'good')
  // One channel has nothing to be compared with: its own median is itself.
  if (method === 'none' || good.length < 2) return roundOnly(channels)
  if (method === 'cmr') return medianReference(judgements, good)
  if (method === 'car') return meanReference(judgements, good)
  return weightedReference(judgements, regressionWeights(covariance!, judgements))
}

function roundOnly(channels: number): Reference {
  return (fixed, rows, out) => {
    let clipped = 0
    for (let i = 0; i < rows * channels; i++) {
      const count = roundFixed(fixed[i]!)
      const held = toInt16(count)
      if (held !== count) clipped++
      out[i] = held
    }
    return clipped
  }
}

function medianReference(judgements: readonly Judgement[], good: Int32Array): Reference {
  const channels = judgements.length
  // Twice the median is taken off twice the sample, so that the mean of two middle ones needs no fraction more.
  // All bits for channels that have the common part, none for dead ones: `&` keeps the arithmetic in integers.
  const masks = Int32Array.from(judgements, (judgement) => (judgement === 'dead' ? 0 : -1))
  const allGood = good.length === channels
  const values = new Int32Array(good.length)
  const room = new Int32Array(2 * good.length)
  return (fixed, rows, out) => {
    let clipped = 0
    for (let i = 0; i < rows * channels; i += channels) {
      if (!allGood) for (let g = 0; g < good.length; g++) values[g] = fixed[i + good[g]!]!
      const common = allGood ? twiceMedian(fixed, i, channels, room) : twiceMedian(values, 0, good.length, room)
      for (let c = 0; c < channels; c++) {
        const count = ((fixed[i + c]! << 1) - (common & masks[c]!) + fixedOne) >> (fixedBits + 1)
        const held = toInt16(count)
        if (held !== count) clipped++
        out[i + c] = held
      }
    }
    return clipped
  }
}

function meanReference(judgements: readonly Judgement[], good: Int32Array): Reference {
  const channels = judgements.length
  const isGood = Int32Array.from(judgements, (judgement) => (judgement === 'good' ? 1 : 0))
  // The others of a good channel are one fewer than those of a noisy one. A dead one loses nothing.
  const shares = Float64Array.from(judgements, (judgement) => {
    return judgement === 'dead' ? 0 : 1 / (good.length - (judgement === 'good' ? 1 : 0))
  })
  return (fixed, rows, out) => {
    let clipped = 0
    for (let i = 0; i < rows * channels; i += channels) {
      let sum = 0
      for (let g = 0; g < good.length; g++) sum += fixed[i + good[g]!]!
      for (let c = 0; c < channels; c++) {
        const value = fixed[i + c]!
        const count = roundFixed(value - (sum - value * isGood[c]!) * shares[c]!)
        const held = toInt16(count)
        if (held !== count) clipped++
        out[i + c] = held
      }
    }
    return clipped
  }
}

function indexesOf(judgements: readonly Judgement[], wanted: Judgement): Int32Array {
  return Int32Array.from(judgements.flatMap((judgement, c) => (judgement === wanted ? [c] : [])))
}
