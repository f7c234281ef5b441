import { expect, test } from 'vitest'
import { COUNT_UV, countsOf, planRecording, SAMPLE_RATE_HZ } from '../../../src/ephys/simulate/recording.ts'

const easy = { seed: 1, channels: 16, units: 6, seconds: 2, level: 'easy' } as const

/** The recording's counts on one channel, in µV. */
function channelUv(recording: ReturnType<typeof planRecording>, channel: number, blockSamples?: number): number[] {
  const values: number[] = []
  for (const block of countsOf(recording, blockSamples))
    for (const count of block[channel]!) values.push(count * COUNT_UV)
  return values
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

test('the same seed gives the same recording, another seed another', () => {
  const samplesOf = (seed: number) => channelUv(planRecording({ ...easy, seed }), 3)
  expect(samplesOf(1)).toEqual(samplesOf(1))
  expect(samplesOf(1)).not.toEqual(samplesOf(2))
})

test('the size of the blocks leaves no trace', () => {
  const recording = planRecording(easy)
  expect(channelUv(recording, 3, 777)).toEqual(channelUv(recording, 3, 65_536))
})

test('a longer recording has all its samples, down to the last of a second', () => {
  expect(channelUv(planRecording({ ...easy, seconds: 1.00005 }), 0)).toHaveLength(20_001)
})

test('cells fire at their rates, and never twice within 3 ms', () => {
  const { cells } = planRecording({ ...easy, seconds: 600 })
  for (const { rateHz, spikes } of cells) {
    expect(rateHz).toBeGreaterThanOrEqual(2)
    expect(rateHz).toBeLessThan(15)
    // Five standard deviations of a Poisson count.
    expect(Math.abs(spikes.length - 600 * rateHz)).toBeLessThan(5 * Math.sqrt(600 * rateHz))
    for (const [i, spike] of spikes.slice(1).entries()) expect(spike - spikes[i]!).toBeGreaterThanOrEqual(59)
    expect(spikes[0]).toBeGreaterThanOrEqual(0.005 * SAMPLE_RATE_HZ)
    expect(spikes.at(-1)).toBeLessThanOrEqual((600 - 0.01) * SAMPLE_RATE_HZ)
  }
})

test('a spike’s size varies by six per cent', () => {
  const { spikes } = planRecording({ ...easy, seconds: 600 })
  expect(deviation(spikes.map(({ amplitude }) => amplitude))).toBeCloseTo(0.06, 2)
})

test('each cell is largest at its own contact, and falls off with distance', () => {
  const { cells, layout } = planRecording(easy)
  for (const { place, waveform } of cells) {
    const peaks = layout.map((_, channel) =>
      Math.min(
        ...Array.from({ length: waveform.samples }, (_, row) => waveform.valuesUv[row * layout.length + channel]!),
      ),
    )
    const nearest = layout.reduce(
      (best, [, y], c) => (Math.abs(y - place[1]) < Math.abs(layout[best]![1] - place[1]) ? c : best),
      0,
    )
    expect(peaks.indexOf(Math.min(...peaks))).toBe(nearest)
    expect(-peaks[nearest]!).toBeCloseTo(waveform.peakUv, 6)
    const next = -peaks[nearest + 1]! / -peaks[nearest]!
    if (nearest + 1 < layout.length) expect(next).toBeLessThan(1)
  }
})

test('the spikes are in the samples: the mean around them is the waveform', () => {
  const recording = planRecording({ ...easy, seconds: 30 })
  const { spikes, waveform } = recording.cells[0]!
  const channel = waveform.valuesUv.indexOf(Math.min(...waveform.valuesUv)) % 16
  const row = Math.floor(waveform.valuesUv.indexOf(Math.min(...waveform.valuesUv)) / 16)
  const values = channelUv(recording, channel)
  const mean = spikes.reduce((sum, spike) => sum + values[spike - waveform.spikeRow + row]!, 0) / spikes.length
  expect(mean).toBeLessThan(-0.8 * waveform.peakUv)
  expect(mean).toBeGreaterThan(-1.2 * waveform.peakUv)
})

test('of 16 channels one is dead, of 32 one is dead and one drowns in noise', () => {
  const sixteen = planRecording(easy)
  expect(sixteen.bad).toEqual({ dead: [11], noisy: [] })
  expect(deviation(channelUv(sixteen, 11))).toBeLessThan(1)
  const two = planRecording({ ...easy, channels: 32, units: 10, seconds: 1 })
  expect(two.bad).toEqual({ dead: [6], noisy: [21] })
  expect(deviation(channelUv(two, 6))).toBeLessThan(1)
  expect(deviation(channelUv(two, 21))).toBeGreaterThan(100)
})

test('the noise of two channels is mostly the same', () => {
  const recording = planRecording({ ...easy, units: 1 })
  const [a, b] = [channelUv(recording, 0), channelUv(recording, 15)]
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanA, meanB] = [meanOf(a), meanOf(b)]
  const together = meanOf(a.map((value, i) => (value - meanA) * (b[i]! - meanB)))
  expect(together / (deviation(a) * deviation(b))).toBeGreaterThan(0.9)
})

test('the contact of an easy recording’s cell works; of hard ones some are bad', () => {
  const atBad = (level: 'easy' | 'hard') =>
    Array.from({ length: 20 }, (_, seed) =>
      planRecording({ ...easy, channels: 32, units: 10, level, seed, seconds: 0.1 }),
    )
      .flatMap(({ cells, layout, bad }) =>
        cells.map(({ place }) => {
          const distances = layout.map(([x, y]) => Math.hypot(x - place[0], y - place[1]))
          return [...bad.dead, ...bad.noisy].includes(distances.indexOf(Math.min(...distances)))
        }),
      )
      .filter(Boolean).length
  expect(atBad('easy')).toBe(0)
  expect(atBad('hard')).toBeGreaterThan(0)
})
