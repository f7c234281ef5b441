import type { AttemptState } from '../model/attempt.ts'
import type { BoardPool } from '../model/board.ts'
import type { Job } from '../model/job.ts'

/** All jobs together are a pool too, so that `-j` is counted like the others. */
const allJobs = '-j'

/** The limits in force: what the rule files declare, what persons changed until the engine ends, and `-j`. */
export class Pools {
  private declared: ReadonlyMap<string, number> = new Map()
  private readonly changed = new Map<string, number>()
  private readonly paused = new Map<string, string>()
  private readonly maxJobs: number | undefined
  /** One map for all jobs of a rule: see chooseJobs. */
  private readonly limited = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, number>>()

  constructor(maxJobs: number | undefined) {
    this.maxJobs = maxJobs
  }

  declare(slots: ReadonlyMap<string, number>): void {
    this.declared = slots
  }

  /** Slots of a pool by a person's say; undefined is what the rule files say. */
  change(pool: string, slots: number | undefined): void {
    if (slots === undefined) this.changed.delete(pool)
    else this.changed.set(pool, slots)
  }

  /** Nothing that needs the pool is started; undefined ends that. */
  pause(pool: string, by: string | undefined): void {
    if (by === undefined) this.paused.delete(pool)
    else this.paused.set(pool, by)
  }

  /** Slots by pool as the queue counts them: a paused pool has none. */
  limits(): ReadonlyMap<string, number> {
    const limits = new Map<string, number>()
    for (const { name, slots, pausedBy } of this.shown()) limits.set(name, pausedBy === undefined ? slots : 0)
    if (this.maxJobs !== undefined) limits.set(allJobs, this.maxJobs)
    return limits
  }

  shown(): BoardPool[] {
    return [...this.declared].map(([name, declared]) => {
      return { name, slots: this.changed.get(name) ?? declared, declared, pausedBy: this.paused.get(name) }
    })
  }

  find(name: string): BoardPool | undefined {
    return this.shown().find((pool) => pool.name === name)
  }

  /** The slots that a job takes. */
  of({ rule }: Job): ReadonlyMap<string, number> {
    return this.withAllJobs(rule.pools)
  }

  /** The slots that an attempt took, by what was written down of it. */
  ofAttempt({ pools }: AttemptState): ReadonlyMap<string, number> {
    return this.withAllJobs(new Map(Object.entries(pools)))
  }

  private withAllJobs(pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    if (this.maxJobs === undefined) return pools
    const known = this.limited.get(pools)
    if (known !== undefined) return known
    const limited = new Map([...pools, [allJobs, 1]])
    this.limited.set(pools, limited)
    return limited
  }
}
