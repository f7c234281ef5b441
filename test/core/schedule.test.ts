import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoffMs, chooseJobs, compareQueued, compareRanks, type Queued } from '../../src/core/schedule.ts'
import type { Rank } from '../../src/model/board.ts'

const rank: Rank = { say: 0, priority: 0, order: 0 }
const job = (id: string, pools: Readonly<Record<string, number>>, passedOver = 0): Queued => {
  return { id, batch: undefined, pools: new Map(Object.entries(pools)), rank, passedOver }
}
const map = (slots: Readonly<Record<string, number>>) => new Map(Object.entries(slots))
/** `slots`: all that the pools have, where that is more than what is free. */
const choose = (
  queue: readonly Queued[],
  free: Readonly<Record<string, number>>,
  slots: Readonly<Record<string, number>> = { cpu: 8, ram: 2, gpu: 1 },
) => {
  const { start, passedOver } = chooseJobs(queue, map(free), map(slots))
  return { start: start.map(({ id }) => id), passedOver: passedOver.map(({ id }) => id) }
}

describe('choosing', () => {
  test('as many start as there are slots, in order', () => {
    const queue = ['a', 'b', 'c'].map((id) => job(id, { cpu: 1 }))
    expect(choose(queue, { cpu: 2 })).toEqual({ start: ['a', 'b'], passedOver: [] })
  })

  test('a job takes from all its pools or from none', () => {
    const queue = [job('both', { ram: 1, gpu: 1 }), job('small', { gpu: 1 })]
    expect(choose(queue, { ram: 0, gpu: 1 }).start).toEqual(['small'])
  })

  test('jobs that share what they need are counted one by one', () => {
    const pools = map({ cpu: 3 })
    const queue = ['a', 'b', 'c'].map((id) => ({ ...job(id, {}), pools }))
    expect(choose(queue, { cpu: 7 }).start).toEqual(['a', 'b'])
  })

  test('a job that does not fit is passed by those that do', () => {
    const queue = [job('wide', { cpu: 4 }), job('narrow', { cpu: 1 })]
    expect(choose(queue, { cpu: 3 })).toEqual({ start: ['narrow'], passedOver: ['wide'] })
  })

  test('a job that was passed over eight times keeps the slots for itself', () => {
    const queue = (times: number) => [job('wide', { cpu: 4 }, times), job('narrow', { cpu: 1 })]
    expect(choose(queue(7), { cpu: 3 }).start).toEqual(['narrow'])
    expect(choose(queue(8), { cpu: 3 })).toEqual({ start: [], passedOver: [] })
  })

  test('what takes none of its slots starts all the same', () => {
    const queue = [job('wide', { cpu: 4 }, 8), job('other', { gpu: 1 })]
    expect(choose(queue, { cpu: 3, gpu: 1 }).start).toEqual(['other'])
  })

  test('a job that needs more than the pool has now keeps nobody waiting, however often it was passed over', () => {
    const queue = [job('wide', { cpu: 4 }, 99), job('narrow', { cpu: 1 })]
    expect(choose(queue, { cpu: 3 }, { cpu: 3 })).toEqual({ start: ['narrow'], passedOver: ['wide'] })
  })

  test('nor does one that needs a pool that is paused', () => {
    const queue = [job('both', { ram: 1, cpu: 2 }, 99), job('narrow', { cpu: 1 })]
    expect(choose(queue, { ram: 0, cpu: 1 }, { ram: 0, cpu: 2 }).start).toEqual(['narrow'])
  })

  test('whoever waits for ram is not passed over by what takes cpu', () => {
    const queue = [job('big', { ram: 1, cpu: 1 }), job('sort', { cpu: 1 })]
    expect(choose(queue, { ram: 0, cpu: 2 })).toEqual({ start: ['sort'], passedOver: [] })
  })

  test('a pool that was shrunk below what is in use starts nothing, and breaks nothing', () => {
    expect(choose([job('a', { cpu: 1 })], { cpu: -2 }).start).toEqual([])
  })

  test('a pool that nobody declares has no slots', () => {
    expect(choose([job('a', { tape: 1 })], { cpu: 1 }).start).toEqual([])
  })
})

test('whatever is asked of slots and memory, what starts fits beside what runs, and all of a job or nothing is had', () => {
  const size = fc.record({ cpu: fc.nat(8), ram: fc.nat(64_000_000_000), gpu: fc.nat(2) })
  const pools = fc.record({ cpu: fc.nat(8), ram: fc.nat(64_000_000_000), gpu: fc.nat(2) }, { requiredKeys: ['ram'] })
  const queue = fc.array(fc.tuple(pools, fc.nat(12)), { maxLength: 20 })
  fc.assert(
    fc.property(size, size, queue, (slots, used, asked) => {
      const free = Object.fromEntries(Object.entries(slots).map(([name, n]) => [name, n - used[name as 'ram']]))
      const jobs = asked.map(([needs, times], i) => job(`j${i}`, needs as Record<string, number>, times))
      const started = new Set(choose(jobs, free, slots).start)
      for (const [name, n] of Object.entries(free)) {
        const taken = jobs.reduce((sum, { id, pools }) => sum + (started.has(id) ? (pools.get(name) ?? 0) : 0), 0)
        expect(taken).toBeLessThanOrEqual(Math.max(0, n))
      }
    }),
  )
})

describe('order', () => {
  const compare = (a: Partial<Rank>, b: Partial<Rank>) => Math.sign(compareRanks({ ...rank, ...a }, { ...rank, ...b }))

  test.each<[string, Partial<Rank>, Partial<Rank>]>([
    ['what a person says comes first', { say: 1 }, { priority: 9, order: 99 }],
    ['what was said later comes after what nobody spoke of', {}, { say: -1, priority: 9 }],
    ['then priority', { priority: 1 }, { order: 99 }],
    ['then what lets all end soonest', { order: 2 }, { order: 1 }],
  ])('%s', (_, first, second) => {
    expect([compare(first, second), compare(second, first)]).toEqual([-1, 1])
  })

  test('jobs of one rank go by batch and then by name, numbers by their value', () => {
    const named = (id: string, batch: string | undefined) => ({ id, batch, rank })
    const jobs = [named('phy/B10', 'B10'), named('b/B9', 'B9'), named('a/B9', 'B9'), named('table', undefined)]
    expect(compareRanks(rank, rank)).toBe(0)
    expect(jobs.sort(compareQueued).map(({ id }) => id)).toEqual(['table', 'a/B9', 'b/B9', 'phy/B10'])
  })

  test('a rank weighs more than a name', () => {
    const a = { id: 'a', batch: 'B1', rank }
    const b = { id: 'b', batch: 'B2', rank: { ...rank, priority: 1 } }
    expect(compareQueued(b, a)).toBeLessThan(0)
  })
})

test('the wait before a retry doubles, up to an hour, within a quarter', () => {
  expect([2, 3, 4].map((next) => backoffMs(10_000, next, 0.5))).toEqual([10_000, 20_000, 40_000])
  expect(backoffMs(10_000, 60, 0.5)).toBe(3_600_000)
  expect([0, 0.999999].map((random) => Math.round(backoffMs(10_000, 2, random)))).toEqual([7500, 12_500])
})
