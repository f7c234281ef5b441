import { expect, test } from 'vitest'
import { pace } from '../../src/ui/pace.ts'
import { turnedTimers } from './turnedTimers.ts'

/** Draws are noted by their time, ms after the start. */
function paced(startMs = 0) {
  const timers = turnedTimers(startMs)
  const draws: number[] = []
  const made = pace(() => draws.push(timers.now() - startMs), timers)
  return { ...made, draws, turn: timers.turn, waiting: timers.waiting }
}

test('what changed is drawn at most five times a second', () => {
  const { changed, draws, turn } = paced()
  for (let ms = 0; ms < 1000; ms += 10) {
    changed()
    turn(10)
  }
  expect(draws).toEqual([0, 200, 400, 600, 800, 1000])
})

test('a key is drawn at once, though something that nobody asked for was drawn just before', () => {
  const { changed, key, draws, turn } = paced()
  changed()
  turn(5)
  key()
  expect(draws).toEqual([0, 5])
})

test('and so is the key after that', () => {
  const { changed, key, draws, turn } = paced()
  key()
  turn(100)
  changed()
  turn(105)
  key()
  expect(draws).toEqual([0, 200, 205])
})

test('a key that is held down is drawn 30 times a second', () => {
  const { key, draws, turn } = paced()
  for (let ms = 0; ms < 990; ms += 11) {
    key()
    turn(11)
  }
  expect(draws.slice(0, 4)).toEqual([0, 33, 66, 99])
  expect(draws).toHaveLength(31)
})

test('a change does not put off a key', () => {
  const { changed, key, draws, turn } = paced()
  key()
  turn(1)
  key()
  changed()
  turn(100)
  expect(draws).toEqual([0, 33])
})

test('half a minute after the last key, once a second is enough', () => {
  const { changed, key, draws, turn } = paced()
  key()
  turn(40_000)
  draws.splice(0)
  for (let ms = 0; ms < 3000; ms += 100) {
    changed()
    turn(100)
  }
  expect(draws).toEqual([41_000, 42_000, 43_000])
})

test('a key wakes it up again', () => {
  const { changed, key, draws, turn } = paced()
  turn(40_500)
  key()
  changed()
  turn(200)
  expect(draws.slice(-2)).toEqual([40_500, 40_700])
})

test('the clock goes on at the full second, when nothing happens', () => {
  const { soon, draws, turn } = paced(400)
  soon()
  turn(3000)
  expect(draws).toEqual([0, 600, 1600, 2600])
})

test('once stopped, nothing is drawn and nothing waits', () => {
  const { soon, changed, key, stop, draws, turn, waiting } = paced()
  soon()
  stop()
  key()
  changed()
  turn(5000)
  expect(draws).toEqual([0])
  expect(waiting()).toBe(0)
})
