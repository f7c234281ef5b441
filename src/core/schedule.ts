import type { Rank } from '../model/board.ts'
import { byName } from './names.ts'

/** A job that was passed over this often keeps its slots free, so that wide jobs are not starved by narrow ones. */
const patience = 8

/** What the order of starting looks at. */
export interface Ranked {
  readonly id: string
  readonly batch: string | undefined
  readonly rank: Rank
}

/** Negative if `a` starts before `b`. Never 0 for two jobs. */
export function compareQueued(a: Ranked, b: Ranked): number {
  return compareRanks(a.rank, b.rank) || byName(a.batch ?? '', b.batch ?? '') || byName(a.id, b.id)
}

/** As compareQueued, without the names that decide between equals: 0 for those. */
export function compareRanks(a: Rank, b: Rank): number {
  if (a.say !== b.say) return b.say - a.say
  if (a.priority !== b.priority) return b.priority - a.priority
  return b.order - a.order
}

/** A job that could start. */
export interface Queued extends Ranked {
  readonly pools: ReadonlyMap<string, number>
  /** How many jobs behind it took slots that it was short of. Kept by the engine. */
  readonly passedOver: number
}

export interface Choice<Job extends Queued> {
  readonly start: readonly Job[]
  /** Jobs that were passed over in this choice. */
  readonly passedOver: readonly Job[]
}

/**
 * Which queued jobs start now. `queue` is in order of rank; `slots` and `free` are by pool, all of them and those that
 * nobody has. A job takes its slots from all its pools at once or not at all.
 */
export function chooseJobs<Job extends Queued>(
  queue: Iterable<Job>,
  free: ReadonlyMap<string, number>,
  slots: ReadonlyMap<string, number>,
): Choice<Job> {
  const left = new Map(free)
  const short: { readonly job: Job; readonly of: readonly string[] }[] = []
  const start: Job[] = []
  const passedOver = new Set<Job>()
  // Thousands of jobs need the same slots of the same pools, and share the map that says so: each is looked at once for
  // every change of what is left.
  const known = new Map<Queued['pools'], readonly string[]>()
  const lackingOf = (pools: Queued['pools']) => {
    const before = known.get(pools)
    if (before !== undefined) return before
    const lacking = [...pools].filter(([pool, n]) => (left.get(pool) ?? 0) < n).map(([pool]) => pool)
    known.set(pools, lacking)
    return lacking
  }
  const take = (pools: Queued['pools']) => {
    for (const [pool, n] of pools) left.set(pool, (left.get(pool) ?? 0) - n)
    known.clear()
    return [...left.values()].every((n) => n <= 0)
  }
  if ([...left.values()].every((n) => n <= 0)) return { start, passedOver: [] }
  for (const job of queue) {
    const lacking = lackingOf(job.pools)
    if (lacking.length > 0) {
      short.push({ job, of: lacking })
      // What needs more than a pool has, since a person paused it or made it smaller, keeps nobody else waiting.
      if (job.passedOver < patience || ![...job.pools].every(([pool, n]) => n <= (slots.get(pool) ?? 0))) continue
    } else {
      start.push(job)
      // Whoever waits for ram loses nothing to a job that takes cpu.
      for (const { job: other, of } of short) if (of.some((pool) => job.pools.has(pool))) passedOver.add(other)
    }
    // A patient job that does not fit takes its slots off the table too: they are kept for it.
    if (take(job.pools)) break
  }
  return { start, passedOver: [...passedOver] }
}

const longestWaitMs = 3_600_000

/** ms to wait before attempt `next` (2 is the first retry): doubling from `backoffMs`, at most an hour, ± 25 % jitter. */
export function backoffMs(baseMs: number, next: number, random: number): number {
  return Math.min(baseMs * 2 ** (next - 2), longestWaitMs) * (0.75 + random / 2)
}
