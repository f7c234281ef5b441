import { countStates, type StateCounts, usedSlots } from '../core/board.ts'
import type { BoardPool, Drop } from '../model/board.ts'
import { lineOf } from './lineFacts.ts'
import { memo } from './memo.ts'
import { jobsKey } from './rows.ts'
import type { View } from './view.ts'
import type { Facts } from './words.ts'

export const countsOf: (view: View) => StateCounts = memo(jobsKey, ({ board }) =>
  countStates(board?.jobs.values() ?? []),
)

export interface PoolFact extends BoardPool {
  readonly used: number
  /** Jobs in line that need it. */
  readonly queued: number
}

const poolsKey = (view: View) => [...jobsKey(view), view.board?.pools]

/** In order of declaration. */
export const poolsOf: (view: View) => readonly PoolFact[] = memo(poolsKey, ({ board }) => {
  if (board === undefined) return []
  const used = usedSlots(board)
  const queued = new Map<string, number>()
  for (const { status, pools } of board.jobs.values()) {
    if (status.state !== 'queued') continue
    for (const pool in pools) queued.set(pool, (queued.get(pool) ?? 0) + 1)
  }
  return [...board.pools.values()].map((pool) => ({
    ...pool,
    used: used.get(pool.name) ?? 0,
    queued: queued.get(pool.name) ?? 0,
  }))
})

/** What sentences rest on; undefined before there is a board. */
export const factsOf: (view: View) => Facts | undefined = memo(
  (view: View) => [...poolsKey(view), view.nowMs, view.board?.engine],
  (view) => {
    const { board, nowMs } = view
    if (board === undefined) return undefined
    return { board, nowMs, used: new Map(poolsOf(view).map((pool) => [pool.name, pool.used])), line: lineOf(view) }
  },
)

const dropRank: Readonly<Record<Drop['state']['kind'], number>> = {
  conflict: 0,
  refused: 1,
  stalled: 2,
  arriving: 3,
  settling: 4,
  taking: 5,
}

/** What needs a person first, then what is on its way; by name among their like. */
export const dropsOf: (view: View) => readonly Drop[] = memo(
  // Its drops change in place, and the board with them.
  (view: View) => [view.board],
  ({ board }) =>
    [...(board?.drops.values() ?? [])].sort(
      (a, b) => dropRank[a.state.kind] - dropRank[b.state.kind] || (a.name < b.name ? -1 : 1),
    ),
)

/** Does this drop wait for a person? */
export function needsPerson({ state }: Drop): boolean {
  return state.kind === 'conflict' || state.kind === 'refused' || state.kind === 'stalled'
}
