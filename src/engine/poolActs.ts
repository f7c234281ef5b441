import { usedSlots } from '../core/board.ts'
import type { Action, ActionResult } from '../model/action.ts'
import { isPending } from './entry.ts'
import { countJobs, type Hands, nothing, record } from './hands.ts'

type PoolAction = Extract<Action, { pool: string }>

/** Pauses a pool, resumes it or changes its slots, until the engine ends. */
export async function changePool(action: PoolAction, by: string, hands: Hands): Promise<ActionResult> {
  const pool = hands.pools.find(action.pool)
  if (pool === undefined) {
    const names = hands.pools.shown().map(({ name }) => name)
    const are = names.length === 1 ? 'There is' : 'There are'
    return nothing(`There is no pool "${action.pool}". ${are}: ${names.join(', ')}.`)
  }
  const { name } = pool
  const change = poolChange(action, by, hands)
  if (change === undefined) return nothing(`Nothing to change: ${name} is so already.`)
  await record(action, { by, text: change.text }, hands)
  change.apply()
  hands.poolChanged(name)
  return { done: true, text: change.text, count: 1, undo: change.undo }
}

interface PoolChange {
  readonly text: string
  readonly undo: Action
  apply(): void
}

function poolChange(action: PoolAction, by: string, hands: Hands): PoolChange | undefined {
  const { name, slots, declared, pausedBy } = hands.pools.find(action.pool)!
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
    case 'slots': {
      const next = action.slots === 'declared' ? declared : action.slots
      if (next === slots) return undefined
      const until = next === declared ? 'as the rules say' : 'until the engine ends'
      const sentences = [
        `${name} has ${next === 1 ? '1 slot' : `${next} slots`} now, ${until}.`,
        ...((usedSlots(hands.board()).get(name) ?? 0) > next ? ['What runs goes on.'] : []),
        ...tooWide(name, next, hands),
        ...(pausedBy === undefined ? [] : [`It is paused by ${pausedBy} all the same.`]),
      ]
      return {
        text: sentences.join(' '),
        undo: { type: 'slots', pool: name, slots: slots === declared ? 'declared' : slots },
        apply: () => hands.pools.change(name, next === declared ? undefined : next),
      }
    }
  }
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
