import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countsOtherwise,
  fewestSlots,
  maySharedTake as mayTake,
  type SharedHost,
  type SharingLabmake,
} from '../../src/core/sharedPools.ts'

const labmake = (id: string, gpu: number, wish?: SharingLabmake['wish']): SharingLabmake => {
  return { id, user: id, root: `/srv/${id}`, slots: { gpu, ram: 4 }, bytesOf: [], wish }
}
const grant = (user: string, pools: Record<string, number>, gpu = 2) => {
  return { user, root: `/srv/${user}`, job: 'j', pools, slots: { gpu, ram: 4 }, bytesOf: [] }
}
const maySharedTake = (pools: Record<string, number>, id: string, at: SharedHost) => {
  return mayTake({ pools, bytesOf: [] }, id, at)
}
const host = (grants: SharedHost['grants'], labmakes: SharedHost['labmakes']): SharedHost => ({ grants, labmakes })

test('slots that nobody has may be taken, and no more than there are', () => {
  const at = host([grant('ana', { gpu: 1 })], [labmake('ana', 2), labmake('ben', 2)])
  expect(maySharedTake({ gpu: 1 }, 'ben', at)).toBe(true)
  expect(maySharedTake({ gpu: 2 }, 'ben', at)).toBe(false)
})

test('of several pools all are had or none', () => {
  const at = host([grant('ana', { gpu: 2 })], [labmake('ana', 2), labmake('ben', 2)])
  expect(maySharedTake({ ram: 1 }, 'ben', at)).toBe(true)
  expect(maySharedTake({ ram: 1, gpu: 1 }, 'ben', at)).toBe(false)
})

test('where workspaces give a pool different numbers, the smallest counts', () => {
  const at = host([grant('ana', { gpu: 1 })], [labmake('ana', 2), labmake('ben', 1)])
  expect(fewestSlots('gpu', at)).toEqual({ slots: 1, user: 'ben', root: '/srv/ben' })
  expect(maySharedTake({ gpu: 1 }, 'ana', at)).toBe(false)
})

test('the number of a labmake that was killed counts as long as its job runs', () => {
  const at = host([grant('ana', { gpu: 1 }, 1)], [labmake('ben', 2)])
  expect(maySharedTake({ gpu: 1 }, 'ben', at)).toBe(false)
})

test('whoever waits longer goes first', () => {
  const since = (sinceMs: number) => ({ pools: { gpu: 1 }, sinceMs })
  const at = host([grant('cy', { gpu: 1 })], [labmake('ana', 2, since(2000)), labmake('ben', 2, since(1000))])
  expect(maySharedTake({ gpu: 1 }, 'ben', at)).toBe(true)
  expect(maySharedTake({ gpu: 1 }, 'ana', at)).toBe(false)
})

test('one that has just ended a job leaves the slots to who waits', () => {
  const at = host([], [labmake('ana', 1), labmake('ben', 1, { pools: { gpu: 1 }, sinceMs: 1000 })])
  expect(maySharedTake({ gpu: 1 }, 'ana', at)).toBe(false)
})

test('a wide wish gathers its slots while narrow ones wait', () => {
  const wide = labmake('ana', 2, { pools: { gpu: 2 }, sinceMs: 1000 })
  const at = host([grant('cy', { gpu: 1 })], [wide, labmake('ben', 2, { pools: { gpu: 1 }, sinceMs: 2000 })])
  expect(maySharedTake({ gpu: 1 }, 'ben', at)).toBe(false)
})

test('who waits for one pool keeps nobody from another', () => {
  const both = labmake('ana', 1, { pools: { gpu: 1, ram: 4 }, sinceMs: 1000 })
  const at = host([grant('cy', { gpu: 1 })], [both, labmake('ben', 1)])
  expect(maySharedTake({ ram: 1 }, 'ben', at)).toBe(true)
})

test('a wish for more than there is keeps nobody waiting', () => {
  const at = host([], [labmake('ana', 2, { pools: { gpu: 2 }, sinceMs: 1000 }), labmake('ben', 1)])
  expect(maySharedTake({ gpu: 1 }, 'ben', at)).toBe(true)
})

