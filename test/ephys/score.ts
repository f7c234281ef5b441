/**
 * How well found clusters agree with true units, counted the way SpikeInterface's comparison with a ground truth does:
 * spikes match within ±0.4 ms, agreement is TP / (n1 + n2 − TP), units and clusters are paired by the Hungarian method,
 * and a pair that agrees by less than a half is no pair.
 */

const MATCH_WITHIN_MS = 0.4
const PAIR_FROM = 0.5
const WELL_DETECTED_FROM = 0.8

/** Spike times of each unit, in samples, not decreasing. */
export type Trains = readonly (readonly number[])[]

export interface Score {
  /** Agreement of each true unit with its cluster; 0 without one. */
  readonly agreements: readonly number[]
  readonly meanAgreement: number
  /** True units that agree with their cluster by at least 0.8. */
  readonly wellDetected: number
  /** Clusters that are no true unit's partner. */
  readonly spurious: number
}

export function score(truth: Trains, found: Trains, sampleRateHz: number): Score {
  const within = Math.floor((MATCH_WITHIN_MS * sampleRateHz) / 1000)
  const agreement = truth.map((unit) => found.map((cluster) => agreementOf(unit, cluster, within)))
  const partners = assign(agreement.map((row) => row.map((value) => 1 - value)))
  const agreements = partners.map((cluster, unit) => {
    const value = cluster === undefined ? 0 : agreement[unit]![cluster]!
    return value < PAIR_FROM ? 0 : value
  })
  return {
    agreements,
    meanAgreement: agreements.reduce((sum, value) => sum + value, 0) / Math.max(1, agreements.length),
    wellDetected: agreements.filter((value) => value >= WELL_DETECTED_FROM).length,
    spurious: found.length - agreements.filter((value) => value > 0).length,
  }
}

/** TP / (n1 + n2 − TP), in [0, 1]; 0 for two empty trains. */
export function agreementOf(a: readonly number[], b: readonly number[], within: number): number {
  const together = countMatches(a, b, within)
  const either = a.length + b.length - together
  return either === 0 ? 0 : together / either
}

/** Spikes of `a` and `b` at most `within` samples apart, each spike counted in one pair only. */
export function countMatches(a: readonly number[], b: readonly number[], within: number): number {
  let matches = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const apart = a[i]! - b[j]!
    if (Math.abs(apart) <= within) {
      matches++
      i++
      j++
    } else if (apart < 0) i++
    else j++
  }
  return matches
}

/**
 * The column given to each row so that the sum of costs is least, one row per column (Hungarian method with potentials,
 * O(n³)); undefined for a row that is left over.
 */
export function assign(costs: readonly (readonly number[])[]): (number | undefined)[] {
  const rows = costs.length
  const columns = costs[0]?.length ?? 0
  const size = Math.max(rows, columns)
  const cost = (row: number, column: number) => costs[row]?.[column] ?? 1
  const rowPotential = new Float64Array(size + 1)
  const columnPotential = new Float64Array(size + 1)
  // 1-based; 0 stands for "free".
  const rowOf = new Int32Array(size + 1)
  const previous = new Int32Array(size + 1)
  for (let row = 1; row <= size; row++) {
    const least = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY)
    const used = new Uint8Array(size + 1)
    rowOf[0] = row
    let column = 0
    do {
      used[column] = 1
      let delta = Number.POSITIVE_INFINITY
      let next = 0
      for (let j = 1; j <= size; j++) {
        if (used[j]) continue
        const reduced = cost(rowOf[column]! - 1, j - 1) - rowPotential[rowOf[column]!]! - columnPotential[j]!
        if (reduced < least[j]!) {
          least[j] = reduced
          previous[j] = column
        }
        if (least[j]! < delta) {
          delta = least[j]!
          next = j
        }
      }
      for (let j = 0; j <= size; j++) {
        if (used[j]) {
          rowPotential[rowOf[j]!]! += delta
          columnPotential[j]! -= delta
        } else least[j]! -= delta
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      rowOf[column] = rowOf[previous[column]!]!
      column = previous[column]!
    }
  }
  const partners = new Array<number | undefined>(rows).fill(undefined)
  for (let j = 1; j <= columns; j++) if (rowOf[j]! <= rows) partners[rowOf[j]! - 1] = j - 1
  return partners
}
