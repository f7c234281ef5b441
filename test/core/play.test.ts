import { expect, test } from 'vitest'
import { mirrored, play, type Queue } from '../../src/core/play.ts'

/** `jobs`: seconds, slots of pool 0 and of pool 1, and what each waits for. */
function queue(slots: readonly number[], jobs: readonly [number, number, number, number[]?][]): Queue {
  const needs = jobs.map(([, a, b]) => [[0, a] as const, [1, b] as const].filter(([, n]) => n > 0))
  const prerequisites = jobs.map(([, , , before = []]) => before)
  const behind = jobs.map((_, job) => jobs.flatMap((_, other) => (prerequisites[other]!.includes(job) ? [other] : [])))
  const seconds = Float64Array.from(jobs, ([s]) => s)
  const kind = Int32Array.from(jobs, (_, i) => i)
  return { seconds, prerequisites, behind, kind, needs, slots, isRunning: new Uint8Array(jobs.length) }
}
const starts = (of: Queue, ...order: number[]) => [...play(of, Int32Array.from(order))]

test('whoever is first in order starts as soon as its slots are free', () => {
  const one = queue(
    [1],
    [
      [2, 1, 0],
      [3, 1, 0],
      [4, 1, 0],
    ],
  )
  expect(starts(one, 2, 0, 1)).toEqual([4, 6, 0])
  expect(starts({ ...one, slots: [2] }, 2, 0, 1)).toEqual([0, 2, 0])
})

test('a job starts after all that it waits for', () => {
  const join = queue(
    [9],
    [
      [2, 1, 0],
      [3, 1, 0],
      [1, 1, 0, [0, 1]],
    ],
  )
  expect(starts(join, 2, 1, 0)).toEqual([0, 0, 3])
})

test('a job takes its slots from all its pools at once, and others pass it meanwhile', () => {
  const wide = queue(
    [1, 2],
    [
      [5, 1, 0],
      [1, 1, 2],
      [1, 0, 1],
    ],
  )
  expect(starts(wide, 0, 1, 2)).toEqual([0, 5, 0])
})

test('what ends at one moment frees its slots together', () => {
  const pairs = queue(
    [2],
    [
      [1, 1, 0],
      [1, 1, 0],
      [1, 2, 0],
      [1, 1, 0],
    ],
  )
  expect(starts(pairs, 0, 1, 2, 3)).toEqual([0, 0, 1, 2])
})

test('what runs has its slots, whatever its place, and waits for nothing', () => {
  const under = queue(
    [1],
    [
      [2, 1, 0, [1]],
      [3, 1, 0],
    ],
  )
  expect(starts({ ...under, isRunning: Uint8Array.of(1, 0) }, 1, 0)).toEqual([0, 2])
})

test('mirrored, a queue runs from its end', () => {
  const chain = queue(
    [9],
    [
      [2, 1, 0],
      [3, 1, 0, [0]],
    ],
  )
  expect(starts(mirrored({ ...chain, isRunning: Uint8Array.of(1, 0) }), 0, 1)).toEqual([3, 0])
})
