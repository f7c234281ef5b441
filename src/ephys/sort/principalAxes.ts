/** More sweeps than any matrix of this kind has been seen to need (about eight). */
const MOST_SWEEPS = 60

/**
 * The eigenvectors of a symmetric matrix (size × size, row order) with the largest eigenvalues, largest first, each of
 * length 1, by Jacobi's rotations. An eigenvector's sign is chosen so that its largest entry is positive.
 */
export function principalAxes(matrix: Float64Array, size: number, count: number): Float64Array[] {
  const a = Float64Array.from(matrix)
  const vectors = new Float64Array(size * size)
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1
  for (let sweep = 0; sweep < MOST_SWEEPS && !isDiagonal(a, size); sweep++) {
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, { size, p, q })
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j]! - a[i * size + i]! || i - j)
  return order.slice(0, count).map((column) => {
    const axis = Float64Array.from({ length: size }, (_, row) => vectors[row * size + column]!)
    const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
    return largest < 0 ? axis.map((value) => -value) : axis
  })
}

/** Rows and columns p and q turned so that a[p][q] becomes 0. */
function rotate(a: Float64Array, vectors: Float64Array, at: { size: number; p: number; q: number }): void {
  const { size, p, q } = at
  const apq = a[p * size + q]!
  if (apq === 0) return
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq)
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (let i = 0; i < size; i++) {
    const ip = a[i * size + p]!
    const iq = a[i * size + q]!
    a[i * size + p] = cosine * ip - sine * iq
    a[i * size + q] = sine * ip + cosine * iq
  }
  for (let i = 0; i < size; i++) {
    const pi = a[p * size + i]!
    const qi = a[q * size + i]!
    a[p * size + i] = cosine * pi - sine * qi
    a[q * size + i] = sine * pi + cosine * qi
    const vp = vectors[i * size + p]!
    const vq = vectors[i * size + q]!
    vectors[i * size + p] = cosine * vp - sine * vq
    vectors[i * size + q] = sine * vp + cosine * vq
  }
}

function isDiagonal(a: Float64Array, size: number): boolean {
  let off = 0
  let on = 0
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (i === j) on += a[i * size + j]! ** 2
      else off += a[i * size + j]! ** 2
    }
  }
  return off <= 1e-24 * on
}
