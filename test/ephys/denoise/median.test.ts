import { expect, test } from 'vitest'
import { makeTwiceMedians, medianOf } from '../../../src/ephys/denoise/median.ts'

/** Numbers that are the same in every run. */
function numbers(seed: number, count: number, range: number): Int32Array {
  let state = seed
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >> (32 - range)
  })
}

// Few bits make many equal numbers.
test.each([1, 4, 29])('twice the median is the sum of the two middle ones, of numbers of %i bits', (bits) => {
  for (const count of [2, 3, 4, 5, 7, 8, 15, 16, 30, 31, 32, 33, 64, 100]) {
    const rows = 101
    const medians = makeTwiceMedians(count, 104)
    const columns = medians.columns.map((column, c) => {
      column.set(numbers(c * 7919 + count, rows, bits))
      return column.slice()
    })
    const expected = Array.from({ length: rows }, (_, r) => {
      const sorted = Int32Array.from(columns, (column) => column[r]!).sort()
      return sorted[(count - 1) >> 1]! + sorted[count >> 1]!
    })
    expect([...medians.run(rows).subarray(0, rows)], `${count} columns`).toEqual(expected)
  }
})

test('of a few numbers, the middle one, or between the two middle ones', () => {
  expect(medianOf([4, 1, 3, 2])).toBe(2.5)
  expect(medianOf([5])).toBe(5)
})
