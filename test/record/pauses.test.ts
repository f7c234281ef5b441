import { expect, test } from 'vitest'
import { cutPauses } from '../../src/record/pauses.ts'
import { parseScreen } from '../../src/record/screen.ts'

/** Frames of one row each: `[when, text]` in ms. */
const recording = (endMs: number, ...shots: [number, string][]) => ({
  endMs,
  frames: shots.map(([atMs, text]) => ({ atMs, runs: parseScreen(text), caption: '', key: '' })),
})

function cut(longestMs: number, endMs: number, ...shots: [number, string][]): { shots: string[]; endMs: number } {
  const { frames, endMs: end } = cutPauses(recording(endMs, ...shots), longestMs)
  return { shots: frames.map(({ atMs, runs }) => `${atMs} ${runs[0]?.text}`), endMs: end }
}

test('where something happens, times stay as they were, counted from the first frame', () => {
  expect(cut(1000, 5900, [5000, 'a'], [5400, 'b'])).toEqual({ shots: ['0 a', '400 b'], endMs: 900 })
})

test('a long pause is cut to the longest that is allowed', () => {
  expect(cut(1000, 9500, [0, 'a'], [9000, 'b'])).toEqual({ shots: ['0 a', '1000 b'], endMs: 1500 })
})

test('a clock that goes on in a pause is no event', () => {
  const clock: [number, string][] = [
    [0, '12:00:01'],
    [600, '12:00:02'],
    [1200, '12:00:03'],
    [1800, '12:00:04'],
  ]
  expect(cut(1000, 2600, ...clock, [2400, 'b'])).toEqual({
    shots: ['0 12:00:01', '600 12:00:02', '1000 b'],
    endMs: 1200,
  })
})

test('the end is cut as well', () => {
  expect(cut(1000, 60_000, [0, 'a'])).toEqual({ shots: ['0 a'], endMs: 1000 })
})
