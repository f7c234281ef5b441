import { expect, test } from 'vitest'
import { formatSeconds, parseDuration } from '../../src/core/durations.ts'

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h30m', 5_400_000],
  ['1h 30m', 5_400_000],
  ['2d', 172_800_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  [' 10s ', 10_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '10', 'ten minutes', '10 x', '1h30', '-5s', '1w', 's'])(
  '"%s" is no duration, and the hint says how to write one',
  (text) => {
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({
        message: `"${text}" is not a duration`,
        hint: expect.stringContaining('90s, 30m, 2h'),
      }),
    )
  },
)

test.each([
  [0, '0.0s'],
  [0.44, '0.4s'],
  [9.94, '9.9s'],
  [9.97, '10s'],
  [12.3, '12s'],
  [59.7, '1m00'],
  [185, '3m05'],
  [3599.6, '1h00'],
  [3900, '1h05'],
  [86_399.9, '1d00h'],
  [183_600, '2d03h'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text)
})
