// The covariance of the channels, added up block by block.
import type { Block } from './blocks.ts'

/** Rows whose products are summed at once: those of 32 channels stay in the processor's second memory. */
const tileRows = 256

/** Products that are summed at once, so that one addition need not wait for the one before. */
const groupSize = 4

export type Covariance = {
  /** Adds every so many rows, counted from the batch's first. */
  readonly add: (block: Block, every: number) => void
  /** Channels × channels, row by row. */
  readonly result: () => Float64Array
}

/** Sums products around each channel's first sample, so that a large mean does not eat up the digits. */
export function startCovariance(channels: number): Covariance {
  // A column of a row's products is as long as a multiple of a group; what is beyond the diagonal is not used.
  const width = Math.ceil(channels / groupSize) * groupSize
  const products = new Float64Array(channels * width)
  const sums = new Float64Array(channels)
  const tile = Array.from({ length: width }, () => new Float64Array(tileRows))
  let origin: Float64Array | undefined
  let rows = 0
  return {
    add: (block, every) => {
      const { scalings } = block.file
      const value = (c: number, i: number) => block.channels[c]![i]! * scalings[c]!.gain + scalings[c]!.offset
      let next = (every - (block.firstRow % every)) % every
      while (next < block.rows) {
        origin ??= Float64Array.from({ length: channels }, (_, c) => value(c, next))
        const count = Math.min(tileRows, Math.ceil((block.rows - next) / every))
        for (let c = 0; c < channels; c++) {
          const deviations = tile[c]!
          const start = origin[c]!
          for (let r = 0; r < count; r++) deviations[r] = value(c, next + r * every) - start
          for (let r = 0; r < count; r++) sums[c]! += deviations[r]!
        }
        for (let a = 0; a < channels; a++) {
          for (let b = 0; b <= a; b += groupSize) addProducts(products, a * width + b, tile, { a, b, count })
        }
        rows += count
        next += count * every
      }
    },
    result: () => {
      const covariance = new Float64Array(channels * channels)
      for (let a = 0; a < channels; a++) {
        for (let b = 0; b <= a; b++) {
          const value = products[a * width + b]! / rows - (sums[a]! / rows) * (sums[b]! / rows)
          covariance[a * channels + b] = value
          covariance[b * channels + a] = value
        }
      }
      return covariance
    },
  }
}

type Place = { readonly a: number; readonly b: number; readonly count: number }

/** Adds the products of column `a` with the columns from `b` on to the sums at `at`. */
function addProducts(products: Float64Array, at: number, tile: readonly Float64Array[], { a, b, count }: Place): void {
  const one = tile[a]!
  const c0 = tile[b]!
  const c1 = tile[b + 1]!
  const c2 = tile[b + 2]!
  const c3 = tile[b + 3]!
  let p0 = products[at]!
  let p1 = products[at + 1]!
  let p2 = products[at + 2]!
  let p3 = products[at + 3]!
  for (let r = 0; r < count; r++) {
    const value = one[r]!
    p0 += value * c0[r]!
    p1 += value * c1[r]!
    p2 += value * c2[r]!
    p3 += value * c3[r]!
  }
  products[at] = p0
  products[at + 1] = p1
  products[at + 2] = p2
  products[at + 3] = p3
}
