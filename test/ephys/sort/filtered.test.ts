import { expect, test } from 'vitest'
import { bandPass } from '../../../src/ephys/sort/bandpass.ts'
import { filteredBlocks } from '../../../src/ephys/sort/filtered.ts'
import { madeRecording } from './recordings.ts'

/** One channel through the filter. */
function filtered(values: ArrayLike<number>, { sampleRateHz = 20_000, blockSamples = 4096 } = {}): number[] {
  const counts = Int16Array.from(values)
  const stretch = { samples: counts.length, read: (from: number, to: number) => counts.subarray(from, to) }
  const filter = bandPass(sampleRateHz)
  const result: number[] = []
  for (const block of filteredBlocks(stretch, { filter, channels: 1, sampleRateHz, blockSamples })) {
    result.push(...block.channels[0]!.subarray(0, block.samples))
  }
  return result
}

/** What is left of a tone of 10,000 counts, in the middle of a second of it. */
function gainAt(hz: number, sampleRateHz = 20_000): number {
  const tone = Array.from({ length: sampleRateHz }, (_, i) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * i) / sampleRateHz)),
  )
  const middle = filtered(tone, { sampleRateHz }).slice(sampleRateHz / 4, (3 * sampleRateHz) / 4)
  return Math.sqrt((2 * middle.reduce((sum, value) => sum + value * value, 0)) / middle.length) / 10_000
}

test('forward and backward, the band edges are at half the amplitude', () => {
  expect(gainAt(300)).toBeCloseTo(0.5, 3)
  expect(gainAt(6000)).toBeCloseTo(0.5, 3)
})

test('spikes pass, mains hum and its third harmonic do not', () => {
  expect(gainAt(1500)).toBeCloseTo(1, 2)
  // |H|² of a third-order Butterworth high-pass: 1 / (1 + (300 / f)⁶).
  expect(gainAt(60)).toBeCloseTo(1 / (1 + 5 ** 6), 4)
  expect(gainAt(180)).toBeCloseTo(1 / (1 + (300 / 180) ** 6), 3)
})

test('at 10 kHz there is nothing above the band, and the high-pass alone remains', () => {
  expect(gainAt(300, 10_000)).toBeCloseTo(0.5, 3)
  expect(gainAt(4800, 10_000)).toBeCloseTo(1, 2)
})

test('nothing is delayed: a click stays where it is, the same on both sides', () => {
  const click = new Int16Array(4001)
  click[2000] = 10_000
  const response = filtered(click)
  expect(response.indexOf(Math.max(...response))).toBe(2000)
  for (let away = 1; away < 400; away++) expect(response[2000 + away]).toBeCloseTo(response[2000 - away]!, 6)
})

test('a constant offset is no step at the ends of a stretch', () => {
  for (const value of filtered(new Int16Array(3000).fill(12_000))) expect(Math.abs(value)).toBeLessThan(1e-6)
})

test('the size of the blocks leaves no trace', () => {
  const { stretches } = madeRecording({ channels: 1, stretches: [9000] })
  const values = stretches[0]!.read(0, 9000)
  const whole = filtered(values, { blockSamples: 9000 })
  for (const blockSamples of [333, 1000, 4096]) {
    const inBlocks = filtered(values, { blockSamples })
    expect(inBlocks).toHaveLength(9000)
    for (const [i, value] of inBlocks.entries()) expect(value).toBeCloseTo(whole[i]!, 9)
  }
})

test('each block brings its own samples unfiltered', () => {
  const counts = Int16Array.from({ length: 10_000 }, (_, i) => i)
  const stretch = { samples: 5000, read: (from: number, to: number) => counts.subarray(2 * from, 2 * to) }
  const raw: number[] = []
  const options = { filter: bandPass(20_000), channels: 2, sampleRateHz: 20_000, blockSamples: 777 }
  for (const block of filteredBlocks(stretch, options)) raw.push(...block.raw)
  expect(raw).toEqual([...counts])
})
