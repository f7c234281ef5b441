// The product of a tile of samples with the weights of war: nearly all the time that war takes.
import { roundFixed, toInt16 } from './fixedPoint.ts'
import type { Judgement } from './judge.ts'
import type { Reference } from './reference.ts'

/** Rows at once: with their sums, those of 32 channels stay in the processor's second memory. */
const tileRows = 128

/** Sums that are made at once, each from the same samples: more would not stay in the processor's registers. */
const groupSize = 4

/**
 * `weights` is channels × channels: each output is a row of it times the samples. Good channels have weights for good
 * ones alone (regression.ts), so the others are no part of the blocked product.
 */
export function weightedReference(judgements: readonly Judgement[], weights: Float64Array): Reference {
  const channels = judgements.length
  const good = Int32Array.from(judgements.flatMap((judgement, c) => (judgement === 'good' ? [c] : [])))
  const noisy = judgements.flatMap((judgement, c) => (judgement === 'noisy' ? [c] : []))
  const dead = judgements.flatMap((judgement, c) => (judgement === 'dead' ? [c] : []))
  const ownWeights = judgements.map((_, c) => weights.subarray(c * channels, (c + 1) * channels))
  const groups = groupWeights(good, weights, channels)
  const width = groups.length / good.length
  // One row more than a tile has: rows are taken in pairs.
  const samples = new Float64Array((tileRows + 1) * good.length)
  const sums = new Float64Array((tileRows + 1) * width)
  return (fixed, rows, out) => {
    let clipped = 0
    for (let from = 0; from < rows; from += tileRows) {
      const to = Math.min(rows, from + tileRows)
      gather(fixed.subarray(from * channels, to * channels), good, channels, samples)
      multiply(samples, groups, sums, { rows: to - from, inputs: good.length, width })
      for (let r = from, at = 0; r < to; r++, at += width) {
        for (let g = 0; g < good.length; g++) clipped += putCount(out, r * channels + good[g]!, sums[at + g]!)
        for (const c of dead) clipped += putCount(out, r * channels + c, fixed[r * channels + c]!)
        for (const c of noisy) clipped += putCount(out, r * channels + c, weigh(fixed, r * channels, ownWeights[c]!))
      }
    }
    return clipped
  }
}

/** Puts the nearest count at a place of `out`. Returns 1 where it was clipped, else 0. */
function putCount(out: Int16Array, at: number, fixed: number): number {
  const count = roundFixed(fixed)
  const held = toInt16(count)
  out[at] = held
  return held === count ? 0 : 1
}

/** For each group of outputs, good channel by good channel, the weights of the group's outputs side by side. */
function groupWeights(good: Int32Array, weights: Float64Array, channels: number): Float64Array {
  const groups = Math.ceil(good.length / groupSize)
  const grouped = new Float64Array(groups * groupSize * good.length)
  for (const [g, c] of good.entries()) {
    const start = Math.floor(g / groupSize) * groupSize * good.length + (g % groupSize)
    for (const [j, other] of good.entries()) grouped[start + j * groupSize] = weights[c * channels + other]!
  }
  return grouped
}

type Sizes = { readonly rows: number; readonly inputs: number; readonly width: number }

/**
 * `sums` (rows × width) = `samples` (rows × inputs) times the grouped weights. Each weight that is fetched serves two rows
 * and each sample four outputs, which is 2.5 times as fast as one sum after the other; each sum still adds up in the
 * order of the channels, so that it is the same to the last bit.
 */
function multiply(samples: Float64Array, groups: Float64Array, sums: Float64Array, sizes: Sizes): void {
  const { rows, inputs, width } = sizes
  for (let q = 0; q < width; q += groupSize) {
    for (let r = 0; r < rows; r += 2) {
      let a0 = 0
      let a1 = 0
      let a2 = 0
      let a3 = 0
      let b0 = 0
      let b1 = 0
      let b2 = 0
      let b3 = 0
      const end = (r + 1) * inputs
      for (let i = r * inputs, w = q * inputs; i < end; i++, w += groupSize) {
        const a = samples[i]!
        const b = samples[i + inputs]!
        const w0 = groups[w]!
        const w1 = groups[w + 1]!
        const w2 = groups[w + 2]!
        const w3 = groups[w + 3]!
        a0 += w0 * a
        a1 += w1 * a
        a2 += w2 * a
        a3 += w3 * a
        b0 += w0 * b
        b1 += w1 * b
        b2 += w2 * b
        b3 += w3 * b
      }
      const at = r * width + q
      sums[at] = a0
      sums[at + 1] = a1
      sums[at + 2] = a2
      sums[at + 3] = a3
      sums[at + width] = b0
      sums[at + width + 1] = b1
      sums[at + width + 2] = b2
      sums[at + width + 3] = b3
    }
  }
}

/** The samples of the good channels alone, row by row. */
function gather(fixed: Int32Array, good: Int32Array, channels: number, samples: Float64Array): void {
  for (let row = 0, at = 0; row < fixed.length; row += channels) {
    for (let g = 0; g < good.length; g++, at++) samples[at] = fixed[row + good[g]!]!
  }
}

function weigh(fixed: Int32Array, at: number, weights: Float64Array): number {
  let sum = 0
  for (let j = 0; j < weights.length; j++) sum += weights[j]! * fixed[at + j]!
  return sum
}
