import { principalAxes } from './principalAxes.ts'

/** Points in a space of features, (count, dimensions) in row order. */
export interface Points {
  readonly values: Float32Array
  readonly count: number
  readonly dimensions: number
}

export function distanceSquared(points: Points, index: number, centre: Float64Array): number {
  let sum = 0
  const from = index * points.dimensions
  for (let d = 0; d < points.dimensions; d++) {
    const difference = points.values[from + d]! - centre[d]!
    sum += difference * difference
  }
  return sum
}

export function centreOf(points: Points, members: readonly number[]): Float64Array {
  const centre = new Float64Array(points.dimensions)
  for (const index of members) {
    for (let d = 0; d < points.dimensions; d++) centre[d]! += points.values[index * points.dimensions + d]!
  }
  return centre.map((sum) => sum / Math.max(1, members.length))
}

/** The points in the space of their own first principal components, centred. */
export function reduceDimensions(points: Points, dimensions: number): Points {
  const { count, dimensions: size, values } = points
  const all = Array.from({ length: count }, (_, index) => index)
  const centre = centreOf(points, all)
  const covariance = new Float64Array(size * size)
  for (let index = 0; index < count; index++) {
    for (let i = 0; i < size; i++) {
      const x = values[index * size + i]! - centre[i]!
      for (let j = 0; j < size; j++) covariance[i * size + j]! += x * (values[index * size + j]! - centre[j]!)
    }
  }
  const axes = principalAxes(covariance, size, Math.min(dimensions, size))
  const reduced = new Float32Array(count * axes.length)
  for (let index = 0; index < count; index++) {
    for (const [k, axis] of axes.entries()) {
      let sum = 0
      for (let d = 0; d < size; d++) sum += (values[index * size + d]! - centre[d]!) * axis[d]!
      reduced[index * axes.length + k] = sum
    }
  }
  return { values: reduced, count, dimensions: axes.length }
}
