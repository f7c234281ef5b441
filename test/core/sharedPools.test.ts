import { expect, test } from 'vitest'
import { fewestSlots, maySharedTake, type SharedHost, type SharingLabmake } from '../../src/core/sharedPools.ts'

const labmake = (id: string, gpu: number, wish?: SharingLabmake['wish']): SharingLabmake => {
  return { id, user: id, root: `/srv/${id}`, slots: { gpu, ram: 4 }, wish }
}
const grant = (user: string, pools: Record<string, number>, gpu = 2) => {
  return { user, root: `/srv/${user}`, job: 'j', pools, slots: { gpu, ram: 4 } }
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
