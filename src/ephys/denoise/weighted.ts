// The product of a tile of samples with the weights of war: nearly all the time that war takes.
import { putCounts, roundFixed, tileRows } from './fixedPoint.ts'
import type { Judgement } from './judge.ts'
import type { Reference } from './reference.ts'
import {
  addDoubles,
  advance,
  type Code,
  compile,
  get,
  loadDoubleTwice,
  loadTwoAsDoubles,
  multiplyDoubles,
  repeatUntil,
  set,
  store,
  zeros,
} from './vectorCode.ts'

/** Outputs that are summed at once, for four rows each, in eight vectors: more would not stay in registers. */
const groupSize = 4

/** A column of samples, and one of sums. */
const columnBytes = tileRows * 4
const sumBytes = tileRows * 8

/** `weights` is channels × channels: each output is a row of it times the samples. Dead channels stay as they are. */
export function weightedReference(judgements: readonly Judgement[], weights: Float64Array): Reference {
  const channels = judgements.length
  const live = judgements.flatMap((judgement, c) => (judgement === 'dead' ? [] : [c]))
  const dead = judgements.flatMap((judgement, c) => (judgement === 'dead' ? [c] : []))
  const product = makeProduct(live.map((c) => Float64Array.from(live, (other) => weights[c * channels + other]!)))
  const counts = new Int32Array(tileRows)
  return (columns, rows, out) => {
    const put = (channel: number, fixed: Float64Array | Int32Array) => {
      roundAll(fixed, rows, counts)
      return putCounts(counts.subarray(0, rows), out, { channel, channels })
    }
    let clipped = 0
    for (const [l, c] of live.entries()) product.columns[l]!.set(columns[c]!)
    product.run(rows)
    for (const [l, c] of live.entries()) clipped += put(c, product.sums[l]!)
    for (const c of dead) clipped += put(c, columns[c]!)
    return clipped
  }
}

function roundAll(fixed: Float64Array | Int32Array, rows: number, counts: Int32Array): void {
  for (let r = 0; r < rows; r++) counts[r] = roundFixed(fixed[r]!)
}

/**
 * The product of columns with a square of weights, `rows` rows at a time. Each weight that is fetched serves four rows and
 * each sample four outputs; a sum adds up in the order of the columns, as it would one by one, to the same last bit.
 */
function makeProduct(weights: readonly Float64Array[]) {
  const inputs = weights.length
  const groups = Math.ceil(inputs / groupSize)
  const sumsAt = inputs * columnBytes
  const weightsAt = sumsAt + groups * groupSize * sumBytes
  const groupBytes = inputs * groupSize * 8
  const { run, memory } = compile(productCode(inputs), {
    args: 3,
    vectors: 3 + 2 * groupSize,
    bytes: weightsAt + groups * groupBytes,
  })
  // A group's weights side by side, column by column.
  const grouped = new Float64Array(memory, weightsAt, groups * groupSize * inputs)
  for (const [output, row] of weights.entries()) {
    const start = Math.floor(output / groupSize) * groupSize * inputs + (output % groupSize)
    for (const [j, weight] of row.entries()) grouped[start + j * groupSize] = weight
  }
  return {
    columns: weights.map((_, j) => new Int32Array(memory, j * columnBytes, tileRows)),
    sums: weights.map((_, output) => new Float64Array(memory, sumsAt + output * sumBytes, tileRows)),
    run: (rows: number) => {
      for (let g = 0; g < groups; g++) {
        run(rows * 4, weightsAt + g * groupBytes, sumsAt + g * groupSize * sumBytes)
      }
    },
  }
}

/** One group of outputs: f(end of the rows, in bytes of a column; where its weights are; where its sums go). */
function productCode(inputs: number): Code {
  const [end, weightsAt, sumsAt, at, weight, early, late] = [0, 1, 2, 3, 4, 5, 6]
  const outputs = Array.from({ length: groupSize }, (_, k) => ({ k, sumEarly: 7 + 2 * k, sumLate: 8 + 2 * k }))
  const addTo = (sum: number, samples: number) => [
    ...[...get(sum), ...get(weight), ...get(samples), ...multiplyDoubles, ...addDoubles],
    ...set(sum),
  ]
  const input = (j: number): Code => [
    ...[...get(at), ...loadTwoAsDoubles(j * columnBytes), ...set(early)],
    ...[...get(at), ...loadTwoAsDoubles(j * columnBytes + 8), ...set(late)],
    ...outputs.flatMap(({ k, sumEarly, sumLate }) => [
      ...[...get(weightsAt), ...loadDoubleTwice((j * groupSize + k) * 8), ...set(weight)],
      ...[...addTo(sumEarly, early), ...addTo(sumLate, late)],
    ]),
  ]
  return repeatUntil(at, end, [
    ...outputs.flatMap(({ sumEarly, sumLate }) => [...zeros, ...set(sumEarly), ...zeros, ...set(sumLate)]),
    ...Array.from({ length: inputs }, (_, j) => input(j)).flat(),
    ...outputs.flatMap(({ k, sumEarly, sumLate }) => [
      ...[...get(sumsAt), ...get(sumEarly), ...store(k * sumBytes)],
      ...[...get(sumsAt), ...get(sumLate), ...store(k * sumBytes + 16)],
    ]),
    ...[...advance(at, 16), ...advance(sumsAt, 32)],
  ])
}
