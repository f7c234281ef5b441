import { describe, expect, test } from 'vitest'
import { lastMade, learnFrom, pastDuration } from '../../src/core/estimates.ts'
import { noHistory } from '../../src/core/history.ts'
import type { MadeRecord } from '../../src/model/record.ts'

const made = (seconds: number, sourceBytes: number, targets: MadeRecord['targets'] = {}): MadeRecord => ({
  type: 'made',
  at: '2026-08-10T00:00:00.000Z',
  job: 'denoise/B1',
  target: 'kwd/B1',
  sources: {},
  uses: {},
  targets,
  recipe: 'd',
  params: {},
  attempt: 1,
  seconds,
  sourceBytes,
  log: 'l',
})
const past = (...runs: readonly [seconds: number, sourceBytes: number, targetBytes?: number][]) =>
  learnFrom(runs.map(([seconds, sourceBytes, targetBytes = 0]) => ({ seconds, sourceBytes, targetBytes })))!

describe('an estimate', () => {
  test('is not made without a past', () => {
    expect(learnFrom([])).toBeUndefined()
  })

  test('is the median and the range, by the size of the source', () => {
    const estimate = past([10, 100], [40, 200], [3000, 1000]).estimate(300)
    expect(estimate).toEqual({ seconds: 60, low: 36, high: 732, runs: 3 })
  })

  test('is the plain median where sizes are not known', () => {
    expect(past([10, 0], [20, 200]).estimate(300)).toEqual({ seconds: 15, low: 11, high: 19, runs: 2 })
    expect(past([10, 5]).estimate(0)).toEqual({ seconds: 10, low: 10, high: 10, runs: 1 })
    expect(past([10, 5]).estimate(undefined).seconds).toBe(10)
  })

  test('is the plain median where the size made no difference', () => {
    expect(past([10, 1], [11, 1000], [12, 50]).estimate(1_000_000).seconds).toBe(11)
  })

  test('of a job that was made before is what it took, by what its source has become', () => {
    const rule = past([10, 100], [20, 200], [30, 300])
    expect(rule.estimate(200, made(50, 100)).seconds).toBe(100)
    expect(rule.estimate(undefined, made(50, 100)).seconds).toBe(50)
    expect(past([10, 0], [20, 0]).estimate(200, made(50, 100)).seconds).toBe(50)
  })

  test('of a job that was made before has a range that holds it', () => {
    const rule = past([10, 0], [10, 0])
    expect(rule.estimate(0, made(50, 0))).toEqual({ seconds: 50, low: 10, high: 50, runs: 2 })
    expect(rule.estimate(0, made(5, 0))).toEqual({ seconds: 5, low: 5, high: 10, runs: 2 })
  })
})

test('targets grow with their sources as they did', () => {
  expect(past([1, 100, 10], [1, 100, 30], [1, 100, 20]).targetBytes(1000)).toBe(200)
  expect(past([1, 100, 0], [1, 0, 20]).targetBytes(1000)).toBeUndefined()
})

test('the bytes of targets are those of all their files; of a digest nothing is known', () => {
  const targets = { 'kwd/B1': '7 1', 'phy/B1': { 'a.npy': '10 1', 'b/c': '-> x 20 1' }, big: { '#digest': '2000 ab' } }
  expect(pastDuration(made(3, 5, targets))).toEqual({ seconds: 3, sourceBytes: 5, targetBytes: 37 })
})

test('what a person accepted took no time that tells anything', () => {
  expect(lastMade({ ...noHistory, current: made(3, 5) })?.seconds).toBe(3)
  const accepted = { ...made(3, 5), type: 'accepted', by: 'ana', edited: false } as const
  expect(lastMade({ ...noHistory, current: accepted })).toBeUndefined()
})
