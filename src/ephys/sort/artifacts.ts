import type { Peak } from './detect.ts'
import type { TraceWindow } from './traces.ts'
import type { Windows } from './windows.ts'

/** With fewer channels out of reach, a cell that all of them see could not be told from an artifact. */
const FEWEST_FAR_CHANNELS = 8
/** Noise deviations: beyond them, half of the far channels are moved by something that is no cell. */
const LOUD = 1.5

/**
 * Tells troughs that are part of an artifact: a movement, a stimulus, chewing. A spike is local, so around it the
 * channels out of its cell's reach show their usual noise (of deviation 1, in the median over them). Probes with few
 * channels cannot tell.
 */
export function artifactDetector(
  neighbours: readonly (readonly number[])[],
  windows: Windows,
): (window: TraceWindow, peak: Peak) => boolean {
  const far = neighbours.map((near) => neighbours.map((_, channel) => channel).filter((c) => !near.includes(c)))
  return (window, { sample, channel }) => {
    const channels = far[channel]!
    if (channels.length < FEWEST_FAR_CHANNELS) return false
    const from = Math.max(0, sample - windows.exclusion - window.start)
    const to = Math.min(window.samples, sample + windows.exclusion + 1 - window.start)
    const powers = Float64Array.from(channels, (other) => power(window.channels[other]!, from, to)).sort()
    return powers[powers.length >> 1]! > LOUD * LOUD
  }
}

function power(values: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]! * values[i]!
  return sum / (to - from)
}
