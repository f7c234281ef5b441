import { chooseJobs, compareQueued, type Queued } from '../core/schedule.ts'

/** A queued job whose patience is counted. */
export interface QueueEntry extends Queued {
  passedOver: number
}

/** What one that runs has of the pools. It may become another number when the limits do. */
export interface Holding {
  readonly pools: ReadonlyMap<string, number>
}

/** Jobs that could start, in order of rank, and the slots that are taken by those that run. */
export class JobQueue<Entry extends QueueEntry> {
  /** In order of rank as of the last look, those that came since behind them. */
  private waiting = new Set<Entry>()
  private isSorted = true
  /** Nothing changed since the last look, which found nothing that fits. */
  private isStuck = false
  private readonly taken = new Map<string, number>()
  /** Those that run, and what was counted of each. */
  private readonly holdings = new Map<Holding, ReadonlyMap<string, number>>()
  private slots: ReadonlyMap<string, number>

  constructor(slots: ReadonlyMap<string, number>) {
    this.slots = slots
  }

  /** `slots`: by pool; 0 for one that is paused. */
  limit(slots: ReadonlyMap<string, number>): void {
    this.slots = slots
    this.isStuck = false
    this.taken.clear()
    for (const holding of this.holdings.keys()) this.take(holding)
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0
  }

  add(entry: Entry): void {
    this.waiting.add(entry)
    this.isSorted = false
    this.isStuck = false
  }

  remove(entry: Entry): void {
    this.waiting.delete(entry)
  }

  /** Ranks changed. */
  reorder(): void {
    this.isSorted = false
  }

  /** Removes and returns what the free slots allow to start now, in order. Its slots are yet to be taken. */
  next(mayStart?: (entry: Entry) => boolean): Entry[] {
    if (this.isStuck) return []
    // Sorted at once before a look and not entry by entry: a plan puts thousands back, and most are in order already.
    if (!this.isSorted) this.waiting = new Set([...this.waiting].sort(compareQueued))
    this.isSorted = true
    const open = mayStart === undefined ? [...this.waiting] : [...this.waiting].filter(mayStart)
    const free = new Map([...this.slots].map(([pool, slots]) => [pool, slots - (this.taken.get(pool) ?? 0)]))
    const choice = chooseJobs(open, free, this.slots)
    this.isStuck = choice.start.length === 0 && mayStart === undefined
    if (choice.start.length === 0) return []
    const byId = new Map(open.map((entry) => [entry.id, entry]))
    for (const id of choice.passedOver) byId.get(id)!.passedOver++
    const start = choice.start.map((id) => byId.get(id)!)
    for (const entry of start) {
      this.remove(entry)
      entry.passedOver = 0
    }
    return start
  }

  /** The first in order that is short of slots of these pools, and of no others. */
  firstShortOf(pools: ReadonlySet<string>, mayStart?: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this.waiting) {
      const lacking = [...entry.pools].filter(
        ([pool, n]) => (this.slots.get(pool) ?? 0) - (this.taken.get(pool) ?? 0) < n,
      )
      if (lacking.length === 0 || !lacking.every(([pool]) => pools.has(pool))) continue
      if (mayStart === undefined || mayStart(entry)) return entry
    }
    return undefined
  }

  take(holding: Holding): void {
    const { pools } = holding
    this.holdings.set(holding, pools)
    for (const [pool, slots] of pools) this.taken.set(pool, (this.taken.get(pool) ?? 0) + slots)
  }

  give(holding: Holding): void {
    const counted = this.holdings.get(holding) ?? new Map()
    this.holdings.delete(holding)
    for (const [pool, slots] of counted) this.taken.set(pool, (this.taken.get(pool) ?? 0) - slots)
    this.isStuck = false
  }
}
