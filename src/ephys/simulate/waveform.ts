import type { Random } from '../random.ts'
import type { Layout } from './layout.ts'

/** Position in µm: across the probe, along it, and off it. */
export type Place = readonly [x: number, y: number, z: number]

/** What one spike of a unit looks like on every channel. */
export interface Waveform {
  /** µV, (samples, channels) in row order. */
  readonly valuesUv: Float64Array
  readonly samples: number
  /** The row at which the spike's time is counted: the trough where the cell lies. */
  readonly spikeRow: number
  /** The largest deflection on any channel. */
  readonly peakUv: number
}

const BEFORE_MS = 1
const AFTER_MS = 2
/** Largest amplitude is that of a cell this near. */
const NEAREST_UM = 8

/**
 * A biphasic spike: a fast fall, a slower return, then a hump of the other sign. It decays exponentially with the
 * distance of the contact and reaches farther contacts later.
 */
export function drawWaveform(options: {
  readonly random: Random
  readonly layout: Layout
  readonly place: Place
  readonly amplitudeUv: number
  readonly sampleRateHz: number
}): Waveform {
  const { random, layout, place, amplitudeUv, sampleRateHz } = options
  const spikeRow = Math.round((BEFORE_MS * sampleRateHz) / 1000)
  const samples = spikeRow + Math.round((AFTER_MS * sampleRateHz) / 1000)
  const shape = drawShape(random)
  const decayUm = random.range(25, 40)
  const speedUmPerMs = random.range(250, 350)
  const valuesUv = new Float64Array(samples * layout.length)
  for (const [channel, [x, y]] of layout.entries()) {
    const distanceUm = Math.hypot(place[0] - x, place[1] - y, place[2])
    const gain = amplitudeUv * Math.exp(-(distanceUm - NEAREST_UM) / decayUm)
    const delayMs = distanceUm / speedUmPerMs
    for (let row = 0; row < samples; row++) {
      const ms = ((row - spikeRow) / sampleRateHz) * 1000 - delayMs
      valuesUv[row * layout.length + channel] = gain * shape(ms)
    }
  }
  return { valuesUv, samples, spikeRow, peakUv: valuesUv.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0) }
}

/** A shape over time in ms: −1 at its trough at 0. */
function drawShape(random: Random): (ms: number) => number {
  const fallMs = random.range(0.07, 0.16)
  const riseMs = random.range(0.15, 0.4)
  const humpAtMs = random.range(0.3, 0.9)
  const humpWidthMs = 0.7 * humpAtMs
  const hump = random.range(0.12, 0.4)
  const bell = (ms: number, width: number) => Math.exp(-(ms * ms) / (2 * width * width))
  // Without this the hump would lift the trough above −1 and make the shape jump at 0.
  const humpAtTrough = bell(humpAtMs, humpWidthMs)
  return (ms) =>
    ms < 0 ? -bell(ms, fallMs) : -(1 + hump * humpAtTrough) * bell(ms, riseMs) + hump * bell(ms - humpAtMs, humpWidthMs)
}
