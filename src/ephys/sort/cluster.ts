import { type Random, seededRandom } from '../random.ts'
import { centreOf, distanceSquared, type Points } from './points.ts'
import { isUnimodal } from './valley.ts'

/** Clusters to begin with: more than there are cells near a channel, so that no two cells start in one. */
const MOST_CENTRES = 12
const POINTS_PER_CENTRE = 30
const ROUNDS = 30
/** With fewer members a cluster's density cannot be told, and it joins the nearest. */
const FEWEST_MEMBERS = 8
const SEED = 7

interface Cluster {
  readonly members: readonly number[]
  readonly centre: Float64Array
}

/**
 * Groups points into clusters: first too many (k-means), then the nearest two are joined as long as no valley lies
 * between them. Returns the indices of each cluster's points; every point is in one. The same points give the same
 * clusters.
 */
export function clusterPoints(points: Points): (readonly number[])[] {
  if (points.count === 0) return []
  const centres = Math.max(1, Math.min(MOST_CENTRES, Math.floor(points.count / POINTS_PER_CENTRE)))
  const groups = kMeans(points, centres, seededRandom(SEED))
  return mergeClusters(
    points,
    groups.map((members) => ({ members, centre: centreOf(points, members) })),
  )
}

/** Lloyd's method from k-means++ centres. Groups that lost all their points are left out. */
function kMeans(points: Points, count: number, random: Random): number[][] {
  let centres = drawCentres(points, count, random)
  let groups: number[][] = []
  const labels = new Int32Array(points.count).fill(-1)
  for (let round = 0; round < ROUNDS; round++) {
    let moved = 0
    groups = centres.map(() => [])
    for (let index = 0; index < points.count; index++) {
      const nearest = nearestCentre(points, index, centres)
      if (labels[index] !== nearest) moved++
      labels[index] = nearest
      groups[nearest]!.push(index)
    }
    if (moved === 0) break
    centres = centres.map((centre, k) => (groups[k]!.length > 0 ? centreOf(points, groups[k]!) : centre))
  }
  return groups.filter((members) => members.length > 0)
}

/** Each next centre is a point taken with a chance that rises with the square of its distance from the ones before. */
function drawCentres(points: Points, count: number, random: Random): Float64Array[] {
  const pointAt = (index: number) =>
    Float64Array.from(points.values.subarray(index * points.dimensions, (index + 1) * points.dimensions))
  const centres = [pointAt(random.integer(points.count))]
  const nearest = new Float64Array(points.count).fill(Number.POSITIVE_INFINITY)
  while (centres.length < count) {
    const last = centres.at(-1)!
    let total = 0
    for (let index = 0; index < points.count; index++) {
      nearest[index] = Math.min(nearest[index]!, distanceSquared(points, index, last))
      total += nearest[index]!
    }
    let left = random.uniform() * total
    let index = 0
    while (index < points.count - 1 && left >= nearest[index]!) left -= nearest[index++]!
    centres.push(pointAt(index))
  }
  return centres
}

function nearestCentre(points: Points, index: number, centres: readonly Float64Array[]): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let k = 0; k < centres.length; k++) {
    const distance = distanceSquared(points, index, centres[k]!)
    if (distance >= least) continue
    least = distance
    best = k
  }
  return best
}

function mergeClusters(points: Points, start: readonly Cluster[]): (readonly number[])[] {
  const clusters = [...start]
  // Pairs with a valley between them; a cluster that grows is a new object, and is tried anew.
  const apart = new Map<Cluster, Set<Cluster>>()
  for (;;) {
    const pair = nearestPair(clusters, apart)
    if (pair === undefined) return clusters.map(({ members }) => members)
    const [a, b] = pair
    if (hasValley(points, a, b)) {
      apart.set(a, (apart.get(a) ?? new Set()).add(b))
      continue
    }
    const members = [...a.members, ...b.members]
    clusters.splice(clusters.indexOf(b), 1)
    clusters[clusters.indexOf(a)] = { members, centre: centreOf(points, members) }
  }
}

function nearestPair(clusters: readonly Cluster[], apart: Map<Cluster, Set<Cluster>>): [Cluster, Cluster] | undefined {
  let best: [Cluster, Cluster] | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [i, a] of clusters.entries()) {
    for (const b of clusters.slice(i + 1)) {
      if (apart.get(a)?.has(b) || apart.get(b)?.has(a)) continue
      const distance = a.centre.reduce((sum, value, d) => sum + (value - b.centre[d]!) ** 2, 0)
      if (distance >= least) continue
      least = distance
      best = [a, b]
    }
  }
  return best
}

/** Looks along the line through the two centres. */
function hasValley(points: Points, a: Cluster, b: Cluster): boolean {
  if (Math.min(a.members.length, b.members.length) < FEWEST_MEMBERS) return false
  const direction = a.centre.map((value, d) => value - b.centre[d]!)
  const length = Math.hypot(...direction) || 1
  const along = (coordinate: (d: number) => number) =>
    direction.reduce((sum, value, d) => sum + value * coordinate(d), 0) / length
  const members = [...a.members, ...b.members]
  const values = Float64Array.from(members, (index) => along((d) => points.values[index * points.dimensions + d]!))
  return !isUnimodal(
    values,
    along((d) => a.centre[d]!),
    along((d) => b.centre[d]!),
  )
}
