import { chooseJobs, compareQueued, type Queued } from '../core/schedule.ts'

/** A queued job whose patience is counted. */
export interface QueueEntry extends Queued {
  passedOver: number
}

/** What one that runs has of the pools. It may become another number when the limits do. */
export interface Holding {
  readonly pools: ReadonlyMap<string, number>
}

/** To find the places of more than these takes longer than to sort all; a slice of a plan of everything brings fewer. */
const fewAdded = 500

/** Jobs that could start, in order of rank, and the slots that are taken by those that run. */
export class JobQueue<Entry extends QueueEntry> {
  private readonly waiting = new Set<Entry>()
  /** Those, in order of rank as of the last look, but for what came since. */
  private order: Entry[] = []
  private added = new Set<Entry>()
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
    if (this.waiting.has(entry)) return
    this.waiting.add(entry)
    this.added.add(entry)
    this.isStuck = false
  }

  remove(entry: Entry): void {
    if (!this.waiting.delete(entry)) return
    // What a plan takes out and puts back is not in order yet.
    if (this.added.delete(entry) || !this.isSorted) return
    const place = placeOf(entry, this.order)
    if (this.order[place] === entry) this.order.splice(place, 1)
    else this.isSorted = false
  }

  /** Ranks changed. */
  reorder(): void {
    this.isSorted = false
  }

  /** Removes and returns what the free slots allow to start now, in order. Its slots are yet to be taken. */
  next(mayStart?: (entry: Entry) => boolean): Entry[] {
    if (this.isStuck) return []
    const free = new Map([...this.slots].map(([pool, slots]) => [pool, slots - (this.taken.get(pool) ?? 0)]))
    const choice = chooseJobs(this.inOrder(mayStart), free, this.slots)
    this.isStuck = choice.start.length === 0 && mayStart === undefined
    if (choice.start.length === 0) return []
    for (const entry of choice.passedOver) entry.passedOver++
    for (const entry of choice.start) {
      this.remove(entry)
      entry.passedOver = 0
    }
    return [...choice.start]
  }

  /** One by one, so that a look at thousands costs no more than those that are looked at. */
  private *inOrder(mayStart: ((entry: Entry) => boolean) | undefined): Generator<Entry> {
    this.sort()
    for (const entry of this.order) if (mayStart === undefined || mayStart(entry)) yield entry
  }

  /** What came since is put among those that are in order already; thousands, as a plan puts back, are sorted at once. */
  private sort(): void {
    const { added, order, waiting } = this
    this.added = new Set()
    if (this.isSorted && added.size <= fewAdded) {
      for (const entry of added) order.splice(placeOf(entry, order), 0, entry)
      return
    }
    this.order = [...waiting].sort(compareQueued)
    this.isSorted = true
  }

  /** The first in order that is short of slots of these pools, and of no others. */
  firstShortOf(pools: ReadonlySet<string>, mayStart?: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this.inOrder(undefined)) {
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

/** Where an entry belongs among others that are in order. */
function placeOf(entry: Queued, order: readonly Queued[]): number {
  let low = 0
  let high = order.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareQueued(order[middle]!, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
}
