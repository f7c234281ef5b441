// What is taken off each sample: the part common to the channels. Samples come in fixed point (fixedPoint.ts), in tiles.
import { fixedBits, fixedOne, gatherRows, putCounts, roundFixed, tileRows } from './fixedPoint.ts'
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
 * Takes the common part off the first `rows` rows of a tile, given as columns of `tileRows`, one for each channel, and
 * writes them, rounded to the nearest (halves up, as Math.round does) and held within int16, to `out` (rows × channels).
 * Returns how many samples were clipped.
 */
export type Reference = (columns: readonly Int32Array[], rows: number, out: Int16Array) => number

/** Channels that are not good give nothing to the reference. Dead ones stay as they are: they have no common part. */
export function makeReference(
  method: Method,
  judgements: readonly Judgement[],
  covariance: Float64Array | undefined,
): Reference {
  const good = judgements.flatMap((judgement, c) => (judgement === 'good' ? [c] : []))
  // One channel has nothing to be compared with: its own median is itself.
  if (method === 'none' || good.length < 2) return roundOnly
  if (method === 'cmr') return medianReference(judgements, good)
  if (method === 'car') return meanReference(judgements, good)
  return weightedReference(judgements, regressionWeights(covariance!, judgements))
}

const roundOnly: Reference = (columns, rows, out) => {
  let clipped = 0
  const counts = new Int32Array(rows)
  for (const [c, column] of columns.entries()) {
    for (let r = 0; r < rows; r++) counts[r] = roundFixed(column[r]!)
    clipped += putCounts(counts, out, { channel: c, channels: columns.length })
  }
  return clipped
}

function medianReference(judgements: readonly Judgement[], good: readonly number[]): Reference {
  const channels = judgements.length
  // Twice the median is taken off twice the sample, so that the mean of two middle ones needs no fraction more.
  // All bits for channels that have the common part, none for dead ones: `&` keeps the arithmetic in integers.
  const masks = Int32Array.from(judgements, (judgement) => (judgement === 'dead' ? 0 : -1))
  const values = new Int32Array(tileRows * good.length)
  const room = new Int32Array(2 * good.length)
  const common = new Int32Array(tileRows)
  const counts = new Int32Array(tileRows)
  return (columns, rows, out) => {
    gatherRows(columns, { channels: good, rows }, values)
    for (let r = 0; r < rows; r++) common[r] = twiceMedian(values, r * good.length, good.length, room)
    let clipped = 0
    for (let c = 0; c < channels; c++) {
      const column = columns[c]!
      const mask = masks[c]!
      for (let r = 0; r < rows; r++) {
        counts[r] = ((column[r]! << 1) - (common[r]! & mask) + fixedOne) >> (fixedBits + 1)
      }
      clipped += putCounts(counts.subarray(0, rows), out, { channel: c, channels })
    }
    return clipped
  }
}

function meanReference(judgements: readonly Judgement[], good: readonly number[]): Reference {
  const channels = judgements.length
  const isGood = Int32Array.from(judgements, (judgement) => (judgement === 'good' ? 1 : 0))
  // The others of a good channel are one fewer than those of a noisy one. A dead one loses nothing.
  const shares = Float64Array.from(judgements, (judgement) => {
    return judgement === 'dead' ? 0 : 1 / (good.length - (judgement === 'good' ? 1 : 0))
  })
  const sums = new Float64Array(tileRows)
  const counts = new Int32Array(tileRows)
  return (columns, rows, out) => {
    sums.fill(0)
    for (const c of good) {
      const column = columns[c]!
      for (let r = 0; r < rows; r++) sums[r]! += column[r]!
    }
    let clipped = 0
    for (let c = 0; c < channels; c++) {
      const column = columns[c]!
      for (let r = 0; r < rows; r++) {
        const value = column[r]!
        counts[r] = roundFixed(value - (sums[r]! - value * isGood[c]!) * shares[c]!)
      }
      clipped += putCounts(counts.subarray(0, rows), out, { channel: c, channels })
    }
    return clipped
  }
}
