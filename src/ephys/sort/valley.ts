/** Without this part at each end outliers would stretch the histogram. */
const TAIL = 0.01
const FEWEST_BINS = 10
const MOST_BINS = 40
const SMOOTHING = [1, 2, 3, 2, 1] as const
/** Between the peaks of one cluster the density falls to no less than this part of the lower peak. */
const SHALLOW = 0.6

/**
 * Is there no valley between `a` and `b` in the values' density? Two groups that a line through their centres shows
 * without a gap are one cell's. Told from a smoothed histogram.
 */
export function isUnimodal(values: Float64Array, a: number, b: number): boolean {
  const sorted = Float64Array.from(values).sort()
  const low = sorted[Math.floor(sorted.length * TAIL)]!
  const high = sorted[Math.floor(sorted.length * (1 - TAIL))]!
  const bins = Math.max(FEWEST_BINS, Math.min(MOST_BINS, Math.round(Math.sqrt(sorted.length))))
  const binOf = (value: number) => Math.floor(((value - low) / (high - low + 1e-9)) * bins)
  const histogram = new Float64Array(bins)
  for (const value of sorted) {
    const bin = binOf(value)
    if (bin >= 0 && bin < bins) histogram[bin]!++
  }
  const density = smooth(histogram)
  const inside = (bin: number) => Math.max(0, Math.min(bins - 1, bin))
  const from = inside(binOf(Math.min(a, b)))
  const to = inside(binOf(Math.max(a, b)))
  let bottom = from
  for (let bin = from; bin <= to; bin++) if (density[bin]! < density[bottom]!) bottom = bin
  const leftPeak = density.subarray(0, bottom + 1).reduce((most, value) => Math.max(most, value), 0)
  const rightPeak = density.subarray(bottom).reduce((most, value) => Math.max(most, value), 0)
  return density[bottom]! > SHALLOW * Math.min(leftPeak, rightPeak)
}

function smooth(histogram: Float64Array): Float64Array {
  const reach = SMOOTHING.length >> 1
  return histogram.map((_, bin) => {
    let sum = 0
    let weights = 0
    for (let offset = -reach; offset <= reach; offset++) {
      const value = histogram[bin + offset]
      if (value === undefined) continue
      sum += SMOOTHING[offset + reach]! * value
      weights += SMOOTHING[offset + reach]!
    }
    return sum / weights
  })
}
