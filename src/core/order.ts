import { mirrored, play, type Queue } from './play.ts'

// The order of starting, so that the whole queue ends soon and first results come early.
//
// With several steps over several pools (a hybrid flow shop) the order in which a scarce first step feeds the next ones
// decides when all ends: 30 recordings, longest path first, end 5 to 25 % later than they could. No rule is good for every
// shape of work, and playing the queue costs microseconds. So a few rules propose an order each, and each proposal is bettered
// by playing it from the end backwards, which tells how late each job may start, and forwards again by that (forward-backward
// improvement, as of project scheduling). The one that ends soonest is taken; of those that end about as soon, the one whose
// batches are finished earliest on average. `npm run bench:order` measures all this.

/** A job that will run, or runs. */
export interface JobToCome {
  readonly id: string
  readonly batch: string | undefined
  readonly pools: ReadonlyMap<string, number>
  /** Those that are not among the jobs to come are made already. */
  readonly prerequisites: readonly string[]
  /** Expected; of one that runs, what is left. */
  readonly seconds: number
  readonly isRunning: boolean
  /** All of a lower level start before those of a higher one, whatever that does to the end. */
  readonly level: number
}

/** Starts of jobs that are played for one order at the most: about 15 ms, in which an engine hears nothing. */
const playsPerOrder = 40_000
/** More than this are not played: their places come from a rule alone, which was chosen by playing some of their batches. */
const mostPlayed = 4000
/** A job may take so much longer than expected: an order is better if its long jobs are not its last ones. */
const overrun = 0.15
/** Of orders that end within 1 % of the soonest, the one with the earliest results. */
const asSoon = 1.01
/** The order so far stays if no other is better by more: a person who saw who is next is not surprised for nothing. */
const asGood = 1.003

/**
 * The place of each job: higher starts sooner. `jobs`: equals start in the order in which they are given. `slots` by pool.
 * `before`: the places so far.
 */
export function orderJobs(
  jobs: readonly JobToCome[],
  slots: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  if (jobs.length > mostPlayed) return placesByRule(jobs, slots)
  const order = bestOrder(jobs, queueOf(jobs, slots), before)
  // Counted from the end, so that the others keep their places when the first ones are done.
  return new Map(Array.from(order, (job, at) => [jobs[job]!.id, jobs.length - at]))
}

/**
 * Where nothing is known of how long jobs take: batches that were begun first, since that gives a result and frees disk, then
 * who has most jobs behind it, then who came first. `came`: rises with each batch that comes. Higher starts sooner.
 */
export function orderUntimed(
  jobs: readonly (JobToCome & { readonly isBegun: boolean; readonly came: number })[],
): Map<string, number> {
  const chain = pathsOf(
    queueOf(
      jobs.map((job) => ({ ...job, seconds: 1 })),
      new Map(),
    ),
  )
  return new Map(jobs.map(({ id, isBegun, came }, job) => [id, (isBegun ? 1e6 : 0) + chain[job]! - came / 1e9]))
}

/** Seconds that all of this takes at least, whatever the order: by the work of each pool, and by the longest chain. */
export function workSeconds(jobs: readonly JobToCome[], slots: ReadonlyMap<string, number>): number {
  const queue = queueOf(jobs, slots)
  const work = queue.slots.map((_, pool) => jobs.reduce((sum, _, job) => sum + loadOn(queue, job, pool), 0))
  return Math.max(
    0,
    ...work,
    pathsOf(queue).reduce((most, path) => Math.max(most, path), 0),
  )
}

interface Played {
  readonly order: Int32Array
  readonly starts: Float64Array
  /** What is to be least, in seconds: the end as it is expected, and with a job that overruns. */
  readonly score: number
  /** Mean time to the last target of a batch. */
  readonly meanSeconds: number
}

