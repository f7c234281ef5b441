import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/ephys/random.ts'
import { clusterPoints } from '../../../src/ephys/sort/cluster.ts'
import { isUnimodal } from '../../../src/ephys/sort/valley.ts'

/** Normal values around each centre, `count` of each. */
function around(centres: readonly number[], count: number): Float64Array {
  const random = seededRandom(3)
  return Float64Array.from({ length: centres.length * count }, (_, i) => centres[i % centres.length]! + random.normal())
}

test('one hill has no valley, wherever it is cut', () => {
  expect(isUnimodal(around([0], 2000), -0.8, 0.8)).toBe(true)
})

test('two hills four deviations apart have a valley between them', () => {
  expect(isUnimodal(around([0, 4], 1000), 0, 4)).toBe(false)
})

test('two hills a deviation apart are one', () => {
  expect(isUnimodal(around([0, 1], 1000), 0, 1)).toBe(true)
})

test('a small hill beside a large one has its valley too', () => {
  const values = Float64Array.from([...around([0], 3000), ...around([6], 200)])
  expect(isUnimodal(values, 0, 6)).toBe(false)
})

test('equal values are one hill', () => {
  expect(isUnimodal(new Float64Array(100).fill(7), 7, 7)).toBe(true)
})

function clusters(centres: readonly (readonly number[])[], count: number) {
  const random = seededRandom(3)
  const dimensions = centres[0]!.length
  const values = Float32Array.from(
    { length: centres.length * count * dimensions },
    (_, i) => centres[Math.floor(i / dimensions) % centres.length]![i % dimensions]! + random.normal(),
  )
  return clusterPoints({ values, count: centres.length * count, dimensions })
}

test('k-means begins with more centres than there are clouds, and the merging finds the clouds', () => {
  const clouds = [
    [0, 0],
    [8, 0],
    [0, 8],
  ]
  const found = clusters(clouds, 400).map((members) => new Set(members.map((index) => index % clouds.length)))
  expect(found.map((cloud) => cloud.size)).toEqual([1, 1, 1])
  expect(new Set(found.flatMap((cloud) => [...cloud])).size).toBe(3)
})

test('one cloud is one cluster, and every point is in it', () => {
  const [all, ...others] = clusters([[0, 0, 0]], 900)
  expect(others).toEqual([])
  expect(all).toHaveLength(900)
})

test('no points are no clusters', () => {
  expect(clusterPoints({ values: new Float32Array(0), count: 0, dimensions: 3 })).toEqual([])
})

test('the same points give the same clusters', () => {
  const clouds = [
    [0, 0],
    [3, 3],
  ]
  expect(clusters(clouds, 300)).toEqual(clusters(clouds, 300))
})
