import type { Job } from '../model/job.ts'
import type { PastDuration } from '../model/ports.ts'

/** A job that could start, as the order of starting sees it. */
export interface Queued {
  readonly id: string
  readonly pools: ReadonlyMap<string, number>
  readonly rank: Rank
  /** How many jobs behind it took slots that it was short of. Kept by the engine. */
  readonly passedOver: number
}

/** What decides the order of two jobs, most important first. */
export interface Rank {
  readonly priority: number
  /** Seconds from the start of this job to the end of the longest chain that hangs on it. */
  readonly pathSeconds: number
  /** Another job of the batch was made already: finishing it gives a result and frees disk. */
  readonly begun: boolean
  /** Place in the plan: batches by name. */
  readonly place: number
  /** Are durations known from past attempts? Without, a batch that was begun goes before a long path. */
  readonly timed: boolean
}

/** A job that was passed over this often keeps its slots free, so that wide jobs are not starved by narrow ones. */
const patience = 8

/** Negative if `a` starts before `b`. */
export function compareRanks(a: Rank, b: Rank): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  const begun = Number(b.begun) - Number(a.begun)
  const path = b.pathSeconds - a.pathSeconds
  return (a.timed ? path || begun : begun || path) || a.place - b.place
}

export interface Choice {
  readonly start: readonly string[]
  /** Jobs that were passed over in this choice. */
  readonly passedOver: readonly string[]
}

/**
 * Which queued jobs start now. `queue` is in order of rank; `free` are free slots by pool. A job takes its slots from all
 * its pools at once or not at all.
 */
export function chooseJobs(queue: readonly Queued[], free: ReadonlyMap<string, number>): Choice {
  const left = new Map(free)
  const short: { readonly id: string; readonly of: readonly string[] }[] = []
  const start: string[] = []
  const passedOver = new Set<string>()
  for (const job of queue) {
    if ([...left.values()].every((slots) => slots <= 0)) break
    const lacking = [...job.pools].filter(([pool, slots]) => (left.get(pool) ?? 0) < slots).map(([pool]) => pool)
    if (lacking.length > 0) {
      short.push({ id: job.id, of: lacking })
      if (job.passedOver < patience) continue
    } else {
      start.push(job.id)
      // Whoever waits for ram loses nothing to a job that takes cpu.
      for (const { id, of } of short) if (of.some((pool) => job.pools.has(pool))) passedOver.add(id)
    }
    // A patient job that does not fit takes its slots off the table too: they are kept for it.
    for (const [pool, slots] of job.pools) left.set(pool, (left.get(pool) ?? 0) - slots)
  }
  return { start, passedOver: [...passedOver] }
}

/** Median seconds of a rule's past attempts, scaled to the size of the source where sizes are known; undefined if none. */
export function expectedSeconds(past: readonly PastDuration[] | undefined, sourceBytes: number): number | undefined {
  if (past === undefined || past.length === 0) return undefined
  const sized = past.filter((p) => p.sourceBytes > 0)
  if (sourceBytes > 0 && sized.length === past.length) {
    return median(sized.map((p) => p.seconds / p.sourceBytes)) * sourceBytes
  }
  return median(past.map((p) => p.seconds))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Seconds from each job's start to the end of the longest chain behind it (critical path). `jobs` in plan order;
 * `seconds` is the expected duration of a job, or any constant if nothing is known, which counts jobs.
 */
export function pathSeconds(jobs: readonly Job[], seconds: (job: Job) => number): Map<string, number> {
  const path = new Map<string, number>()
  const behind = new Map<string, number>()
  for (const job of jobs.toReversed()) {
    const total = seconds(job) + (behind.get(job.id) ?? 0)
    path.set(job.id, total)
    for (const id of job.prerequisites) behind.set(id, Math.max(behind.get(id) ?? 0, total))
  }
  return path
}

/** ms to wait before attempt `next` (2 is the first retry): doubling from `backoffMs`, at most an hour, ± 25 % jitter. */
export function backoffMs(baseMs: number, next: number, random: number): number {
  const maxMs = 3_600_000
  return Math.min(baseMs * 2 ** (next - 2), maxMs) * (0.75 + random / 2)
}
