import { lastMade, learnFrom, type RulePast } from '../core/estimates.ts'
import { type JobToCome, orderJobs, orderUntimed, type Steps } from '../core/order.ts'
import type { Board } from '../model/board.ts'
import { type Entry, isPending } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'

export interface RanksOptions {
  readonly pools: Pools
  readonly ports: Pick<Ports, 'journal' | 'clock'>
  readonly board: () => Board
}

/** Fewer runs of a rule than this order its jobs, but are not shown as an expected end. */
const runsToTell = 3
/** Of all time, so much goes into finding a better order, and telling of it, at the most. */
const share = 0.02
/** An order of thousands is looked for in turns of about so long. */
const turnMs = 4
/** Who waited so many times longer than all takes that was there when it came goes before all others: nobody is starved. */
const patience = 2

/**
 * The order in which jobs start. All that are to come are ranked together, so that their ranks can be compared, and anew
 * whenever that changed what may be the best order: jobs came or ended, or much more is known of how long they take.
 */
export class Ranks {
  private readonly options: RanksOptions
  /** By rule, as it was when all were last estimated: estimates do not change at every end. */
  private past: ReadonlyMap<string, RulePast> = new Map()
  private isOutdated = false
  /** An order that is being looked for, and how long that took in the turns before. */
  private underWay: { readonly steps: Steps<Entry[]>; spentMs: number } | undefined
  /** When the last order was begun, had it been found in one turn; how long no other is looked for since; whether it is told. */
  private last = { atMs: 0, restMs: 0, isTold: true }

  constructor(options: RanksOptions) {
    this.options = options
  }

  /** A job came, ended, or is not to be made any more. */
  outdate(): void {
    this.isOutdated = true
  }

  /** Takes the past as it is now, if it tells much more than before, or `always`. Returns whether all are to be estimated anew. */
  learn(how: { readonly always: boolean } = { always: false }): boolean {
    const now = this.options.ports.journal.durations()
    // After the first runs of a rule, and then ever more rarely.
    const tellsMore = [...now].some(([rule, { length }]) => {
      const known = this.past.get(rule)?.runs ?? 0
      return length >= (known === 0 ? 1 : known < runsToTell ? runsToTell : 2 * known)
    })
    if (!tellsMore && !how.always) return false
    this.past = new Map(
      [...now].flatMap(([rule, past]) => {
        const learned = learnFrom(past)
        return learned === undefined ? [] : [[rule, learned]]
      }),
    )
    this.isOutdated = true
    return true
  }

  /** What a job that is to be made will take. `entries`: those that it may depend on. */
  estimate(entry: Entry, entries: ReadonlyMap<string, Entry>): void {
    const { job } = entry
    const past = this.past.get(job.rule.name)
    const last = lastMade(this.options.ports.journal.history(job.targets[0]!.path))
    const estimate = past?.estimate(this.bytesOf(entry, entries), last)
    entry.expectedSeconds = estimate?.seconds ?? last?.seconds
    if (estimate !== undefined && estimate.runs >= runsToTell) entry.estimate = estimate
  }

  /** Of its sources; what is yet to be made of them is expected to come out as it usually does. */
  private bytesOf({ job, sourceBytes }: Entry, entries: ReadonlyMap<string, Entry>): number | undefined {
    if (sourceBytes !== undefined) return sourceBytes
    let bytes = 0
    for (const id of job.prerequisites) {
      const maker = entries.get(id)
      const from = maker && this.bytesOf(maker, entries)
      const made = from && this.past.get(maker.job.rule.name)?.targetBytes(from)
      if (made === undefined) return undefined
      bytes += made
    }
    return bytes
  }

  /** Is an order being looked for? That takes some turns where thousands of jobs are to come. */
  get isUnderWay(): boolean {
    return this.underWay !== undefined
  }

  /**
   * Ranks all that are to come, if anything changed, and if that was not done a moment ago; or goes on with that, for one
   * turn. Returns those whose rank is another now. `entries`: all, in the order in which they came.
   */
  arrange(entries: Iterable<Entry>): Entry[] {
    const startMs = this.steadyMs()
    if (this.underWay === undefined) {
      if (!this.isOutdated || startMs - this.last.atMs < this.last.restMs) return []
      this.isOutdated = false
      this.underWay = { steps: this.ordersOf(entries, startMs), spentMs: 0 }
    }
    const { steps, spentMs } = this.underWay
    let step = steps.next()
    while (step.done !== true && this.steadyMs() - startMs < turnMs) step = steps.next()
    if (step.done !== true) {
      this.underWay.spentMs += this.steadyMs() - startMs
      return []
    }
    this.underWay = undefined
    this.last = { atMs: startMs - spentMs, restMs: 0, isTold: false }
    return step.value
  }

