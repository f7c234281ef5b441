import { seededRandom } from '../../../src/ephys/random.ts'
import type { Recording } from '../../../src/ephys/sort/recording.ts'

/** Counts. */
export const NOISE = 20

export interface Cell {
  readonly channel: number
  /** Of the trough on its own channel, counts; a third of it on the next ones. */
  readonly depth: number
  /** Half width of the trough in ms. */
  readonly widthMs?: number
  /** Samples. */
  readonly spikes: readonly number[]
}

export interface Made {
  readonly channels?: number
  readonly sampleRateHz?: number
  /** Samples of each stretch. */
  readonly stretches: readonly number[]
  readonly cells?: readonly Cell[]
  readonly noise?: number
  /** Channels that hold one value throughout. */
  readonly flat?: readonly number[]
}

/** White noise with spikes, the same at each call: a trough of one width, then a lower hump. */
export function madeRecording(made: Made): Recording {
  const { channels = 4, sampleRateHz = 20_000, cells = [], noise = NOISE, flat = [] } = made
  const random = seededRandom(5)
  const total = made.stretches.reduce((sum, samples) => sum + samples, 0)
  const values = Float64Array.from({ length: total * channels }, () => noise * random.normal())
  for (const cell of cells) addSpikes(values, cell, { channels, sampleRateHz, total })
  const counts = Int16Array.from(values, (value, at) => (flat.includes(at % channels) ? 100 : Math.round(value)))
  let from = 0
  const stretches = made.stretches.map((samples) => {
    const own = counts.subarray(from * channels, (from + samples) * channels)
    from += samples
    return { samples, read: (start: number, end: number) => own.subarray(start * channels, end * channels) }
  })
  return { sampleRateHz, channelNames: Array.from({ length: channels }, (_, c) => `Port_${c + 1}`), stretches }
}

function addSpikes(
  values: Float64Array,
  cell: Cell,
  shape: { channels: number; sampleRateHz: number; total: number },
): void {
  const { channel, depth, widthMs = 0.15, spikes } = cell
  const bell = (ms: number, width: number) => Math.exp(-((ms / width) ** 2) / 2)
  const reach = Math.round((1.5 * shape.sampleRateHz) / 1000)
  for (const spike of spikes) {
    for (let offset = -reach; offset <= reach; offset++) {
      const sample = spike + offset
      if (sample < 0 || sample >= shape.total) continue
      const ms = (offset / shape.sampleRateHz) * 1000
      const value = -bell(ms, widthMs) + 0.3 * bell(ms - 3 * widthMs, 2 * widthMs)
      for (const [away, gain] of [1, 1 / 3].entries()) {
        for (const on of new Set([channel - away, channel + away])) {
          if (on >= 0 && on < shape.channels) values[sample * shape.channels + on]! += gain * depth * value
        }
      }
    }
  }
}

/** `count` times from `from` on, `every` samples apart, but for a little that keeps two cells' from going in step. */
export function train(from: number, every: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i * every + ((i * 37) % 61))
}
