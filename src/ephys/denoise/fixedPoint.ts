// Samples side by side in fixed point: int32 with 12 bits after the point. Means keep their fraction, integer arithmetic
// is exact, and every machine gets the same bits.
import type { Samples } from '../mat/recording.ts'

/** One count in fixed point; `count = fixed >> fixedBits`. */
export const fixedBits = 12
export const fixedOne = 1 << fixedBits

/**
 * Samples further from the mean than 65,535 counts are held there, so that sums of four of them fit 32 bits. Int16 has
 * no room for them in any case.
 */
const fixedLimit = 65_535 * fixedOne

/** Where a channel goes, and how its numbers become fixed point: `number × factor + shift`. */
export type Placement = {
  readonly channel: number
  readonly channels: number
  readonly factor: number
  readonly shift: number
}

/** Puts a channel's numbers into their column of `fixed` (samples × channels). */
export function putChannel(fixed: Int32Array, samples: Samples, placement: Placement): void {
  // The same loop twice: each stays fast because it only ever sees one type of array.
  if (samples instanceof Int16Array) putCounts(fixed, samples, placement)
  else putValues(fixed, samples, placement)
}

function putCounts(fixed: Int32Array, samples: Int16Array, { channel, channels, factor, shift }: Placement): void {
  for (let i = 0, at = channel; i < samples.length; i++, at += channels) {
    fixed[at] = Math.max(-fixedLimit, Math.min(fixedLimit, samples[i]! * factor + shift))
  }
}

function putValues(fixed: Int32Array, samples: Float64Array, { channel, channels, factor, shift }: Placement): void {
  for (let i = 0, at = channel; i < samples.length; i++, at += channels) {
    fixed[at] = Math.max(-fixedLimit, Math.min(fixedLimit, samples[i]! * factor + shift))
  }
}

/** The nearest count, halves up as Math.round does; may be outside int16. */
export function roundFixed(fixed: number): number {
  return Math.floor(fixed / fixedOne + 0.5)
}

/** The nearest that int16 holds. */
export function toInt16(count: number): number {
  return Math.max(-32_768, Math.min(32_767, count))
}
