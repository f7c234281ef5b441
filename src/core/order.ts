import { byLongestPath, far, pathsOf, rulesFor } from './orderRules.ts'
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

/** Starts of jobs that are played for one order, about: 10 to 20 ms, in which an engine hears nothing. */
const playsPerOrder = 20_000
/** More than this are not played: their places come from a rule alone, which was chosen by playing some of their batches. */
const mostPlayed = 2000
/** So many jobs are looked at in one step, in about a ms. */
const jobsInStep = 2000
/**
 * Nobody knows how long a job takes: an order is judged by how it ends where each takes that much shorter or longer, the one now,
 * the other then. As of lognormal durations that are known to 30 %.
 */
const surprises = [0.63, 0.77, 0.86, 0.95, 1.05, 1.16, 1.3, 1.59]
/** Of orders that end within 1 % of the soonest, the one with the earliest results. */
const asSoon = 1.01
/** The order so far stays if no other ends sooner by more than that, or has results earlier by more: a person who saw who is next is not surprised for nothing. */
const asGood = { end: 1.003, mean: 1.05 }

export interface Order {
  /** Of each job, by id: higher starts sooner. */
  readonly places: Map<string, number>
  /** Seconds that all takes at least, whatever the order: by the work of each pool, and by the longest chain. */
  readonly workSeconds: number
}

/** Something that takes long, with the engine's other work between two of its steps. */
export type Steps<T> = Generator<undefined, T, undefined>

/**
 * `jobs`: equals start in the order in which they are given. `slots` by pool. `before`: the places so far. Few jobs are
 * ordered in one step.
 */
export function* orderJobs(
  jobs: readonly JobToCome[],
  slots: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number> = new Map(),
): Steps<Order> {
  const queue = yield* queueOf(jobs, slots)
  const path = pathsOf(queue)
  const workSeconds = workOf(queue, path)
  if (jobs.length > mostPlayed) return { places: yield* placesByRule(jobs, slots, { queue, path }), workSeconds }
  const order = onlyOrder(jobs, path) ?? bestOrder(jobs, { queue, path }, before)
  // Counted from the end, so that the others keep their places when the first ones are done.
  const places = new Map(Array.from(order, (job, at) => [jobs[job]!.id, jobs.length - at]))
  return { places, workSeconds }
}

/**
 * Where nothing is known of how long jobs take: batches that were begun first, since that gives a result and frees disk, then
 * who has most jobs behind it, then who came first. `came`: rises with each batch that comes. Higher starts sooner.
 */
export function* orderUntimed(
  jobs: readonly (JobToCome & { readonly isBegun: boolean; readonly came: number })[],
): Steps<Map<string, number>> {
  const queue = yield* queueOf(jobs, new Map())
  const chain = pathsOf({ ...queue, seconds: new Float64Array(jobs.length).fill(1) })
  yield
  return new Map(jobs.map(({ id, isBegun, came }, job) => [id, (isBegun ? 1e6 : 0) + chain[job]! - came / 1e9]))
}

function workOf(queue: Queue, path: Float64Array): number {
  const { seconds, kind, needs, slots } = queue
  const work = slots.map(() => 0)
  seconds.forEach((own, job) => {
    for (const [pool, n] of needs[kind[job]!]!) work[pool]! += (own * n) / slots[pool]!
  })
  return Math.max(
    0,
    ...work,
    path.reduce((most, seconds) => Math.max(most, seconds), 0),
  )
}

/** More jobs than one batch has are seldom one chain. */
const mostInChain = 8

/** Of jobs that each need the one before, as those of one batch mostly do; undefined where there is something to choose. */
function onlyOrder(jobs: readonly JobToCome[], path: Float64Array): Int32Array | undefined {
  if (jobs.length > mostInChain) return undefined
  const order = Int32Array.from(jobs.keys()).sort((a, b) => path[b]! - path[a]!)
  const follows = (job: number, before: number) =>
    jobs[job]!.prerequisites.includes(jobs[before]!.id) && jobs[job]!.level === jobs[before]!.level
  return order.every((job, i) => i === 0 || follows(job, order[i - 1]!)) ? order : undefined
}

interface Played {
  readonly order: Int32Array
  readonly starts: Float64Array
  /** When all may have ended, in seconds: what is to be least. */
  readonly end: number
  /** Mean time to the last target of a batch. */
  readonly meanSeconds: number
}

