import type { SharedPool, SharedSlots, SharedTrouble } from '../../src/model/ports.ts'
import type { PoolSize } from '../../src/model/rule.ts'

export interface FakeSharedSlots extends SharedSlots {
  /** Slots that others have, by pool. */
  readonly others: Map<string, number>
  /** Slots that another workspace gives a pool. */
  readonly elsewhere: Map<string, number>
  /** What another workspace counts in a pool, where that is something else than here. */
  readonly otherwise: Map<string, PoolSize['counts']>
  /** Slots that are kept for somebody who waits longer than we do: not used, and not to be had. */
  readonly kept: Map<string, number>
  trouble: SharedTrouble | undefined
  /** What we have: grant → slots by pool. */
  readonly taken: ReadonlyMap<string, Readonly<Record<string, number>>>
  /** What we wait for. */
  readonly wish: Readonly<Record<string, number>> | undefined
}

export function fakeSharedSlots(): FakeSharedSlots {
  const [others, elsewhere, kept] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  const otherwise = new Map<string, PoolSize['counts']>()
  const taken = new Map<string, Readonly<Record<string, number>>>()
  let declared: ReadonlyMap<string, PoolSize> = new Map()
  let wish: Readonly<Record<string, number>> | undefined
  let grants = 0
  const limit = (pool: string) =>
    Math.min(declared.get(pool)?.slots ?? 0, elsewhere.get(pool) ?? Number.POSITIVE_INFINITY)
  const free = (pool: string) => {
    const own = [...taken.values()].reduce((sum, pools) => sum + (pools[pool] ?? 0), 0)
    return limit(pool) - own - (others.get(pool) ?? 0) - (kept.get(pool) ?? 0)
  }
  const self: FakeSharedSlots = {
    others,
    elsewhere,
    otherwise,
    kept,
    trouble: undefined,
    taken,
    get wish() {
      return wish
    },
    look(pools) {
      declared = pools
      if (self.trouble !== undefined) return self.trouble
      const poolOf = (name: string, own: PoolSize): SharedPool => {
        const usedByOthers = others.get(name) ?? 0
        const theirs = elsewhere.get(name) ?? own.slots
        const counts = otherwise.get(name) ?? own.counts
        return {
          slots: limit(name),
          usedByOthers,
          holders: usedByOthers === 0 ? [] : [{ user: 'ben', root: '/srv/ben', slots: usedByOthers }],
          differs:
            theirs === own.slots && counts === own.counts
              ? undefined
              : { user: 'ben', root: '/srv/ben', slots: theirs, counts },
        }
      }
      return { status: 'open', pools: new Map([...pools].map(([name, own]) => [name, poolOf(name, own)])) }
    },
    take({ pools }) {
      if (self.trouble !== undefined) return self.trouble
      if ([...pools].some(([pool, slots]) => slots > free(pool))) return { status: 'short' }
      const grant = `grant-${++grants}`
      taken.set(grant, Object.fromEntries(pools))
      wish = undefined
      return { status: 'taken', grant }
    },
    waitFor(pools) {
      wish = pools === undefined ? undefined : Object.fromEntries(pools)
    },
    adopt: () => {},
    give: (grant) => void taken.delete(grant),
    close: () => {},
  }
  return self
}
