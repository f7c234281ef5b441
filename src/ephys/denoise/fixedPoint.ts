// Samples side by side in fixed point: int32 with 12 bits after the point. Means keep their fraction, integer arithmetic
// is exact, and every machine gets the same bits.
import type { Samples } from '../mat/recording.ts'

/** One count in fixed point; `count = fixed >> fixedBits`. */
export const fixedBits = 12
export const fixedOne = 1 << fixedBits

/** Rows of a tile, at most: an even number; with war's sums, those of 32 channels stay in the processor's second memory. */
export const tileRows = 128

/**
 * Samples further from the mean than 65,535 counts are held there, so that sums of four of them fit 32 bits. Int16 has
 * no room for them in any case.
 */
const fixedLimit = 65_535 * fixedOne

/** How a channel's numbers become fixed point: `number × factor + shift`. */
export type Conversion = { readonly factor: number; readonly shift: number }

/** Puts a channel's numbers into its column. */
export function toFixed(samples: Samples, column: Int32Array, conversion: Conversion): void {
  // The same loop twice: each stays fast because it only ever sees one type of array.
  if (samples instanceof Int16Array) countsToFixed(samples, column, conversion)
  else valuesToFixed(samples, column, conversion)
}

function countsToFixed(samples: Int16Array, column: Int32Array, { factor, shift }: Conversion): void {
  for (let i = 0; i < samples.length; i++) {
    column[i] = Math.max(-fixedLimit, Math.min(fixedLimit, samples[i]! * factor + shift))
  }
}

function valuesToFixed(samples: Float64Array, column: Int32Array, { factor, shift }: Conversion): void {
  for (let i = 0; i < samples.length; i++) {
    column[i] = Math.max(-fixedLimit, Math.min(fixedLimit, samples[i]! * factor + shift))
  }
}

/** Puts the first `rows` rows of some channels' columns into `tile` (rows × those channels), side by side. */
export function gatherRows(
  columns: readonly Int32Array[],
  { channels, rows }: { readonly channels: readonly number[]; readonly rows: number },
  tile: Int32Array | Float64Array,
): void {
  for (const [place, c] of channels.entries()) {
    const column = columns[c]!
    for (let r = 0, at = place; r < rows; r++, at += channels.length) tile[at] = column[r]!
  }
}

/** The nearest count, halves up as Math.round does; may be outside int16. */
export function roundFixed(fixed: number): number {
  return Math.floor(fixed / fixedOne + 0.5)
}

/** Puts a channel's counts, held within int16, into `out` (rows × channels). Returns how many were clipped. */
export function putCounts(
  counts: Int32Array,
  out: Int16Array,
  { channel, channels }: { readonly channel: number; readonly channels: number },
): number {
  let clipped = 0
  for (let r = 0, at = channel; r < counts.length; r++, at += channels) {
    const count = counts[r]!
    const held = Math.max(-32_768, Math.min(32_767, count))
    if (held !== count) clipped++
    out[at] = held
  }
  return clipped
}
