import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type JobToCome, orderJobs as orderInSteps, orderUntimed as orderUntimedInSteps } from '../../src/core/order.ts'
import { toEnd } from '../fakes/steps.ts'

const orderJobs = (...of: Parameters<typeof orderInSteps>) => toEnd(orderInSteps(...of))
const orderUntimed = (...of: Parameters<typeof orderUntimedInSteps>) => toEnd(orderUntimedInSteps(...of))

const lab = new Map([
  ['ram', 1],
  ['cpu', 1],
])
const pools = { ram: new Map([['ram', 1]]), cpu: new Map([['cpu', 1]]) }

function job(id: string, seconds: number, more: Partial<JobToCome> = {}): JobToCome {
  const [rule, batch] = id.split('/')
  const needs = rule === 'denoise' ? pools.ram : pools.cpu
  return { id, batch, pools: needs, prerequisites: [], seconds, isRunning: false, level: 0, ...more }
}

/** Both jobs of a batch. */
const both = (batch: string, denoise: number, phy: number, level = 0) => [
  job(`denoise/${batch}`, denoise, { level }),
  job(`phy/${batch}`, phy, { prerequisites: [`denoise/${batch}`], level }),
]

const placesOf = (...of: Parameters<typeof orderJobs>) => orderJobs(...of).places
const inTurn = (places: ReadonlyMap<string, number>) => [...places].sort(([, a], [, b]) => b - a).map(([id]) => id)
const batchesOf = (ids: readonly string[], rule: string) =>
  ids.filter((id) => id.startsWith(`${rule}/`)).map((id) => id.slice(rule.length + 1))

test('a pool of memory is played as one of slots is, whatever its unit', () => {
  const gb = 1e9
  const needs = fc.record({ ram: fc.integer({ min: 1, max: 64 }), cpu: fc.integer({ min: 0, max: 4 }) })
  const asked = fc.record({ needs, seconds: fc.integer({ min: 1, max: 1000 }), isRunning: fc.boolean() })
  fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 20 }), (all) => {
      const placesIn = (each: number) => {
        const jobs = all.map(({ needs: { ram, cpu }, seconds, isRunning }, i) => {
          const needed = new Map([['ram', ram * each], ...(cpu > 0 ? [['cpu', cpu] as const] : [])])
          return job(`sort/B${i}`, seconds, { pools: needed, isRunning })
        })
        return orderJobs(
          jobs,
          new Map([
            ['ram', 64 * each],
            ['cpu', 4],
          ]),
        )
      }
      const [memory, slots] = [placesIn(gb), placesIn(1)]
      expect(memory.places).toEqual(slots.places)
      expect(memory.workSeconds).toBeCloseTo(slots.workSeconds)
    }),
  )
})

describe('the order', () => {
  test('of a chain is that of its prerequisites, as it is found by playing where something else is there', () => {
    const chain = [
      job('phy/B1', 3, { prerequisites: ['denoise/B1'] }),
      job('denoise/B1', 8),
      job('table/B1', 5, { prerequisites: ['phy/B1'] }),
    ]
    expect(inTurn(placesOf(chain, lab))).toEqual(['denoise/B1', 'phy/B1', 'table/B1'])
    const andAnother = inTurn(placesOf([...chain, job('other/B2', 0.1)], lab))
    expect(andAnother.filter((id) => id !== 'other/B2')).toEqual(['denoise/B1', 'phy/B1', 'table/B1'])
  })

  test('of two jobs that need nothing of each other is found by playing', () => {
    const [long, short] = [job('denoise/B1', 9), job('denoise/B2', 1)]
    expect(inTurn(placesOf([long, short], lab))[0]).toBe('denoise/B2')
  })

  test('of two steps in two pools is that of Johnson, which is the best there is', () => {
    // phy begins after 1 and then never waits: 1 + 6 + 8 + 7 + 1 = 23. The longest path first ends after 30.
    const jobs = [...both('A', 5, 1), ...both('B', 1, 6), ...both('C', 9, 7), ...both('D', 3, 8)]
    expect(batchesOf(inTurn(placesOf(jobs, lab)), 'denoise')).toEqual(['B', 'D', 'C', 'A'])
  })

  test('of jobs in one pool that end at one time whatever the order is that of the earliest results', () => {
    const jobs = [job('phy/A', 5), job('phy/B', 1), job('phy/C', 3)]
    expect(inTurn(placesOf(jobs, lab))).toEqual(['phy/B', 'phy/C', 'phy/A'])
  })

  test('lets a long job start first where it would end last', () => {
    const jobs = [...['A', 'B', 'C', 'D'].map((batch) => job(`phy/${batch}`, 1)), job('phy/E', 4)]
    expect(inTurn(placesOf(jobs, new Map([['cpu', 2]])))[0]).toBe('phy/E')
  })

  test('sees a chain of three steps as one', () => {
    const chain = (batch: string, ...seconds: number[]) =>
      seconds.map((s, i) =>
        job(`${i === 1 ? 'phy' : 'denoise'}/${batch}${i}`, s, {
          prerequisites: i === 0 ? [] : [`${i === 2 ? 'phy' : 'denoise'}/${batch}${i - 1}`],
        }),
      )
    const jobs = [...chain('A', 2, 1, 1), ...chain('B', 2, 9, 1)]
    expect(inTurn(placesOf(jobs, lab))[0]).toBe('denoise/B0')
  })

  test('keeps what a person said, whatever that does to the end', () => {
    const jobs = [...both('A', 1, 9, 1), ...both('B', 9, 1, 0)]
    expect(inTurn(placesOf(jobs, lab)).slice(0, 2)).toEqual(['denoise/B', 'phy/B'])
  })

  test('gives equals the order in which they came', () => {
    const jobs = ['C', 'A', 'B'].flatMap((batch) => both(batch, 1, 2))
    expect(batchesOf(inTurn(placesOf(jobs, lab)), 'denoise')).toEqual(['C', 'A', 'B'])
  })

  test('counts the slots that each takes', () => {
    const wide = new Map([['cpu', 4]])
    const jobs = [job('phy/A', 2), job('phy/B', 2), job('phy/W', 3, { pools: wide })]
    // The narrow ones fit beside each other, not beside the wide one: whichever is first, nothing of them is between.
    expect(inTurn(placesOf(jobs, wide)).indexOf('phy/W')).not.toBe(1)
  })

  test('is one of all jobs also where a pool is paused, or has become too small', () => {
    const jobs = both('A', 1, 2)
    expect(inTurn(placesOf(jobs, new Map([['ram', 0]])))).toEqual(['denoise/A', 'phy/A'])
  })

  test('is found while something runs whose prerequisite is to be made once more', () => {
    const [denoise, phy] = both('A', 1, 2)
    expect(placesOf([denoise!, { ...phy!, isRunning: true }], lab).size).toBe(2)
  })

  test('of nothing is nothing', () => {
    expect(placesOf([], lab)).toEqual(new Map())
  })
})

