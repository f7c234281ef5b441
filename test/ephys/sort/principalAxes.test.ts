import { expect, test } from 'vitest'
import { principalAxes } from '../../../src/ephys/sort/principalAxes.ts'

test('the axes of a matrix with known eigenvectors come out longest first, largest entry positive', () => {
  // Eigenvalues 3 along (1, 1) and 1 along (1, −1).
  const axes = principalAxes(Float64Array.of(2, 1, 1, 2), 2, 2)
  const half = Math.SQRT1_2
  expect(Array.from(axes[0]!, Math.abs)).toEqual([expect.closeTo(half, 12), expect.closeTo(half, 12)])
  expect(axes[0]![0]! * axes[0]![1]!).toBeCloseTo(0.5, 12)
  expect(axes[1]![0]! * axes[1]![1]!).toBeCloseTo(-0.5, 12)
  for (const axis of axes) expect(Math.max(...axis)).toBeGreaterThan(0)
})

test('the axes of fifty dimensions are orthogonal, and the matrix only stretches them', () => {
  const size = 50
  const matrix = Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size]
    return Math.exp(-Math.abs(i - j) / 8)
  })
  const axes = principalAxes(matrix, size, 3)
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  for (const [i, a] of axes.entries()) {
    for (const [j, b] of axes.entries()) expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 9)
    const image = Float64Array.from({ length: size }, (_, row) => dot(matrix.slice(row * size, (row + 1) * size), a))
    const value = dot(image, a)
    for (let row = 0; row < size; row++) expect(image[row]).toBeCloseTo(value * a[row]!, 9)
  }
})

test('a matrix of zeros has axes of length one', () => {
  const [axis] = principalAxes(new Float64Array(9), 3, 1)
  expect(Math.hypot(...axis!)).toBe(1)
})
