import { clusterPoints } from './cluster.ts'
import type { Peak } from './detect.ts'
import { type Basis, peakFeatures } from './features.ts'
import { mergeAlike } from './merge.ts'
import { nearestFirst, type Position } from './neighbours.ts'
import { reduceDimensions } from './points.ts'
import { FEATURE_CHANNELS } from './spikeTable.ts'
import { spread } from './stretches.ts'
import { type Unit, unitOf } from './template.ts'
import type { Traces } from './traces.ts'
import type { Windows } from './windows.ts'

/** Of a channel's troughs so many are clustered; the matching finds the others. */
const MOST_CLUSTERED = 10_000
/** Dimensions that clusters are sought in. */
const DIMENSIONS = 5
/** A cell fires at least so often, and so many times. */
const LEAST_RATE_HZ = 0.3
const FEWEST_SPIKES = 20
/** A template's depth in noise deviations; the mean of chance troughs at the threshold is no deeper. */
const LEAST_DEPTH = 4.5

export interface FindUnitsOptions {
  readonly positions: readonly Position[]
  readonly windows: Windows
  readonly basis: Basis
  readonly sampleRateHz: number
}

/**
 * The cells whose spikes the troughs are: clusters of the waveforms on each channel and those around it, made into
 * templates, and joined where these are alike. Where no cell has enough spikes to be told from others (a recording of a
 * second), each channel's troughs are taken for one cell's.
 */
export function findUnits(traces: Traces, peaks: readonly Peak[], options: FindUnitsOptions): Unit[] {
  const { positions, windows, sampleRateHz } = options
  const fewest = Math.max(FEWEST_SPIKES, (LEAST_RATE_HZ * traces.samples) / sampleRateHz)
  const byChannel = positions.map((_, channel) => peaks.filter((peak) => peak.channel === channel))
  const clustered = byChannel.flatMap((own, channel) => clusterChannel(traces, own, { ...options, channel, fewest }))
  const units = clustered.filter(({ template }) => template.depth >= LEAST_DEPTH)
  if (units.length > 0) return mergeAlike(traces, units, { positions, windows })
  const whole = byChannel.flatMap((own) => toUnit(traces, own, windows))
  return mergeAlike(traces, whole, { positions, windows })
}

function clusterChannel(
  traces: Traces,
  peaks: readonly Peak[],
  options: FindUnitsOptions & { readonly channel: number; readonly fewest: number },
): Unit[] {
  const { positions, windows, basis, channel, fewest } = options
  if (peaks.length < fewest) return []
  const taken = spread(peaks, MOST_CLUSTERED)
  const channels = nearestFirst(positions)[channel]!.slice(0, FEATURE_CHANNELS)
  const points = reduceDimensions(peakFeatures(traces, taken, { channels, basis, windows }), DIMENSIONS)
  return clusterPoints(points)
    .filter((members) => members.length * peaks.length >= fewest * taken.length)
    .flatMap((members) => {
      const own = [...members].sort((a, b) => a - b).map((index) => taken[index]!)
      return toUnit(traces, own, windows)
    })
}

function toUnit(traces: Traces, peaks: readonly Peak[], windows: Windows): Unit[] {
  const samples = peaks.map(({ sample }) => sample)
  const unit = unitOf(traces, samples, windows)
  return unit ? [unit] : []
}