describe('a pool that counts memory', () => {
  const gb = 1e9
  const memory = { slots: { ram: 64 * gb }, bytesOf: ['ram'] }
  const ana = { ...labmake('ana', 2), ...memory }
  const ben = { ...labmake('ben', 2), ...memory }
  const taken = (ram: number) => ({ ...grant('ana', { ram }), ...memory })
  const mayHave = (ram: number, at: SharedHost) => mayTake({ pools: { ram }, bytesOf: ['ram'] }, 'ben', at)

  test('is handed out by amounts, and not more than there is', () => {
    const at = host([taken(40 * gb), taken(12 * gb)], [ana, ben])
    expect(mayHave(12 * gb, at)).toBe(true)
    expect(mayHave(12 * gb + 1, at)).toBe(false)
  })

  test('has the least that any workspace gives it', () => {
    const at = host([taken(12 * gb)], [ana, { ...ben, slots: { ram: 16 * gb } }])
    expect(mayHave(12 * gb, at)).toBe(false)
    expect(mayHave(4 * gb, at)).toBe(true)
  })

  test('keeps small asks of others from one that waits for much', () => {
    const waits = { ...ana, wish: { pools: { ram: 60 * gb }, sinceMs: 1000 } }
    expect(mayHave(4 * gb, host([taken(12 * gb)], [waits, ben]))).toBe(false)
    expect(mayHave(4 * gb, host([], [waits, ben]))).toBe(true)
  })

  test('of which another workspace has slots is handed out to nobody', () => {
    const at = host([], [labmake('ana', 2), ben])
    expect(mayHave(12 * gb, at)).toBe(false)
    expect(maySharedTake({ ram: 1 }, 'ana', at)).toBe(false)
    expect(countsOtherwise('ram', true, at)).toMatchObject({ root: '/srv/ana' })
    expect(maySharedTake({ gpu: 1 }, 'ana', at)).toBe(true)
  })

  test('nor one of which a job runs that took slots', () => {
    expect(mayHave(12 * gb, host([grant('ana', { ram: 1 })], [ben]))).toBe(false)
  })

  test('nor to one that is not in the list, and counts otherwise', () => {
    expect(maySharedTake({ ram: 1 }, 'cy', host([], [ben]))).toBe(false)
  })

  test('and that cannot be had keeps nobody from other pools', () => {
    const both = { ...labmake('ana', 2), wish: { pools: { gpu: 2, ram: 1 }, sinceMs: 1000 } }
    expect(maySharedTake({ gpu: 1 }, 'cy', host([], [both, ben, labmake('cy', 2)]))).toBe(true)
  })

  const needs = fc.record({ ram: fc.integer({ min: 1, max: 64 }), gpu: fc.integer({ min: 0, max: 2 }) })
  test('is never over, nor the pools of slots beside it, whoever takes and gives in whatever order', () => {
    const step = fc.oneof(
      fc.record({ who: fc.constantFrom('ana', 'ben', 'cy'), needs }),
      fc.record({ gives: fc.nat() }),
    )
    const sizes = fc.record({ ram: fc.integer({ min: 1, max: 64 }), gpu: fc.integer({ min: 1, max: 2 }) })
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 3, maxLength: 3 }), fc.array(step), (given, steps) => {
        const declared = given.map(({ ram, gpu }) => ({ slots: { ram: ram * gb, gpu }, bytesOf: ['ram'] }))
        const labmakes = ['ana', 'ben', 'cy'].map((id, i) => ({ ...labmake(id, 1), ...declared[i]! }))
        const grants: SharedHost['grants'][number][] = []
        for (const one of steps) {
          if ('gives' in one) grants.splice(one.gives % Math.max(1, grants.length), 1)
          else {
            const { ram, gpu } = one.needs
            const pools = { ram: ram * gb, ...(gpu > 0 && { gpu }) }
            const self = labmakes.find(({ id }) => id === one.who)!
            const { slots, bytesOf } = self
            if (!mayTake({ pools, bytesOf: ['ram'] }, one.who, host(grants, labmakes))) continue
            grants.push({ user: one.who, root: '/', job: 'j', pools, slots, bytesOf })
          }
          for (const pool of ['ram', 'gpu'] as const) {
            const used = grants.reduce((sum, { pools }) => sum + (pools[pool] ?? 0), 0)
            expect(used).toBeLessThanOrEqual(Math.min(...declared.map(({ slots }) => slots[pool])))
          }
        }
      }),
    )
  })
})
