import type { EngineEvent } from '../model/event.ts'
import type { SharedSlots } from '../model/ports.ts'
import type { Entry } from './entry.ts'
import type { Pools } from './pools.ts'
import type { JobQueue } from './queue.ts'

export interface SharingOptions {
  readonly slots: SharedSlots
  readonly pools: Pools
  readonly queue: JobQueue<Entry>
  readonly mode: 'watch' | 'build'
  readonly tell: (event: EngineEvent) => void
  readonly now: () => number
}

/** Nothing tells that others gave slots back. A second is nothing to jobs of hours, and looking takes less than a ms. */
const lookMs = 1_000
/** While no job waits, others are looked at only so that what clients show of them is not old. */
const idleLookMs = 10_000

/** `grant` is undefined for a job that needs no shared slots. */
export type Taken = { readonly status: 'taken'; readonly grant: string | undefined } | { readonly status: 'short' }

/**
 * Slots that other labmakes of the host take as well. The queue chooses by what was seen of them; what it chose is taken
 * here, and may be refused since somebody was quicker or waits for longer.
 */
export class Sharing {
  private readonly options: SharingOptions
  /** The last that was said of each pool, and of them all. */
  private readonly said = new Map<string, string>()

  constructor(options: SharingOptions) {
    this.options = options
  }

  /** Looks at what others have. Before the queue is. */
  look(): void {
    const { slots, pools, queue, tell, now } = this.options
    const shared = pools.shared()
    if (shared.size === 0) return
    const before = JSON.stringify([...pools.limits()])
    const shown = new Map(pools.shown().map((pool) => [pool.name, JSON.stringify(pool)]))
    const look = slots.look(shared)
    pools.see(look)
    if (JSON.stringify([...pools.limits()]) !== before) queue.limit(pools.limits())
    for (const pool of pools.shown()) {
      if (JSON.stringify(pool) === shown.get(pool.name)) continue
      tell({ type: 'pool', atMs: now(), pool })
    }
    for (const name of shared.keys()) {
      const note = look.status === 'shut' ? undefined : pools.find(name)?.shared?.note
      this.say(name, note === undefined ? undefined : { message: note })
    }
    this.say('', look.status === 'shut' ? { message: look.problem, hint: look.hint } : undefined)
  }

  private say(of: string, trouble: { readonly message: string; readonly hint?: string } | undefined): void {
    if (this.said.get(of) === trouble?.message) return
    if (trouble === undefined) this.said.delete(of)
    else {
      this.said.set(of, trouble.message)
      this.options.tell({ type: 'trouble', atMs: this.options.now(), ...trouble })
    }
  }

  /** Takes the shared slots of a job that the queue chose. */
  take({ id, pools: needs }: Entry): Taken {
    const { slots, pools, queue } = this.options
    const wish = pools.sharedOf(needs)
    if (wish.size === 0) return { status: 'taken', grant: undefined }
    const taken = slots.take({ job: id, pools: wish })
    if (taken.status === 'taken') return taken
    // Until the next look nobody else of ours tries for them.
    pools.refused([...wish.keys()])
    queue.limit(pools.limits())
    return { status: 'short' }
  }

  /**
   * After what fits was started: the first job that is short of nothing but shared slots stands in line for them. Returns
   * ms until the next look.
   */
  standInLine(mayStart: ((entry: Entry) => boolean) | undefined): number | undefined {
    const { slots, pools, queue, mode } = this.options
    const shared = pools.shared()
    if (shared.size === 0) return undefined
    const open = [...shared.keys()].filter((name) => pools.find(name)?.pausedBy === undefined)
    const first = queue.firstShortOf(new Set(open), mayStart)
    slots.waitFor(first === undefined ? undefined : pools.sharedOf(first.pools))
    if (first !== undefined) return lookMs
    return mode === 'watch' ? idleLookMs : undefined
  }
}
