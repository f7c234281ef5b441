import { artifactDetector } from './artifacts.ts'
import type { TraceWindow } from './traces.ts'
import type { Windows } from './windows.ts'

/** A trough that stands out: where a spike is seen best. */
export interface Peak {
  readonly sample: number
  readonly channel: number
}

export interface DetectOptions {
  /** Noise deviations below zero. */
  readonly threshold: number
  /** Of each channel, the channels near it, itself among them. */
  readonly neighbours: readonly (readonly number[])[]
  readonly windows: Windows
}

/**
 * Troughs below the threshold that are the deepest within the exclusion time on their own and all neighbouring channels,
 * in the order of time, then of channels. Only those with samples from `from` to `to` (excluded) are looked for; the
 * window must reach an exclusion time farther on both sides.
 */
export function detectPeaks(window: TraceWindow, range: { from: number; to: number }, options: DetectOptions): Peak[] {
  const { exclusion } = options.windows
  const isArtifact = artifactDetector(options.neighbours, options.windows)
  const first = Math.max(range.from - window.start, exclusion)
  const end = Math.min(range.to - window.start, window.samples - exclusion)
  const limit = -options.threshold
  const peaks: Peak[] = []
  for (let channel = 0; channel < window.channels.length; channel++) {
    const values = window.channels[channel]!
    for (let at = first; at < end; at++) {
      const value = values[at]!
      if (value >= limit || value > values[at - 1]! || value > values[at + 1]!) continue
      if (!isDeepest(window.channels, { channel, at }, options)) continue
      const peak = { sample: window.start + at, channel }
      if (!isArtifact(window, peak)) peaks.push(peak)
    }
  }
  return peaks.sort((a, b) => a.sample - b.sample || a.channel - b.channel)
}

/** Of equal depths the lower channel's counts, then the earlier one, so that a spike is found once. */
function isDeepest(
  channels: readonly Float32Array[],
  trough: { readonly channel: number; readonly at: number },
  { neighbours, windows: { exclusion } }: DetectOptions,
): boolean {
  const { channel, at } = trough
  const value = channels[channel]![at]!
  for (const other of neighbours[channel]!) {
    const values = channels[other]!
    for (let i = at - exclusion; i <= at + exclusion; i++) {
      if (values[i]! > value) continue
      if (values[i]! < value || other < channel || (other === channel && i < at)) return false
    }
  }
  return true
}
