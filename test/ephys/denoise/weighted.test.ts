import { expect, test } from 'vitest'
import { fixedOne, roundFixed, tileRows } from '../../../src/ephys/denoise/fixedPoint.ts'
import type { Judgement } from '../../../src/ephys/denoise/judge.ts'
import { weightedReference } from '../../../src/ephys/denoise/weighted.ts'

/** Numbers from -1 to 1 that are the same in every run. */
function numbers(seed: number, length: number): Float64Array {
  let state = seed
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state / 2 ** 31
  })
}

// Four outputs are summed at once, for two rows each: neither number need be even.
test.each([
  [1, tileRows],
  [4, tileRows - 1],
  [5, 1],
  [9, 2],
  [32, tileRows],
])('the product of %i channels and %i rows is that of one sum after the other; dead channels stay', (live, rows) => {
  const judgements: Judgement[] = ['dead', ...new Array<Judgement>(live).fill('good')]
  const channels = judgements.length
  const weights = numbers(7, channels * channels)
  const columns = judgements.map((_, c) =>
    Int32Array.from(numbers(c + 1, tileRows), (value) => value * 3000 * fixedOne),
  )
  const reference = weightedReference(judgements, weights)
  // An earlier, full tile must leave no trace.
  reference(columns.toReversed(), tileRows, new Int16Array(tileRows * channels))
  const out = new Int16Array(rows * channels)
  const clipped = reference(columns, rows, out)

  const sumOf = (c: number, r: number) => {
    let sum = 0
    for (let j = 1; j < channels; j++) sum += weights[c * channels + j]! * columns[j]![r]!
    return sum
  }
  const counts = Array.from({ length: rows * channels }, (_, i) => {
    const [r, c] = [Math.floor(i / channels), i % channels]
    return roundFixed(c === 0 ? columns[0]![r]! : sumOf(c, r))
  })
  const held = counts.map((count) => Math.max(-32_768, Math.min(32_767, count)))
  expect([...out]).toEqual(held)
  expect(clipped).toBe(counts.filter((count, i) => count !== held[i]).length)
})
