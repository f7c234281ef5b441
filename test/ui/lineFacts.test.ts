import { expect, test } from 'vitest'
import { lineOf } from '../../src/ui/lineFacts.ts'
import { board, job, nowMs, pool, statuses, viewOf } from './boards.ts'

const queue = (count: number) =>
  board(
    Array.from({ length: count }, (_, i) => job('denoise', `B${i}`, i === 0 ? statuses.running : statuses.queued)),
    { pools: new Map([['ram', pool('ram', 1)]]) },
  )

test('the line is played anew when jobs change', () => {
  const view = viewOf(queue(3))
  const before = lineOf(view)
  const jobs = view.board!.jobs as Map<string, ReturnType<typeof job>>
  jobs.set('denoise/B1', job('denoise', 'B1', statuses.done))
  expect(lineOf({ ...view, jobsVersion: 2 }).place.get('denoise/B2')).toBe(1)
  expect(before.place.get('denoise/B2')).toBe(2)
})

test('and as time goes by, but not at each picture', () => {
  const view = viewOf(queue(3))
  const before = lineOf(view)
  expect(lineOf({ ...view, nowMs: nowMs + 200 })).toBe(before)
  expect(lineOf({ ...view, nowMs: nowMs + 6000 })).not.toBe(before)
})

test('of a big board, by time alone', () => {
  const view = viewOf(queue(1500))
  const before = lineOf(view)
  expect(lineOf({ ...view, jobsVersion: 2 })).toBe(before)
  expect(lineOf({ ...view, jobsVersion: 2, nowMs: nowMs + 6000 })).not.toBe(before)
})

test('without a board there is no line', () => {
  expect(lineOf(viewOf(undefined)).place.size).toBe(0)
})