function bestOrder(
  jobs: readonly JobToCome[],
  { queue, path }: { readonly queue: Queue; readonly path: Float64Array },
  before: ReadonlyMap<string, number>,
): Int32Array {
  const levels = jobs.map(({ level }) => level)
  const batches = batchNumbers(jobs)
  const others = otherwise(jobs, queue)
  let left = playsPerOrder
  const tried = (keys: ArrayLike<number>): Played => {
    left -= jobs.length * (1 + others.length)
    const order = sortedBy(keys, levels)
    const starts = play(queue, order)
    const ends = others.map((other) => endOf(play(other, order), other))
    const end = ends.length === 0 ? endOf(starts, queue) : ends.reduce((a, b) => a + b) / ends.length
    return { order, starts, end, meanSeconds: meanOf(starts, queue, batches) }
  }
  const places = jobs.map(({ id }) => -(before.get(id) ?? 0))
  const soFar = before.size === 0 ? undefined : tried(places)
  let improving = rulesFor(queue).map((rule) => tried(rule(queue, path)))
  const all = [...improving]
  const mirror = mirrored(queue)
  // Twice: a third time found nothing more.
  for (let pass = 0; pass < 2; pass++) {
    const next: Played[] = []
    for (const found of improving.sort((a, b) => a.end - b.end)) {
      if (left < 2 * jobs.length) break
      left -= jobs.length
      const isFirst = sortedBy(found.starts.map((at, job) => -at - queue.seconds[job]!))
      next.push(tried(play(mirror, isFirst).map((at, job) => -at - queue.seconds[job]!)))
    }
    all.push(...next)
    improving = next
  }
  const soonest = Math.min(...all.map(({ end }) => end))
  const soon = all.filter(({ end }) => end <= soonest * asSoon)
  const best = soon.reduce((best, played) => (played.meanSeconds < best.meanSeconds ? played : best))
  const stays =
    soFar !== undefined && soFar.end <= soonest * asGood.end && soFar.meanSeconds <= best.meanSeconds * asGood.mean
  return (stays ? soFar : best).order
}

/** The same queue as it may turn out to be. Where there are so many jobs that this takes too long, surprises even out. */
function otherwise(jobs: readonly JobToCome[], queue: Queue): Queue[] {
  const count = jobs.length <= 125 ? surprises.length : jobs.length <= 250 ? surprises.length / 2 : 0
  const every = surprises.length / Math.max(1, count)
  // By its name, so that a job meets the same surprises whenever an order is looked for.
  const hashes = jobs.map(({ id }) => hashOf(id))
  return Array.from({ length: count }, (_, i) => {
    // An odd factor: over all of these, a job meets each surprise once, and others at other times.
    const seconds = queue.seconds.map((own, job) => {
      const hash = hashes[job]!
      return own * surprises[((hash >>> 9) + i * every * ((hash >>> 16) | 1)) % surprises.length]!
    })
    return { ...queue, seconds }
  })
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

function endOf(starts: Float64Array, { seconds }: Queue): number {
  return starts.reduce((end, at, job) => Math.max(end, at + seconds[job]!), 0)
}

/** Mean time to the last target of a batch. */
function meanOf(starts: Float64Array, { seconds }: Queue, batches: Int32Array): number {
  const ends = new Map<number, number>()
  starts.forEach((at, job) => {
    ends.set(batches[job]!, Math.max(ends.get(batches[job]!) ?? 0, at + seconds[job]!))
  })
  return [...ends.values()].reduce((a, b) => a + b, 0) / Math.max(1, ends.size)
}

/** Too many to play: the rule that is best for some of the batches gives each job its place, whoever else is there. */
function* placesByRule(
  jobs: readonly JobToCome[],
  slots: ReadonlyMap<string, number>,
  { queue, path }: { readonly queue: Queue; readonly path: Float64Array },
): Steps<Map<string, number>> {
  yield
  const some = thinned(jobs)
  yield
  const sample = yield* queueOf(some, slots)
  const samplePath = pathsOf(sample)
  const levels = some.map(({ level }) => level)
  let rule = byLongestPath
  let soonest = Number.POSITIVE_INFINITY
  for (const proposed of rulesFor(queue)) {
    yield
    const end = endOf(play(sample, sortedBy(proposed(sample, samplePath), levels)), sample)
    if (end >= soonest) continue
    rule = proposed
    soonest = end
  }
  yield
  const keys = rule(queue, path)
  yield
  return new Map(jobs.map(({ id, level }, job) => [id, -keys[job]! - level * 4 * far]))
}

/** All jobs of every so-manieth batch. */
function thinned(jobs: readonly JobToCome[]): JobToCome[] {
  const batches = batchNumbers(jobs)
  const every = Math.ceil((4 * jobs.length) / mostPlayed)
  return jobs.filter((_, job) => batches[job]! % every === 0)
}

function* queueOf(jobs: readonly JobToCome[], slots: ReadonlyMap<string, number>): Steps<Queue> {
  const numbers = new Map<string, number>()
  for (let job = 0; job < jobs.length; job++) {
    numbers.set(jobs[job]!.id, job)
    if (isStep(job)) yield
  }
  // Numbered in one way for all queues.
  const pools = new Map([...slots.keys()].map((pool, number) => [pool, number]))
  const counts = [...slots.values()]
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
  yield* stepAfter(jobs)
  const prerequisites: number[][] = []
  const behind: number[][] = jobs.map(() => [])
  for (let job = 0; job < jobs.length; job++) {
    const before = jobs[job]!.prerequisites.flatMap((id) => numbers.get(id) ?? [])
    for (const other of before) behind[other]!.push(job)
    prerequisites.push(before)
    if (isStep(job)) yield
  }
  const seconds = Float64Array.from(jobs, (job) => job.seconds)
  const isRunning = Uint8Array.from(jobs, (job) => Number(job.isRunning))
  return { seconds, prerequisites, behind, kind, needs, slots: counts, isRunning }
}

const isStep = (job: number) => job % jobsInStep === jobsInStep - 1

/** After what was done to all of them at once; few need none. */
function* stepAfter({ length }: readonly JobToCome[]): Steps<void> {
  if (length >= jobsInStep) yield
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
