// Weights of the regression of each channel on the others, from the inverse of their covariance.
import type { Judgement } from './judge.ts'

/** Added to each variance, as a part of the mean variance: two channels wired together stay solvable. */
const ridge = 1e-9

/**
 * The matrix (channels × channels, row by row) that takes from each channel what the good ones predict of it:
 * x_i − Σ b_j x_j. For a good channel b_j = −P_ij / P_ii, P being the inverse covariance of the good channels (Lauritzen,
 * Graphical Models, 5.1.3): no fit of its own is needed. For a noisy one b = P cov(good, i). Dead ones stay as they are.
 */
export function regressionWeights(covariance: Float64Array, judgements: readonly Judgement[]): Float64Array {
  const channels = judgements.length
  const good = judgements.flatMap((judgement, c) => (judgement === 'good' ? [c] : []))
  const inverse = invertCovariance(good.map((a) => Float64Array.from(good, (b) => covariance[a * channels + b]!)))
  const weights = new Float64Array(channels * channels)
  for (const [c, judgement] of judgements.entries()) {
    weights[c * channels + c] = 1
    const place = good.indexOf(c)
    for (const [j, other] of good.entries()) {
      if (judgement === 'good' && j !== place)
        weights[c * channels + other] = inverse[place]![j]! / inverse[place]![place]!
      if (judgement === 'noisy')
        weights[c * channels + other] = -productWith(inverse[j]!, good, covariance, c * channels)
    }
  }
  return weights
}

function productWith(row: Float64Array, good: readonly number[], covariance: Float64Array, start: number): number {
  return good.reduce((sum, c, k) => sum + row[k]! * covariance[start + c]!, 0)
}

/** Gauss and Jordan's elimination; a covariance with the ridge is positive, so no pivoting is needed. Overwrites `rows`. */
function invertCovariance(rows: Float64Array[]): Float64Array[] {
  const size = rows.length
  const inverse = rows.map((_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)))
  const meanVariance = rows.reduce((sum, row, i) => sum + row[i]!, 0) / size
  for (const [i, row] of rows.entries()) row[i]! += ridge * meanVariance
  for (let k = 0; k < size; k++) {
    const pivot = rows[k]![k]!
    for (let j = 0; j < size; j++) {
      rows[k]![j]! /= pivot
      inverse[k]![j]! /= pivot
    }
    for (let r = 0; r < size; r++) {
      const factor = rows[r]![k]!
      if (r === k || factor === 0) continue
      for (let j = 0; j < size; j++) {
        rows[r]![j]! -= factor * rows[k]![j]!
        inverse[r]![j]! -= factor * inverse[k]![j]!
      }
    }
  }
  return inverse
}
