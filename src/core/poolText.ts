import type { Board, BoardJob, BoardPool, SharedUse } from '../model/board.ts'
import type { PoolUnit } from '../model/rule.ts'
import { amountOfText, amountText } from './amounts.ts'
import { plural } from './sizes.ts'

/** `2 slots`, `64 GB`: so much of a pool. */
export function shareText(slots: number, counts: PoolUnit): string {
  return counts === 'bytes' ? amountText(slots) : plural(slots, 'slot')
}

/** `1/2`, `24 of 64 GB`; and of a shared pool what others have of it: `1/2 (1 elsewhere)`. */
export function usedText(
  used: number,
  { slots, counts, shared }: Pick<BoardPool, 'slots' | 'counts' | 'shared'>,
): string {
  const elsewhere = shared?.usedByOthers ?? 0
  const text = counts === 'bytes' ? amountOfText(used, slots) : `${used}/${slots}`
  return `${text}${elsewhere === 0 ? '' : ` (${counts === 'bytes' ? amountText(elsewhere) : elsewhere} elsewhere)`}`
}

/** The pool that a person paused, of those that a job needs; undefined if none is. */
export function pausedText({ pools: needs }: BoardJob, pools: Board['pools']): string | undefined {
  const paused = Object.keys(needs).find((name) => pools.get(name)?.pausedBy !== undefined)
  return paused === undefined ? undefined : `${paused} is paused by ${pools.get(paused)?.pausedBy}`
}

/** What a queued job is short of, of all its pools; undefined if of nothing. `used`: by usedSlots. */
export function shortText(job: BoardJob, pools: Board['pools'], used: ReadonlyMap<string, number>): string | undefined {
  const lacks = Object.entries(job.pools).flatMap(([name, needs]) => {
    const pool = pools.get(name)
    const taken = used.get(name) ?? 0
    return pool === undefined || taken + needs <= pool.slots ? [] : [lackText(needs, taken, pool)]
  })
  return lacks.length === 0 ? undefined : `waits for ${lacks.join(' and ')}`
}

/**
 * What a job waits for that needs so many slots of a pool, after `waits for`: `ram: 2/2 busy`, `12 GB of ram: 4 of 64 GB are
 * free`; and where others have them.
 */
function lackText(needs: number, used: number, pool: BoardPool): string {
  const { name, slots, counts, shared } = pool
  if (counts === 'slots') return `${name}: ${used}/${slots} busy${holdersText(shared)}`
  const asks = `${amountText(needs)} of ${name}`
  if (needs > slots) return `${asks}, which has ${amountText(slots)} now`
  const free = `${asks}: ${amountOfText(Math.max(0, slots - used), slots)} are free`
  const elsewhere = holdersText(shared)
  return elsewhere === '' ? free : `${free}, ${amountText(shared?.usedByOthers ?? 0)} are taken${elsewhere}`
}

/** More workspaces than this are counted, not named. */
const namedHolders = 2

/** Where the slots are that others have: ` in /srv/other (ana)`; empty if nobody has any. */
export function holdersText(shared: SharedUse | undefined): string {
  const names = [...new Set((shared?.holders ?? []).map(({ root, user }) => `${root} (${user})`))]
  if (names.length === 0) return ''
  const rest = names.length - namedHolders
  const named = rest > 1 ? [...names.slice(0, namedHolders), `${rest} more workspaces`] : names
  return ` in ${named.join(' and ')}`
}
