import { expect, test } from 'vitest'
import { clock, dayText, elapsed, moment, ordinal, roughly, roughlyShort } from '../../src/ui/times.ts'

const local = (y: number, m: number, d: number, h = 0, min = 0, s = 0) => new Date(y, m - 1, d, h, min, s).getTime()

test.each([
  [-5, '0s'],
  [4.9, '4s'],
  [59.9, '59s'],
  [60, '1m00'],
  [8340, '2h19'],
])('%d seconds have gone by: %s', (seconds, text) => expect(elapsed(seconds)).toBe(text))

test.each([
  [0, '1 s', '1s'],
  [40, '40 s', '40s'],
  [95, '2 min', '2m'],
  [2400, '40 min', '40m'],
  [57_600, '16 h', '16h'],
  [787_000, '9 days', '9d'],
])('a guess of %d seconds is about %s', (seconds, text, short) => {
  expect(roughly(seconds)).toBe(text)
  expect(roughlyShort(seconds)).toBe(short)
})

test('the clock has seconds', () => expect(clock(local(2026, 8, 10, 6, 4, 2))).toBe('06:04:02'))
test('a day is named by its weekday', () => expect(dayText(local(2026, 8, 31))).toBe('Mon 31 Aug'))

test('a moment says its day, and its year, where they differ from now', () => {
  const now = local(2026, 8, 10, 14, 2)
  expect(moment(local(2026, 8, 10, 6, 4), now)).toBe('06:04')
  expect(moment(local(2026, 8, 9, 6, 4), now)).toBe('Sun 9 Aug 06:04')
  expect(moment(local(2025, 8, 10, 6, 4), now)).toBe('10 Aug 2025 06:04')
})

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [21, '21st'],
  [112, '112th'],
])('%d is the %s', (n, text) => expect(ordinal(n)).toBe(text))
