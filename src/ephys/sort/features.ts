import type { Peak } from './detect.ts'
import type { Points } from './points.ts'
import { principalAxes } from './principalAxes.ts'
import { spread } from './stretches.ts'
import type { Traces } from './traces.ts'
import type { Windows } from './windows.ts'

/** Principal components kept of a waveform on one channel; phy shows three. */
export const COMPONENTS = 3
/** So many waveforms tell the components as well as all of them. */
const BASIS_WAVEFORMS = 5000

/** The components, each of a waveform's length, in the order of how much they explain. */
export type Basis = readonly Float64Array[]

/**
 * The principal components of the spikes' waveforms on their own channels, not centred. The first is turned so that
 * spikes project positive: phylib squares what is above 0 to find a spike's depth, and has 0/0 without it.
 */
export function waveformBasis(traces: Traces, peaks: readonly Peak[], windows: Windows): Basis {
  const { length, before, after } = windows
  const rows = Array.from({ length: traces.channels }, () => new Float32Array(length))
  const products = new Float64Array(length * length)
  const mean = new Float64Array(length)
  for (const { sample, channel } of spread(peaks, BASIS_WAVEFORMS)) {
    traces.read(sample - before, sample + after, rows)
    const waveform = rows[channel]!
    for (let i = 0; i < length; i++) {
      mean[i]! += waveform[i]!
      for (let j = 0; j < length; j++) products[i * length + j]! += waveform[i]! * waveform[j]!
    }
  }
  const basis = principalAxes(products, length, COMPONENTS)
  const onMean = basis[0]!.reduce((sum, value, i) => sum + value * mean[i]!, 0)
  if (onMean < 0) basis[0] = basis[0]!.map((value) => -value)
  return basis
}

/** Each peak's waveforms on the given channels, as COMPONENTS numbers a channel. The peaks are in the order of time. */
export function peakFeatures(
  traces: Traces,
  peaks: readonly Peak[],
  on: { readonly channels: readonly number[]; readonly basis: Basis; readonly windows: Windows },
): Points {
  const { channels, basis, windows } = on
  const dimensions = channels.length * basis.length
  const values = new Float32Array(peaks.length * dimensions)
  const rows = Array.from({ length: traces.channels }, () => new Float32Array(windows.length))
  let at = 0
  for (const { sample } of peaks) {
    traces.read(sample - windows.before, sample + windows.after, rows)
    for (const channel of channels) for (const axis of basis) values[at++] = project(rows[channel]!, 0, axis)
  }
  return { values, count: peaks.length, dimensions }
}

/** The scalar product of the component and the values from `offset` on. */
export function project(values: Float32Array, offset: number, axis: Float64Array): number {
  let sum = 0
  for (let i = 0; i < axis.length; i++) sum += values[offset + i]! * axis[i]!
  return sum
}
