import { chooseJobs, compareQueued, type Queued } from '../core/schedule.ts'

/** A queued job whose patience is counted. */
export interface QueueEntry extends Queued {
  passedOver: number
}

/** Jobs that could start, in order of rank, and the slots that are taken by those that run. */
export class JobQueue<Entry extends QueueEntry> {
  private readonly waiting: Entry[] = []
  private readonly taken = new Map<string, number>()
  /** Slots by pool; 0 for one that is paused. */
  slots: ReadonlyMap<string, number>

  constructor(slots: ReadonlyMap<string, number>) {
    this.slots = slots
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }

  add(entry: Entry): void {
    let low = 0
    let high = this.waiting.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareQueued(this.waiting[middle]!, entry) <= 0) low = middle + 1
      else high = middle
    }
    this.waiting.splice(low, 0, entry)
  }

  remove(entry: Entry): void {
    const at = this.waiting.indexOf(entry)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  /** Removes and returns what the free slots allow to start now, in order. Its slots are yet to be taken. */
  next(): Entry[] {
    const free = new Map([...this.slots].map(([pool, slots]) => [pool, slots - (this.taken.get(pool) ?? 0)]))
    const choice = chooseJobs(this.waiting, free, this.slots)
    const entryOf = (id: string) => this.waiting.find((entry) => entry.id === id)!
    for (const id of choice.passedOver) entryOf(id).passedOver++
    const start = choice.start.map(entryOf)
    for (const entry of start) this.remove(entry)
    return start
  }

  take(pools: ReadonlyMap<string, number>): void {
    for (const [pool, slots] of pools) this.taken.set(pool, (this.taken.get(pool) ?? 0) + slots)
  }

  give(pools: ReadonlyMap<string, number>): void {
    for (const [pool, slots] of pools) this.taken.set(pool, (this.taken.get(pool) ?? 0) - slots)
  }
}
