import type { Queue } from './play.ts'

// Rules that propose an order of starting: core/order plays what they propose.

/** Proposes an order: a number of each job, the least starts first. `path`: seconds from its start to the end of what hangs on it. */
export type OrderRule = (queue: Queue, path: Float64Array) => Float64Array

/** Those worth a try where these pools are needed. */
export function rulesFor({ needs }: Queue): OrderRule[] {
  const pools = new Set(needs.flatMap((need) => need.map(([pool]) => pool)))
  return [byLongestPath, byShortestPath, byJohnson, ...[...pools].map(byBottleneck)]
}

export const byLongestPath: OrderRule = (_, path) => path.map((seconds) => far - seconds)
const byShortestPath: OrderRule = (_, path) => path

/** Longer than any work, in seconds: what goes by the longest first comes after what goes by the shortest first. */
export const far = 1e9

/**
 * Johnson's rule, which is the best one for two machines: who is quick here and slow behind goes first, by how quick it is
 * here; the others by how slow they are behind. A machine is a pool, so that seconds count by the share of its slots.
 */
function johnson(here: number, behind: number): number {
  return here < behind ? here : far - behind
}

/** This step against all steps behind it. */
const byJohnson: OrderRule = (queue, path) => {
  const keys = new Float64Array(path.length)
  const rest = new Float64Array(path.length)
  for (const job of lastFirst(queue)) {
    let behind = 0
    for (const next of queue.behind[job]!) behind = Math.max(behind, loadOf(queue, next) + rest[next]!)
    rest[job] = behind
    keys[job] = queue.behind[job]!.length === 0 ? far - path[job]! : johnson(loadOf(queue, job), behind)
  }
  return keys
}

/** What comes before a pool against what comes from there on; at and behind that pool, the longest path. */
function byBottleneck(pool: number): OrderRule {
  return (queue, path) => {
    const keys = new Float64Array(path.length)
    // Work before the pool, -1 where the pool does not come any more; and from there on.
    const head = new Float64Array(path.length).fill(-1)
    const tail = new Float64Array(path.length)
    for (const job of lastFirst(queue)) {
      let shortest = Number.POSITIVE_INFINITY
      for (const next of queue.behind[job]!) {
        if (head[next]! < 0) continue
        shortest = Math.min(shortest, head[next]!)
        tail[job] = Math.max(tail[job]!, tail[next]!)
      }
      const own = loadOn(queue, job, pool)
      tail[job]! += own
      if (own > 0) head[job] = 0
      else if (shortest < Number.POSITIVE_INFINITY) head[job] = shortest + loadOf(queue, job)
      keys[job] = head[job]! > 0 ? johnson(head[job]!, tail[job]!) : far - path[job]!
    }
    return keys
  }
}

/** Seconds for which a job has the whole of a pool, if it had it alone. */
function loadOn({ kind, needs, seconds, slots }: Queue, job: number, pool: number): number {
  for (const [needed, n] of needs[kind[job]!]!) if (needed === pool) return (seconds[job]! * n) / slots[pool]!
  return 0
}

/** On the pool that it takes most of. */
function loadOf(queue: Queue, job: number): number {
  let most = 0
  for (const [pool] of queue.needs[queue.kind[job]!]!) most = Math.max(most, loadOn(queue, job, pool))
  return most
}

/** Seconds from the start of each job to the end of the longest chain behind it. */
export function pathsOf(queue: Queue): Float64Array {
  const path = new Float64Array(queue.seconds)
  for (const job of lastFirst(queue)) {
    let longest = 0
    for (const next of queue.behind[job]!) longest = Math.max(longest, path[next]!)
    path[job]! += longest
  }
  return path
}

/** What hangs on a job before the job. */
function lastFirst({ prerequisites, behind }: Queue): number[] {
  const left = behind.map(({ length }) => length)
  const jobs = left.flatMap((n, job) => (n === 0 ? [job] : []))
  for (let at = 0; at < jobs.length; at++) {
    for (const job of prerequisites[jobs[at]!]!) if (--left[job]! === 0) jobs.push(job)
  }
  return jobs
}
