import { expect, test } from 'vitest'
import { detectPeaks } from '../../../src/ephys/sort/detect.ts'
import { neighboursWithin } from '../../../src/ephys/sort/neighbours.ts'
import { windowsAt } from '../../../src/ephys/sort/windows.ts'

const windows = windowsAt(20_000)

/** Channels 50 µm apart, flat but for [channel, sample, value]. */
function peaksOf(troughs: readonly [number, number, number][], { channels = 4, samples = 400, background = 0 } = {}) {
  const traces = Array.from({ length: channels }, () => new Float32Array(samples).fill(background))
  for (const [channel, sample, value] of troughs) traces[channel]![sample] = value
  const positions = traces.map((_, channel) => [0, 50 * channel] as const)
  const window = { start: 1000, samples, channels: traces }
  const options = { threshold: 5, neighbours: neighboursWithin(positions, 110), windows }
  return detectPeaks(window, { from: 1000, to: 1000 + samples }, options)
}

test('a trough below the threshold is found, one that only reaches it is not', () => {
  expect(peaksOf([[0, 100, -5.1]])).toEqual([{ sample: 1100, channel: 0 }])
  expect(peaksOf([[0, 100, -5]])).toEqual([])
})

test('of a spike on neighbouring channels only the deepest trough counts', () => {
  const spike: [number, number, number][] = [
    [0, 101, -6],
    [1, 100, -9],
    [2, 102, -7],
  ]
  expect(peaksOf(spike)).toEqual([{ sample: 1100, channel: 1 }])
})

test('two cells out of reach of each other are both found at one moment', () => {
  const both: [number, number, number][] = [
    [0, 100, -6],
    [3, 101, -9],
  ]
  expect(peaksOf(both)).toEqual([
    { sample: 1100, channel: 0 },
    { sample: 1101, channel: 3 },
  ])
})

test('two spikes half a millisecond apart are one, a sample farther they are two', () => {
  const apart = (samples: number): [number, number, number][] => [
    [0, 100, -6],
    [0, 100 + samples, -8],
  ]
  expect(peaksOf(apart(10)).map(({ sample }) => sample)).toEqual([1110])
  expect(peaksOf(apart(11)).map(({ sample }) => sample)).toEqual([1100, 1111])
})

test('equal troughs are found once', () => {
  const equal: [number, number, number][] = [
    [0, 100, -6],
    [0, 101, -6],
    [1, 100, -6],
    [1, 104, -6],
  ]
  expect(peaksOf(equal)).toEqual([{ sample: 1100, channel: 0 }])
})

test('a trough is an artifact when channels out of its reach are loud at the same time', () => {
  const trough: [number, number, number][] = [[0, 100, -9]]
  expect(peaksOf(trough, { channels: 16, background: -1 })).toHaveLength(1)
  expect(peaksOf(trough, { channels: 16, background: -2 })).toHaveLength(0)
})

test('on a probe of few channels, all within a cell’s reach, nothing is taken for an artifact', () => {
  expect(peaksOf([[0, 100, -9]], { channels: 4, background: -2 })).toHaveLength(1)
})
