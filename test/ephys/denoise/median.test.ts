import fc from 'fast-check'
import { expect, test } from 'vitest'
import { medianOf, twiceMedian } from '../../../src/ephys/denoise/median.ts'

const limit = 65_535 * 4096

test('the median without sorting is the median by sorting, ties and outliers included', () => {
  const values = fc.oneof(fc.integer({ min: -limit, max: limit }), fc.integer({ min: -2, max: 2 }), fc.constant(limit))
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 70 }), (numbers) => {
      const room = new Int32Array(2 * numbers.length)
      expect(twiceMedian(Int32Array.from(numbers), 0, numbers.length, room)).toBe(2 * medianOf(numbers))
    }),
    { numRuns: 2000 },
  )
})

test('only the values asked for count, and they stay in place', () => {
  const values = Int32Array.of(1000, 3, 1, 2, -1000)
  expect(twiceMedian(values, 1, 3, new Int32Array(6))).toBe(4)
  expect(values).toEqual(Int32Array.of(1000, 3, 1, 2, -1000))
})

test('of an even number the two middle ones are taken', () => {
  expect(medianOf([4, 1, 3, 2])).toBe(2.5)
  expect(medianOf([5])).toBe(5)
})
