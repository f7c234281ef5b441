// The product of a tile of samples with the weights of war: nearly all the time that war takes.
import { gatherRows, putCounts, roundFixed, tileRows } from './fixedPoint.ts'
import type { Judgement } from './judge.ts'
import type { Reference } from './reference.ts'

/** Outputs that are summed at once, each from the same samples: more would not stay in the processor's registers. */
const groupSize = 4

/** `weights` is channels × channels: each output is a row of it times the samples. Dead channels stay as they are. */
export function weightedReference(judgements: readonly Judgement[], weights: Float64Array): Reference {
  const channels = judgements.length
  const live = judgements.flatMap((judgement, c) => (judgement === 'dead' ? [] : [c]))
  const dead = judgements.flatMap((judgement, c) => (judgement === 'dead' ? [c] : []))
  const groups = groupOutputs(live.map((c) => Float64Array.from(live, (other) => weights[c * channels + other]!)))
  const sums = groups.flatMap((group) => group.sums)
  const samples = new Float64Array(tileRows * live.length)
  const counts = new Int32Array(tileRows)
  return (columns, rows, out) => {
    const put = (channel: number, fixed: Float64Array | Int32Array) => {
      roundAll(fixed, rows, counts)
      return putCounts(counts.subarray(0, rows), out, { channel, channels })
    }
    let clipped = 0
    gatherRows(columns, { channels: live, rows }, samples)
    for (const group of groups) multiply(samples, group, rows)
    for (const [l, c] of live.entries()) clipped += put(c, sums[l]!)
    for (const c of dead) clipped += put(c, columns[c]!)
    return clipped
  }
}

function roundAll(fixed: Float64Array | Int32Array, rows: number, counts: Int32Array): void {
  for (let r = 0; r < rows; r++) counts[r] = roundFixed(fixed[r]!)
}

/** Four outputs; of the last group, some may be of no channel. */
type Group = {
  /** Input by input, the weights of the group's outputs side by side. */
  readonly weights: Float64Array
  /** A tile's rows of each output. */
  readonly sums: readonly Float64Array[]
}

/** `weights` has a row for each output, and in it a weight for each input. */
function groupOutputs(weights: readonly Float64Array[]): Group[] {
  const inputs = weights.length
  const groups = Array.from({ length: Math.ceil(weights.length / groupSize) }, () => ({
    weights: new Float64Array(inputs * groupSize),
    sums: Array.from({ length: groupSize }, () => new Float64Array(tileRows)),
  }))
  for (const [output, row] of weights.entries()) {
    const group = groups[Math.floor(output / groupSize)]!
    for (const [j, weight] of row.entries()) group.weights[j * groupSize + (output % groupSize)] = weight
  }
  return groups
}

/**
 * Sums up `samples` (rows × inputs) times a group's weights. Each weight that is fetched serves two rows and each sample
 * four outputs, which is 2.5 times as fast as one sum after the other; each sum still adds up in the order of the
 * channels, so that it is the same to the last bit. A tile's rows are even: where `rows` is odd, the sums after it are of
 * what an earlier tile left.
 */
function multiply(samples: Float64Array, { weights, sums }: Group, rows: number): void {
  const inputs = weights.length / groupSize
  const [sums0, sums1, sums2, sums3] = sums as readonly [Float64Array, Float64Array, Float64Array, Float64Array]
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
    for (let i = r * inputs, w = 0; i < end; i++, w += groupSize) {
      const a = samples[i]!
      const b = samples[i + inputs]!
      const w0 = weights[w]!
      const w1 = weights[w + 1]!
      const w2 = weights[w + 2]!
      const w3 = weights[w + 3]!
      a0 += w0 * a
      a1 += w1 * a
      a2 += w2 * a
      a3 += w3 * a
      b0 += w0 * b
      b1 += w1 * b
      b2 += w2 * b
      b3 += w3 * b
    }
    sums0[r] = a0
    sums1[r] = a1
    sums2[r] = a2
    sums3[r] = a3
    sums0[r + 1] = b0
    sums1[r + 1] = b1
    sums2[r + 1] = b2
    sums3[r + 1] = b3
  }
}
