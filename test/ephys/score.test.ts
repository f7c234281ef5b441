import { expect, test } from 'vitest'
import { agreementOf, assign, countMatches, score } from './score.ts'

test('spikes match up to 0.4 ms apart and no further', () => {
  expect(countMatches([100, 200, 300], [108, 209, 292], 8)).toBe(2)
})

test('a spike is counted in one pair only', () => {
  expect(countMatches([100], [98, 102], 8)).toBe(1)
})

test('agreement is the matches over the spikes of either train', () => {
  expect(agreementOf([100, 200, 300], [100, 200, 900], 8)).toBe(0.5)
  expect(agreementOf([], [], 8)).toBe(0)
})

test('the assignment takes the least sum, not the best first pair', () => {
  // Row 0 alone would take column 0; then row 1 would be left with the dearest.
  const costs = [
    [0.1, 0.2],
    [0.1, 0.9],
  ]
  expect(assign(costs)).toEqual([1, 0])
})

test('a row without a column is left over', () => {
  expect(assign([[0.9], [0.1], [0.5]])).toEqual([undefined, 0, undefined])
  expect(assign([[], []])).toEqual([undefined, undefined])
})

test('a unit found twice counts once, and its second cluster is spurious', () => {
  const train = Array.from({ length: 100 }, (_, spike) => spike * 1000)
  const result = score([train], [train, train.slice(0, 30)], 20_000)
  expect(result).toEqual({ agreements: [1], meanAgreement: 1, wellDetected: 1, spurious: 1 })
})

test('a cluster that agrees by less than a half is no partner', () => {
  const train = Array.from({ length: 100 }, (_, spike) => spike * 1000)
  const result = score([train], [train.slice(0, 40)], 20_000)
  expect(result).toEqual({ agreements: [0], meanAgreement: 0, wellDetected: 0, spurious: 1 })
})
