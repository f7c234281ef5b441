import { type Random, seededRandom } from '../random.ts'
import { type ChannelCount, type Layout, layoutOf } from './layout.ts'
import { type BadChannels, type NoiseSource, noiseSource } from './noise.ts'
import { drawAmplitudes, drawUnits, type Level, type SimulatedSpike, type SimulatedUnit } from './units.ts'

export const SAMPLE_RATE_HZ = 20_000
/** Volts are counted in steps of this size, as a common 16-bit amplifier does. */
export const COUNT_UV = 0.195

const BLOCK_S = 1
const DEAD_UV = 0.3

export interface SimulationOptions {
  readonly seed: number
  readonly channels: ChannelCount
  readonly units: number
  readonly seconds: number
  readonly level: Level
}

/** All that is decided before the first sample is made; a few megabytes for an hour. */
export interface SimulatedRecording extends SimulationOptions {
  readonly layout: Layout
  readonly bad: BadChannels
  readonly cells: readonly SimulatedUnit[]
  readonly spikes: readonly SimulatedSpike[]
  readonly samples: number
}

export function planRecording(options: SimulationOptions): SimulatedRecording {
  const { seed, channels, units, seconds, level } = options
  const random = seededRandom(seed)
  const layout = layoutOf(channels)
  const bad = channels === 16 ? { dead: [11], noisy: [] } : { dead: [6], noisy: [21] }
  const cells = drawUnits({ random, layout, units, level, bad, sampleRateHz: SAMPLE_RATE_HZ, seconds })
  return {
    ...options,
    layout,
    bad,
    cells,
    spikes: drawAmplitudes(random, cells),
    samples: Math.round(seconds * SAMPLE_RATE_HZ),
  }
}

/**
 * The recording in counts, a block of time after another: an array per channel, all of one length. The arrays are used
 * again for the next block. The same recording gives the same counts whatever the size of the blocks.
 */
export function* countsOf(
  recording: SimulatedRecording,
  blockSamples = BLOCK_S * SAMPLE_RATE_HZ,
): Generator<readonly Int16Array[]> {
  const { seed, channels, samples, bad } = recording
  // Seeds of its own, so that the noise does not depend on how many numbers the cells took.
  const noise = noiseSource({ seed: seed ^ 0x6e6f6973, channels, sampleRateHz: SAMPLE_RATE_HZ, bad })
  const deadNoise = seededRandom(seed ^ 0x64656164)
  const addSpikes = spikeAdder(recording)
  const blockUv = new Float64Array(blockSamples * channels)
  const counts = Array.from({ length: channels }, () => new Int16Array(blockSamples))
  for (let start = 0; start < samples; start += blockSamples) {
    const rows = Math.min(blockSamples, samples - start)
    fillNoise(blockUv, { rows, channels, noise })
    addSpikes(blockUv, start, rows)
    for (const channel of bad.dead) silence(blockUv, { channel, channels, rows, random: deadNoise })
    yield counts.map((column, channel) => {
      for (let row = 0; row < rows; row++) column[row] = toCount(blockUv[row * channels + channel]!)
      return column.subarray(0, rows)
    })
  }
}

function fillNoise(blockUv: Float64Array, from: { rows: number; channels: number; noise: NoiseSource }): void {
  for (let row = 0; row < from.rows; row++) {
    from.noise.next(blockUv.subarray(row * from.channels, (row + 1) * from.channels))
  }
}

/** Adds to a block the part of each spike that lies in it. Blocks are asked for in their order. */
function spikeAdder(recording: SimulatedRecording): (blockUv: Float64Array, start: number, rows: number) => void {
  const { spikes, cells, channels } = recording
  let first = 0
  return (blockUv, start, rows) => {
    const isOver = ({ sample, unit }: SimulatedSpike) => {
      const { spikeRow, samples } = cells[unit]!.waveform
      return sample - spikeRow + samples <= start
    }
    while (first < spikes.length && isOver(spikes[first]!)) first++
    for (let index = first; index < spikes.length; index++) {
      const { sample, unit, amplitude } = spikes[index]!
      const { spikeRow, samples, valuesUv } = cells[unit]!.waveform
      const from = sample - spikeRow - start
      if (from >= rows) break
      for (let row = Math.max(0, -from); row < samples && from + row < rows; row++) {
        for (let channel = 0; channel < channels; channel++) {
          blockUv[(from + row) * channels + channel]! += amplitude * valuesUv[row * channels + channel]!
        }
      }
    }
  }
}

function silence(
  blockUv: Float64Array,
  dead: { channel: number; channels: number; rows: number; random: Random },
): void {
  for (let row = 0; row < dead.rows; row++) blockUv[row * dead.channels + dead.channel] = DEAD_UV * dead.random.normal()
}

function toCount(uv: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(uv / COUNT_UV)))
}
