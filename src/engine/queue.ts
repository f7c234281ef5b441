import { chooseJobs, compareQueued, type Queued } from '../core/schedule.ts'

/** A queued job whose patience is counted. */
export interface QueueEntry extends Queued {
  passedOver: number
}

/** Jobs that could start, in order of rank, and the slots that are taken by those that run. */
export class JobQueue<Entry extends QueueEntry> {
  /** In order of rank as of the last look, those that came since behind them. */
  private waiting = new Set<Entry>()
  private isSorted = true
  private readonly taken = new Map<string, number>()
  /** Slots by pool; 0 for one that is paused. */
  slots: ReadonlyMap<string, number>

  constructor(slots: ReadonlyMap<string, number>) {
    this.slots = slots
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0
  }

  add(entry: Entry): void {
    this.waiting.add(entry)
    this.isSorted = false
  }

  remove(entry: Entry): void {
    this.waiting.delete(entry)
  }

  /** Ranks changed. */
  reorder(): void {
    this.isSorted = false
  }

  /** Removes and returns what the free slots allow to start now, in order. Its slots are yet to be taken. */
  next(mayStart: (entry: Entry) => boolean = () => true): Entry[] {
    // Sorted at once before a look and not entry by entry: a plan puts thousands back, and most are in order already.
    if (!this.isSorted) this.waiting = new Set([...this.waiting].sort(compareQueued))
    this.isSorted = true
    const open = [...this.waiting].filter(mayStart)
    const free = new Map([...this.slots].map(([pool, slots]) => [pool, slots - (this.taken.get(pool) ?? 0)]))
    const choice = chooseJobs(open, free, this.slots)
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

  take(pools: ReadonlyMap<string, number>): void {
    for (const [pool, slots] of pools) this.taken.set(pool, (this.taken.get(pool) ?? 0) + slots)
  }

  give(pools: ReadonlyMap<string, number>): void {
    for (const [pool, slots] of pools) this.taken.set(pool, (this.taken.get(pool) ?? 0) - slots)
  }
}
