import { expect, test } from 'vitest'
import { bandPass } from '../../../src/ephys/sort/bandpass.ts'
import { noiseDeviations } from '../../../src/ephys/sort/noise.ts'
import { type Made, madeRecording, train } from './recordings.ts'

const deviationsOf = (made: Made) => noiseDeviations(madeRecording(made), bandPass(20_000))

test('white noise keeps the part of its power that lies in the band', () => {
  // The integral of |H|⁴ from 0 to 10 kHz: the filter runs twice.
  const filter = bandPass(20_000)
  let part = 0
  for (let hz = 5; hz < 10_000; hz += 10) part += gain(filter, hz) ** 4 / 1000
  for (const deviation of deviationsOf({ stretches: [200_000], noise: 20 })) {
    expect(deviation).toBeGreaterThan(20 * Math.sqrt(part) * 0.97)
    expect(deviation).toBeLessThan(20 * Math.sqrt(part) * 1.03)
  }
})

test('spikes hardly move it', () => {
  const [quiet] = deviationsOf({ stretches: [100_000] })
  const [firing] = deviationsOf({
    stretches: [100_000],
    cells: [{ channel: 0, depth: 600, spikes: train(500, 1000, 90) }],
  })
  expect(firing! / quiet!).toBeLessThan(1.1)
})

test('a flat channel has none, and neither has a recording of no samples', () => {
  expect([...deviationsOf({ stretches: [5000], flat: [1, 3] })].map((deviation) => deviation > 0)).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect([...deviationsOf({ stretches: [0] })]).toEqual([0, 0, 0, 0])
})

test('a channel whose last bit flips now and then is flat too', () => {
  const read = (from: number, to: number) =>
    Int16Array.from({ length: to - from }, (_, i) => ((from + i) % 1000 < 500 ? 7 : 8))
  const recording = { sampleRateHz: 20_000, channelNames: ['Port_1'], stretches: [{ samples: 50_000, read }] }
  expect([...noiseDeviations(recording, bandPass(20_000))]).toEqual([0])
})

test('a long recording is judged by pieces of all of it', () => {
  const loudLate = madeRecording({ stretches: [1_000_000], channels: 1 })
  const louder = {
    ...loudLate,
    stretches: loudLate.stretches.map(({ samples, read }) => ({
      samples,
      read: (from: number, to: number) => read(from, to).map((value, i) => (from + i < 400_000 ? value : 4 * value)),
    })),
  }
  const [even] = noiseDeviations(loudLate, bandPass(20_000))
  const [uneven] = noiseDeviations(louder, bandPass(20_000))
  expect(uneven! / even!).toBeGreaterThan(1.8)
})

/** |H| at a frequency, from the sections' coefficients. */
function gain(filter: ReturnType<typeof bandPass>, hz: number): number {
  const angle = (2 * Math.PI * hz) / 20_000
  return filter.reduce((product, { b0, b1, b2, a1, a2 }) => {
    const size = (c0: number, c1: number, c2: number) =>
      Math.hypot(c0 + c1 * Math.cos(angle) + c2 * Math.cos(2 * angle), c1 * Math.sin(angle) + c2 * Math.sin(2 * angle))
    return (product * size(b0, b1, b2)) / size(1, a1, a2)
  }, 1)
}