function bestOrder(jobs: readonly JobToCome[], queue: Queue, before: ReadonlyMap<string, number>): Int32Array {
  const path = pathsOf(queue)
  const levels = jobs.map(({ level }) => level)
  const risks = risksOf(queue)
  const batches = batchNumbers(jobs)
  let left = playsPerOrder
  const tried = (keys: ArrayLike<number>): Played => {
    left -= jobs.length
    const order = sortedBy(keys, levels)
    return { order, ...judged(play(queue, order), queue, risks, batches) }
  }
  const places = jobs.map(({ id }) => -(before.get(id) ?? 0))
  const soFar = before.size === 0 ? undefined : tried(places)
  let improving = rulesFor(queue).map((rule) => tried(rule(queue, path)))
  const all = [...improving]
  const mirror = mirrored(queue)
  // Twice: a third time found nothing more.
  for (let pass = 0; pass < 2; pass++) {
    const next: Played[] = []
    for (const found of improving.sort((a, b) => a.score - b.score)) {
      if (left < 2 * jobs.length) break
      left -= jobs.length
      const isFirst = sortedBy(found.starts.map((at, job) => -at - queue.seconds[job]!))
      next.push(tried(play(mirror, isFirst).map((at, job) => -at - queue.seconds[job]!)))
    }
    all.push(...next)
    improving = next
  }
  const soonest = Math.min(...all.map(({ score }) => score))
  if (soFar !== undefined && soFar.score <= soonest * asGood) return soFar.order
  const soon = all.filter(({ score }) => score <= soonest * asSoon)
  return soon.reduce((best, played) => (played.meanSeconds < best.meanSeconds ? played : best)).order
}

function judged(starts: Float64Array, { seconds }: Queue, risks: Float64Array, batches: Int32Array) {
  let end = 0
  let late = 0
  const ends = new Map<number, number>()
  for (let job = 0; job < starts.length; job++) {
    const at = starts[job]!
    end = Math.max(end, at + seconds[job]!)
    late = Math.max(late, at + risks[job]!)
    ends.set(batches[job]!, Math.max(ends.get(batches[job]!) ?? 0, at + seconds[job]!))
  }
  let sum = 0
  for (const seconds of ends.values()) sum += seconds
  return { starts, score: (end + Math.max(end, late)) / 2, meanSeconds: sum / Math.max(1, ends.size) }
}

/** Too many to play: the rule that is best for some of the batches gives each job its place, whoever else is there. */
function placesByRule(jobs: readonly JobToCome[], slots: ReadonlyMap<string, number>): Map<string, number> {
  const some = thinned(jobs)
  const sample = queueOf(some, slots)
  const path = pathsOf(sample)
  const risks = risksOf(sample)
  const batches = batchNumbers(some)
  const levels = some.map(({ level }) => level)
  const scores = rulesFor(sample).map((rule) => {
    return judged(play(sample, sortedBy(rule(sample, path), levels)), sample, risks, batches).score
  })
  const queue = queueOf(jobs, slots)
  const keys = rulesFor(queue)[scores.indexOf(Math.min(...scores))]!(queue, pathsOf(queue))
  return new Map(jobs.map(({ id, level }, job) => [id, -keys[job]! - level * 4 * far]))
}

/** All jobs of every so-manieth batch. */
function thinned(jobs: readonly JobToCome[]): JobToCome[] {
  const batches = batchNumbers(jobs)
  const every = Math.ceil((4 * jobs.length) / mostPlayed)
  return jobs.filter((_, job) => batches[job]! % every === 0)
}

/** Proposes an order: a number of each job, the least starts first. `path`: seconds from its start to the end of what hangs on it. */
type Rule = (queue: Queue, path: Float64Array) => Float64Array

/** The same ones, in the same order, for the same pools. */
function rulesFor({ slots }: Queue): Rule[] {
  return [byLongestPath, byShortestPath, byJohnson, ...slots.map((_, pool) => byBottleneck(pool))]
}

const byLongestPath: Rule = (_, path) => path.map((seconds) => far - seconds)
const byShortestPath: Rule = (_, path) => path

