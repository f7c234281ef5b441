import { shareText } from '../core/poolText.ts'
import type { BoardPool } from '../model/board.ts'
import type { Job } from '../model/job.ts'
import type { SharedLook, SharedPool, SharedTrouble } from '../model/ports.ts'
import type { Pool, PoolSize, Rule } from '../model/rule.ts'
import type { Holding } from './queue.ts'

/** All jobs together are a pool too, so that `-j` is counted like the others. */
const allJobs = '-j'

/** What an attempt took of the pools. */
export interface Held extends Holding {
  /** Without what `-j` counts. */
  ofPools(): Readonly<Record<string, number>>
}

/** The limits in force: what the rule files declare, what persons changed until the engine ends, and `-j`. */
export class Pools {
  private declared: ReadonlyMap<string, Pool> = new Map()
  private readonly changed = new Map<string, number>()
  private readonly paused = new Map<string, string>()
  /** Of the shared pools, what others have; undefined before the first look. */
  private seen: SharedLook | SharedTrouble | undefined
  private readonly refusals = new Set<string>()
  private readonly maxJobs: number | undefined
  /** One map for all jobs of a rule: see chooseJobs. */
  private readonly limited = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, number>>()

  constructor(maxJobs: number | undefined) {
    this.maxJobs = maxJobs
  }

  declare(pools: ReadonlyMap<string, Pool>): void {
    // Three slots that a person gave it are not three bytes.
    for (const { name, counts } of pools.values()) {
      if ((this.declared.get(name)?.counts ?? counts) !== counts) this.changed.delete(name)
    }
    this.declared = pools
  }

  /** The shared ones, and what we give them. */
  shared(): ReadonlyMap<string, PoolSize> {
    const shared = [...this.declared.values()].filter((pool) => pool.shared)
    return new Map(shared.map(({ name, slots, counts }) => [name, { slots: this.changed.get(name) ?? slots, counts }]))
  }

  /** Of these slots, those of shared pools. */
  sharedOf(pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    return new Map([...pools].filter(([name]) => this.declared.get(name)?.shared === true))
  }

  /** What others have, as it is now. */
  see(look: SharedLook | SharedTrouble): void {
    this.seen = look
    this.refusals.clear()
  }

  /** No slot of these could be had, until the next look. */
  refused(pools: readonly string[]): void {
    for (const pool of pools) this.refusals.add(pool)
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

  /** Slots by pool as the queue counts them: a paused pool has none, and others' slots of a shared one are not ours. */
  limits(): ReadonlyMap<string, number> {
    const limits = new Map<string, number>()
    for (const { name, slots, pausedBy, shared } of this.shown()) {
      const isOpen = pausedBy === undefined && (shared === undefined || this.isOpen(name))
      limits.set(name, isOpen ? Math.max(0, slots - (shared?.usedByOthers ?? 0)) : 0)
    }
    if (this.maxJobs !== undefined) limits.set(allJobs, this.maxJobs)
    return limits
  }

  shown(): BoardPool[] {
    return [...this.declared.values()].map(({ name, slots: declared, counts, shared }) => {
      const slots = this.changed.get(name) ?? declared
      const pool = { name, slots, declared, counts, pausedBy: this.paused.get(name) }
      return shared ? { ...pool, ...this.shownShared(name, { slots, counts }) } : pool
    })
  }

  private shownShared(name: string, own: PoolSize): Pick<BoardPool, 'slots' | 'shared'> {
    const { seen } = this
    if (seen?.status === 'shut') {
      return { slots: own.slots, shared: { usedByOthers: 0, holders: [], note: `${seen.problem}. ${seen.hint}` } }
    }
    const pool = seen?.pools.get(name)
    if (pool === undefined) return { slots: own.slots, shared: { usedByOthers: 0, holders: [] } }
    const { usedByOthers, holders } = pool
    const note = differenceText(name, own, pool)
    return {
      slots: Math.min(own.slots, pool.slots),
      shared: { usedByOthers, holders, ...(note === undefined ? {} : { note }) },
    }
  }

  private isOpen(name: string): boolean {
    const pool = this.seen?.status === 'open' ? this.seen.pools.get(name) : undefined
    if (pool === undefined || this.refusals.has(name)) return false
    return pool.differs === undefined || pool.differs.counts === this.declared.get(name)?.counts
  }

  find(name: string): BoardPool | undefined {
    return this.shown().find((pool) => pool.name === name)
  }

  /** The slots that a job takes. */
  of({ rule }: Job): ReadonlyMap<string, number> {
    return this.withAllJobs(rule.pools)
  }

  /** What an attempt took. `bytesOf`: the pools of which that is memory. `rule`: of its job, as it is now. */
  held(
    took: Readonly<Record<string, number>>,
    bytesOf: ReadonlySet<string>,
    rule: () => Pick<Rule, 'pools' | 'bytesOf'> | undefined,
  ): Held {
    const now = () => {
      return Object.entries(took).map(([name, slots]): [string, number] => {
        return [name, this.asCounted(name, { slots, isBytes: bytesOf.has(name) }, rule())]
      })
    }
    const withAllJobs = (pools: ReadonlyMap<string, number>) => this.withAllJobs(pools)
    return {
      get pools() {
        return withAllJobs(new Map(now()))
      },
      ofPools: () => Object.fromEntries(now()),
    }
  }

  /**
   * A rule file made slots of memory since, or the other way round: the job has what its rule asks for now. Where nobody says,
   * memory counts as all there is, so that a pool is never over, and anything else as one slot.
   */
  private asCounted(
    name: string,
    { slots, isBytes }: { readonly slots: number; readonly isBytes: boolean },
    rule: Pick<Rule, 'pools' | 'bytesOf'> | undefined,
  ): number {
    const pool = this.declared.get(name)
    if (pool === undefined || (pool.counts === 'bytes') === isBytes) return slots
    const asked = rule?.bytesOf.has(name) === isBytes ? undefined : rule?.pools.get(name)
    return asked ?? (isBytes ? 1 : pool.slots)
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

function differenceText(name: string, own: PoolSize, { slots, differs }: SharedPool): string | undefined {
  if (differs === undefined) return undefined
  const { root, user } = differs
  const here = `the shared pool ${name} has ${shareText(own.slots, own.counts)} here`
  if (differs.counts !== own.counts) {
    const there = `${shareText(differs.slots, differs.counts)} in ${root} (${user})`
    return `${here} and ${there}: nothing of it can be had until both count slots or both memory, and what runs by the other has ended`
  }
  const told = (share: number) => (own.counts === 'bytes' ? shareText(share, 'bytes') : String(share))
  return `${here} and ${told(differs.slots)} in ${root} (${user}): the smallest number counts, ${told(slots)}. Give it the same in both.`
}
