import { writtenAmount } from '../core/amounts.ts'
import { usedSlots } from '../core/board.ts'
import { shareText } from '../core/poolText.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { BoardPool } from '../model/board.ts'
import { isPending } from './entry.ts'
import { countJobs, type Hands, nothing, record } from './hands.ts'

type PoolAction = Extract<Action, { pool: string }>

/** Pauses a pool, resumes it or changes its slots or size, until the engine ends. */
export async function changePool(action: PoolAction, by: string, hands: Hands): Promise<ActionResult> {
  const pool = hands.pools.find(action.pool)
  if (pool === undefined) {
    const names = hands.pools.shown().map(({ name }) => name)
    const are = names.length === 1 ? 'There is' : 'There are'
    return nothing(`There is no pool "${action.pool}". ${are}: ${names.join(', ')}.`)
  }
  const { name } = pool
  const wrong = wrongUnitText(action, pool)
  if (wrong !== undefined) return nothing(wrong)
  const change = poolChange(action, by, hands)
  if (change === undefined) return nothing(`Nothing to change: ${name} is so already.`)
  await record(action, { by, text: change.text }, hands)
  change.apply()
  hands.poolChanged(name)
  return { done: true, text: change.text, count: 1, undo: change.undo }
}

/** Slots of a pool that counts memory, or the other way round. */
function wrongUnitText({ type }: PoolAction, { name, declared, counts }: BoardPool): string | undefined {
  if (type === 'slots' && counts === 'bytes') {
    return `The pool ${name} counts memory: labmake pool ${name} --size ${writtenAmount(declared)}.`
  }
  if (type === 'size' && counts === 'slots') {
    return `The pool ${name} has slots: labmake pool ${name} --slots ${declared}.`
  }
  return undefined
}

interface PoolChange {
  readonly text: string
  readonly undo: Action
  apply(): void
}

function poolChange(action: PoolAction, by: string, hands: Hands): PoolChange | undefined {
  const { name, slots, declared, counts, pausedBy } = hands.pools.find(action.pool)!
  switch (action.type) {
    case 'pause':
      if (pausedBy !== undefined) return undefined
      return {
        text: `Paused ${name}: what runs goes on, nothing more is started that needs it.`,
        undo: { type: 'resume', pool: name },
        apply: () => hands.pools.pause(name, by),
      }
    case 'resume':
      if (pausedBy === undefined) return undefined
      return {
        text: `Resumed ${name}.`,
        undo: { type: 'pause', pool: name },
        apply: () => hands.pools.pause(name, undefined),
      }
    case 'slots':
    case 'size': {
      const asked = action.type === 'slots' ? action.slots : action.bytes
      const next = asked === 'declared' ? declared : asked
      if (next === slots) return undefined
      const until = next === declared ? 'as the rules say' : 'until the engine ends'
      const sentences = [
        `${name} has ${shareText(next, counts)} now, ${until}.`,
        ...((usedSlots(hands.board()).get(name) ?? 0) > next ? ['What runs goes on.'] : []),
        ...tooWide(name, next, hands),
        ...(pausedBy === undefined ? [] : [`It is paused by ${pausedBy} all the same.`]),
      ]
      return {
        text: sentences.join(' '),
        undo: resize({ name, counts }, slots === declared ? 'declared' : slots),
        apply: () => hands.pools.change(name, next === declared ? undefined : next),
      }
    }
  }
}

/** The action that gives a pool so many slots, or bytes. */
function resize({ name: pool, counts }: Pick<BoardPool, 'name' | 'counts'>, slots: number | 'declared'): Action {
  return counts === 'bytes' ? { type: 'size', pool, bytes: slots } : { type: 'slots', pool, slots }
}

function tooWide(pool: string, slots: number, { book }: Hands): string[] {
  const wide = [...book.entries.values()].filter((entry) => {
    return isPending(entry) && entry.state.status !== 'running' && (entry.job.rule.pools.get(pool) ?? 0) > slots
  })
  if (wide.length === 0) return []
  return [
    `${countJobs(wide.length)} ${wide.length === 1 ? 'needs' : 'need'} more than that, and wait${wide.length === 1 ? 's' : ''}.`,
  ]
}
