import { describe, expect, test } from 'vitest'
import {
  backoffMs,
  chooseJobs,
  compareRanks,
  expectedSeconds,
  type Queued,
  type Rank,
} from '../../src/core/schedule.ts'

const job = (id: string, pools: Readonly<Record<string, number>>, passedOver = 0): Queued => {
  return { id, pools: new Map(Object.entries(pools)), rank, passedOver }
}
const rank: Rank = { priority: 0, pathSeconds: 1, begun: false, place: 0, timed: false }
const free = (slots: Readonly<Record<string, number>>) => new Map(Object.entries(slots))

describe('choosing', () => {
  test('as many start as there are slots, in order', () => {
    const queue = ['a', 'b', 'c'].map((id) => job(id, { cpu: 1 }))
    expect(chooseJobs(queue, free({ cpu: 2 }))).toEqual({ start: ['a', 'b'], passedOver: [] })
  })

  test('a job takes from all its pools or from none', () => {
    const queue = [job('both', { ram: 1, gpu: 1 }), job('small', { gpu: 1 })]
    expect(chooseJobs(queue, free({ ram: 0, gpu: 1 })).start).toEqual(['small'])
  })

  test('a job that does not fit is passed by those that do', () => {
    const queue = [job('wide', { cpu: 4 }), job('narrow', { cpu: 1 })]
    expect(chooseJobs(queue, free({ cpu: 3 }))).toEqual({ start: ['narrow'], passedOver: ['wide'] })
  })

  test('a job that was passed over eight times keeps the slots for itself', () => {
    const queue = [job('wide', { cpu: 4 }, 8), job('narrow', { cpu: 1 })]
    expect(chooseJobs(queue, free({ cpu: 3 })).start).toEqual([])
  })

  test('what takes none of its slots starts all the same', () => {
    const queue = [job('wide', { cpu: 4 }, 8), job('other', { gpu: 1 })]
    expect(chooseJobs(queue, free({ cpu: 3, gpu: 1 })).start).toEqual(['other'])
  })

  test('whoever waits for ram is not passed over by what takes cpu', () => {
    const queue = [job('big', { ram: 1, cpu: 1 }), job('sort', { cpu: 1 })]
    expect(chooseJobs(queue, free({ ram: 0, cpu: 2 }))).toEqual({ start: ['sort'], passedOver: [] })
  })

  test('a pool that was shrunk below what is in use starts nothing, and breaks nothing', () => {
    expect(chooseJobs([job('a', { cpu: 1 })], free({ cpu: -2 })).start).toEqual([])
  })
})

describe('order', () => {
  const compare = (a: Partial<Rank>, b: Partial<Rank>) => compareRanks({ ...rank, ...a }, { ...rank, ...b })

  test('priority comes first', () => {
    expect(compare({ priority: 1 }, { pathSeconds: 99, begun: true })).toBeLessThan(0)
  })

  test('with known durations the longer path goes first, then a batch that was begun', () => {
    expect(compare({ timed: true, pathSeconds: 9 }, { timed: true, pathSeconds: 5, begun: true })).toBeLessThan(0)
    expect(compare({ timed: true, begun: true }, { timed: true })).toBeLessThan(0)
  })

  test('without durations a batch that was begun goes first, then the longer path', () => {
    expect(compare({ begun: true }, { pathSeconds: 9 })).toBeLessThan(0)
    expect(compare({ pathSeconds: 9 }, { pathSeconds: 5 })).toBeLessThan(0)
  })

  test('then the place in the plan', () => {
    expect(compare({ place: 1 }, { place: 2 })).toBeLessThan(0)
  })
})

describe('expected durations', () => {
  test('there is none without a past', () => {
    expect(expectedSeconds(undefined, 100)).toBeUndefined()
    expect(expectedSeconds([], 100)).toBeUndefined()
  })

  test('the median, scaled to the size of the source', () => {
    const past = [
      { seconds: 10, sourceBytes: 100 },
      { seconds: 40, sourceBytes: 200 },
      { seconds: 3000, sourceBytes: 1000 },
    ]
    expect(expectedSeconds(past, 300)).toBe(60)
  })

  test('the plain median where a size is not known', () => {
    const past = [
      { seconds: 10, sourceBytes: 0 },
      { seconds: 20, sourceBytes: 200 },
    ]
    expect(expectedSeconds(past, 300)).toBe(15)
    expect(expectedSeconds([{ seconds: 10, sourceBytes: 5 }], 0)).toBe(10)
  })
})

test('the wait before a retry doubles, up to an hour, within a quarter', () => {
  expect([2, 3, 4].map((next) => backoffMs(10_000, next, 0.5))).toEqual([10_000, 20_000, 40_000])
  expect(backoffMs(10_000, 60, 0.5)).toBe(3_600_000)
  expect([0, 0.999999].map((random) => Math.round(backoffMs(10_000, 2, random)))).toEqual([7500, 12_500])
})
