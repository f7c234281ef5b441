import { expect, test } from 'vitest'
import { JobQueue, type QueueEntry } from '../../src/engine/queue.ts'

const cpu = new Map([['cpu', 1]])
let looked = 0

/** One whose rank is counted when it is looked at. */
function job(id: string, order = 0): QueueEntry {
  const rank = { say: 0, priority: 0, order }
  return {
    id,
    batch: id,
    pools: cpu,
    passedOver: 0,
    get rank() {
      looked++
      return rank
    },
  }
}

/** A queue of a thousand with one slot free, which was looked at. */
function thousand(): { queue: JobQueue<QueueEntry>; starts: () => string[] } {
  const queue = new JobQueue<QueueEntry>(new Map([['cpu', 1]]))
  for (let i = 0; i < 1000; i++) queue.add(job(`B${i}`, -i))
  const starts = () => queue.next().map(({ id }) => id)
  expect(starts()).toEqual(['B0'])
  return { queue, starts }
}

test('one that is taken out and put back before anybody looked costs no look at all the others', () => {
  const { queue, starts } = thousand()
  const late = job('late', 1)
  looked = 0
  queue.add(late)
  queue.remove(late)
  queue.add(late)
  expect(starts()).toEqual(['late'])
  expect(looked).toBeLessThan(100)
})

test('one that is taken out before anybody looked does not start', () => {
  const { queue, starts } = thousand()
  const late = job('late', 1)
  queue.add(late)
  queue.remove(late)
  expect(starts()).toEqual(['B1'])
})

test('one that was in line and is put back has one place, by its rank', () => {
  const { queue, starts } = thousand()
  const late = job('late', 1)
  queue.add(late)
  expect(starts()).toEqual(['late'])
  queue.add(late)
  queue.remove(late)
  queue.add(late)
  expect([starts(), starts()].flat()).toEqual(['late', 'B1'])
})