describe('the order so far', () => {
  const jobs = [...both('A', 2, 2), ...both('B', 2, 2), ...both('C', 2, 2)]
  const soFar = new Map(['phy/A', 'phy/B', 'phy/C', 'denoise/B', 'denoise/A', 'denoise/C'].map((id, i) => [id, 6 - i]))

  test('stays where no other is better', () => {
    expect(placesOf(jobs, lab, soFar)).toEqual(soFar)
  })

  test('leaves each job its place when those before it are done', () => {
    const left = jobs.filter(({ id }) => id !== 'denoise/B').map((job) => ({ ...job, prerequisites: [] }))
    const before = new Map([...soFar].filter(([id]) => id !== 'denoise/B'))
    const later = placesOf(left, lab, before)
    expect(inTurn(later)).toEqual(inTurn(before))
    expect(later.get('denoise/C')).toBe(soFar.get('denoise/C'))
  })

  test('gives way to one that ends sooner', () => {
    const long = [...jobs, ...both('D', 1, 9)]
    expect(batchesOf(inTurn(placesOf(long, lab, soFar)), 'denoise')[0]).toBe('D')
  })
})

describe('of thousands', () => {
  const many = Array.from({ length: 3000 }, (_, i) => both(`B${i}`, 1 + (i % 7), 2 + (i % 5))).flat()

  test('each has a place by what it takes alone', () => {
    const places = placesOf(many, lab)
    const likeFirst = many.filter((_, i) => i % 70 < 2).map(({ id }) => places.get(id)!)
    expect(new Set(likeFirst)).toEqual(new Set(likeFirst.slice(0, 2)))
    expect(new Set(places.values()).size).toBeGreaterThan(5)
  })

  test('what a person said comes first all the same', () => {
    const [denoise, phy] = both('B9999', 7, 2, 0)
    const places = placesOf([...many.map((job) => ({ ...job, level: 1 })), denoise!, phy!], lab)
    expect(new Set(inTurn(places).slice(0, 2))).toEqual(new Set(['denoise/B9999', 'phy/B9999']))
  })
})

describe('where nothing is known of durations', () => {
  const begun = { isBegun: true, came: 9 }
  const late = { isBegun: false, came: 9 }
  const early = { isBegun: false, came: 1 }

  test('batches that were begun come first, then who has most behind it, then who came first', () => {
    const [denoise, phy] = both('A', 1, 1)
    const jobs = [
      { ...job('phy/L', 1), ...late },
      { ...job('phy/E', 1), ...early },
      { ...phy!, ...early },
      { ...denoise!, ...late },
      { ...job('phy/B', 1), ...begun },
    ]
    const turn = inTurn(orderUntimed(jobs))
    expect(turn.slice(0, 2)).toEqual(['phy/B', 'denoise/A'])
    expect(turn.at(-1)).toBe('phy/L')
  })

  test('a batch has the place that it has whoever else is there', () => {
    const jobs = both('A', 1, 1).map((job) => ({ ...job, ...early }))
    const others = both('B', 1, 1).map((job) => ({ ...job, ...begun }))
    expect(orderUntimed([...others, ...jobs]).get('denoise/A')).toBe(orderUntimed(jobs).get('denoise/A'))
  })
})

describe('all takes at least', () => {
  test('the work of the fullest pool', () => {
    expect(
      orderJobs([job('denoise/A', 4), job('denoise/B', 4), job('phy/C', 6)], new Map([['ram', 1]])).workSeconds,
    ).toBe(8)
    expect(orderJobs([job('phy/A', 4, { pools: new Map([['cpu', 3]]) })], new Map([['cpu', 6]])).workSeconds).toBe(4)
  })

  test('the longest chain', () => {
    expect(orderJobs(both('A', 4, 5), lab).workSeconds).toBe(9)
    expect(orderJobs([], lab).workSeconds).toBe(0)
  })
})