  /** The order is told to all: for clients of thousands of jobs that takes as long as finding it. */
  told(): void {
    const { atMs, isTold } = this.last
    if (!isTold) this.last = { atMs, restMs: (this.steadyMs() - atMs) / share, isTold: true }
  }

  private steadyMs(): number {
    return this.options.ports.clock.steadyMs()
  }

  /** Puts all that are to come in order. Returns those whose rank is another now. */
  private *ordersOf(entries: Iterable<Entry>, steadyMs: number): Steps<Entry[]> {
    const all = [...entries]
    const coming = all.filter(isPending)
    const limits = this.options.pools.limits()
    const levels = levelsOf(coming, steadyMs)
    yield
    const jobs = this.jobsToCome(coming, levels)
    yield
    const begun = this.past.size > 0 ? undefined : begunBatches(all)
    let orders: ReadonlyMap<string, number>
    if (begun === undefined) {
      const ranked = coming.filter(({ dueMs }) => dueMs !== undefined)
      const before = new Map(ranked.map(({ id, rank }) => [id, rank.order]))
      yield
      const { places, workSeconds } = yield* orderJobs(jobs, limits, before)
      for (const entry of coming) if (isPending(entry)) entry.dueMs ??= steadyMs + patience * 1000 * workSeconds
      orders = places
    } else {
      const facts = coming.map(({ batch, came }) => ({ isBegun: batch !== undefined && begun.has(batch), came }))
      yield
      orders = yield* orderUntimed(jobs.map((job, i) => ({ ...job, ...facts[i]! })))
    }
    yield
    return moveTo(orders, coming)
  }

  private jobsToCome(coming: readonly Entry[], levels: readonly number[]): JobToCome[] {
    // A rule without a past counts like the mean of the others.
    const medians = [...this.past.values()].map((past) => past.medianSeconds)
    const typical = medians.reduce((a, b) => a + b, 0) / Math.max(1, medians.length)
    const nowMs = this.options.ports.clock.now()
    const { jobs } = this.options.board()
    return coming.map((entry, i): JobToCome => {
      const { id, batch, pools, job } = entry
      const expected = entry.expectedSeconds ?? typical
      const status = entry.state.status === 'running' ? jobs.get(id)?.status : undefined
      const elapsed = status?.state === 'running' ? Math.max(0, (nowMs - status.startedMs) / 1000) : 0
      const isRunning = entry.state.status === 'running'
      // What overran its estimate may end any moment.
      const seconds = isRunning ? Math.max(expected - elapsed, elapsed / 10) : expected
      return { id, batch, pools, prerequisites: job.prerequisites, seconds, isRunning, level: levels[i]! }
    })
  }
}

/** Gives each its place, but for those that run, or are not to come any more since the order was begun. */
function moveTo(orders: ReadonlyMap<string, number>, coming: readonly Entry[]): Entry[] {
  const moved: Entry[] = []
  for (const entry of coming) {
    const order = orders.get(entry.id)!
    if (entry.rank.order === order || entry.state.status === 'running' || !isPending(entry)) continue
    entry.rank = { ...entry.rank, order }
    moved.push(entry)
  }
  return moved
}

/** Of a job that was not ranked yet: it comes after all others. */
export const noOrder = Number.MIN_SAFE_INTEGER

/** What comes before all thoughts of when all ends, as small numbers: the least first. */
function levelsOf(coming: readonly Entry[], steadyMs: number): number[] {
  const keyOf = ({ rank: { say, priority }, dueMs }: Entry): Key => {
    return [say, priority, Number(dueMs !== undefined && dueMs < steadyMs)]
  }
  const keys = new Map<string, Key>()
  let last: { readonly key: Key; readonly text: string } | undefined
  const texts = coming.map((entry) => {
    const key = keyOf(entry)
    // Nearly all have the same: no text is made of it.
    if (last === undefined || key.some((value, i) => value !== last!.key[i])) last = { key, text: key.join(' ') }
    keys.set(last.text, key)
    return last.text
  })
  const sorted = [...keys].sort(([, a], [, b]) => b[0] - a[0] || b[1] - a[1] || b[2] - a[2])
  const levels = new Map(sorted.map(([text], level) => [text, level]))
  return texts.map((text) => levels.get(text)!)
}

type Key = readonly [say: number, priority: number, isOverdue: number]

/** Another job of the batch was made already. */
function begunBatches(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ batch, verdict }) => (verdict.state === 'up-to-date' ? (batch ?? []) : [])))
}
