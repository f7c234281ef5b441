import { liesInOneStretch, spread } from './stretches.ts'
import type { Traces } from './traces.ts'
import type { Windows } from './windows.ts'

/** The mean waveform of a cell's spikes; its trough is at row `windows.before`. */
export interface Template {
  /** Noise deviations, (channels, windows.length) in row order. */
  readonly values: Float32Array
  /** Where the trough is deepest. */
  readonly channel: number
  /** Of the deepest trough, noise deviations below zero. */
  readonly depth: number
}

/** Spikes of one cell, samples, not decreasing, and what they look like. */
export interface Unit {
  readonly spikes: readonly number[]
  readonly template: Template
}

/** A mean of so many spikes, spread over the recording, has a tenth of a spike's noise and less. */
const MEAN_OF = 400

/**
 * The unit of these spikes (samples, not decreasing), moved so that the trough of their mean lies at each spike's time.
 * Spikes whose waveform would reach over a stretch's end are left out; undefined when none is left.
 */
export function unitOf(traces: Traces, spikes: readonly number[], windows: Windows): Unit | undefined {
  const first = meanOf(traces, spikes, windows)
  if (first === undefined) return undefined
  const shift = first.row - windows.before
  if (shift === 0) return { spikes: first.spikes, template: first.template }
  const moved = meanOf(
    traces,
    spikes.map((sample) => sample + shift),
    windows,
  )
  return moved && { spikes: moved.spikes, template: moved.template }
}

function meanOf(traces: Traces, spikes: readonly number[], windows: Windows) {
  const { before, after, length } = windows
  const whole = spikes.filter((sample) => liesInOneStretch(traces.borders, sample - before, sample + after))
  const taken = spread(whole, MEAN_OF)
  if (taken.length === 0) return undefined
  const rows = Array.from({ length: traces.channels }, () => new Float32Array(length))
  const sums = new Float64Array(traces.channels * length)
  for (const sample of taken) {
    traces.read(sample - before, sample + after, rows)
    for (let channel = 0; channel < traces.channels; channel++) {
      const values = rows[channel]!
      for (let row = 0; row < length; row++) sums[channel * length + row]! += values[row]!
    }
  }
  const values = Float32Array.from(sums, (sum) => sum / taken.length)
  let trough = 0
  for (let at = 0; at < values.length; at++) if (values[at]! < values[trough]!) trough = at
  const channel = Math.floor(trough / length)
  return { spikes: whole, row: trough % length, template: { values, channel, depth: -values[trough]! } }
}

/** How alike two templates are, and how many samples later the second must be taken for that. */
export interface Likeness {
  /** 2⟨a, b⟩ / (⟨a, a⟩ + ⟨b, b⟩): 1 for equal ones, less for another shape or another size. */
  readonly similarity: number
  readonly lag: number
}

/** The best likeness with lags up to `mostLag` samples either way; 0 at lag 0 where nothing is alike. */
export function likenessOf(a: Template, b: Template, windows: Windows, mostLag = windows.exclusion): Likeness {
  const { length } = windows
  const energies = energyOf(a.values) + energyOf(b.values)
  if (energies === 0) return { similarity: 0, lag: 0 }
  let best: Likeness = { similarity: 0, lag: 0 }
  // From lag 0 outwards, so that the least lag wins where several are equal.
  for (let step = 0; step <= 2 * mostLag; step++) {
    const lag = step % 2 === 0 ? 0 - step / 2 : (step + 1) / 2
    const from = Math.max(0, -lag)
    const to = Math.min(length, length - lag)
    let product = 0
    for (let offset = 0; offset < a.values.length; offset += length) {
      for (let row = from; row < to; row++) product += a.values[offset + row]! * b.values[offset + row + lag]!
    }
    const similarity = (2 * product) / energies
    if (similarity > best.similarity) best = { similarity, lag }
  }
  return best
}

/** Sum of squares. */
export function energyOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return sum
}