/** Longer than any work, in seconds: what goes by the longest first comes after what goes by the shortest first. */
const far = 1e9

/**
 * Johnson's rule, which is the best one for two machines: who is quick here and slow behind goes first, by how quick it is
 * here; the others by how slow they are behind. A machine is a pool, so that seconds count by the share of its slots.
 */
function johnson(here: number, behind: number): number {
  return here < behind ? here : far - behind
}

/** This step against all steps behind it. */
const byJohnson: Rule = (queue, path) => {
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
function byBottleneck(pool: number): Rule {
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
function pathsOf(queue: Queue): Float64Array {
  const path = new Float64Array(queue.seconds)
  for (const job of lastFirst(queue)) {
    let longest = 0
    for (const next of queue.behind[job]!) longest = Math.max(longest, path[next]!)
    path[job]! += longest
  }
  return path
}

/** Paths of jobs that all overrun. Who has a pool alone delays the others all the same, first or last, and is left as it is. */
function risksOf(queue: Queue): Float64Array {
  const { kind, needs, slots } = queue
  const isAlone = needs.map((need) => need.some(([pool, n]) => 2 * n > slots[pool]!))
  const seconds = queue.seconds.map((own, job) => (isAlone[kind[job]!] ? own : own * (1 + overrun)))
  return pathsOf({ ...queue, seconds })
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

function queueOf(jobs: readonly JobToCome[], slots: ReadonlyMap<string, number>): Queue {
  const numbers = new Map(jobs.map(({ id }, job) => [id, job]))
  const pools = new Map<string, number>()
  const counts: number[] = []
  const kinds = new Map<ReadonlyMap<string, number> | string, number>()
  const needs: (readonly [number, number])[][] = []
  const kindOf = (needed: ReadonlyMap<string, number>): number => {
    const need = [...needed].map(([pool, n]): [number, number] => {
      if (!pools.has(pool)) pools.set(pool, counts.push(slots.get(pool) ?? 0) - 1)
      const number = pools.get(pool)!
      // What a person paused, or made smaller, is played as if it had just enough: nothing waits for ever.
      counts[number] = Math.max(counts[number]!, n)
      return [number, n]
    })
    const text = need.sort(([a], [b]) => a - b).join(' ')
    const known = kinds.get(text) ?? needs.push(need) - 1
    kinds.set(text, known)
    return known
  }
  const kind = Int32Array.from(jobs, ({ pools: needed }) => {
    // Jobs of one rule mostly share the very map.
    const known = kinds.get(needed) ?? kindOf(needed)
    kinds.set(needed, known)
    return known
  })
  const prerequisites = jobs.map((job) => job.prerequisites.flatMap((id) => numbers.get(id) ?? []))
  const behind: number[][] = jobs.map(() => [])
  prerequisites.forEach((before, job) => {
    for (const other of before) behind[other]!.push(job)
  })
  const seconds = Float64Array.from(jobs, (job) => job.seconds)
  const isRunning = Uint8Array.from(jobs, (job) => Number(job.isRunning))
  return { seconds, prerequisites, behind, kind, needs, slots: counts, isRunning }
}

/** A job without a batch is one by itself. */
function batchNumbers(jobs: readonly JobToCome[]): Int32Array {
  const numbers = new Map<string, number>()
  return Int32Array.from(jobs, ({ batch, id }) => {
    const name = batch ?? ` ${id}`
    const known = numbers.get(name) ?? numbers.size
    numbers.set(name, known)
    return known
  })
}

/** Numbers of jobs by level, then by key, then as they were. */
function sortedBy(keys: ArrayLike<number>, levels?: readonly number[]): Int32Array {
  const jobs = Int32Array.from(keys as ArrayLike<unknown>, (_, job) => job)
  return jobs.sort((a, b) => (levels === undefined ? 0 : levels[a]! - levels[b]!) || keys[a]! - keys[b]! || a - b)
}
