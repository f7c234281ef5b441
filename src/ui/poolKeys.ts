import { amountStep, amountText } from '../core/amounts.ts'
import type { Action } from '../model/action.ts'
import { type PoolFact, poolsOf } from './facts.ts'
import { clamp, movement } from './list.ts'
import type { Overlay, UiState, Update } from './state.ts'
import { ask, close, only, replaceTop, say } from './step.ts'
import type { View } from './view.ts'

/** Keys of the pools. */
export function poolKey(
  state: UiState,
  view: View,
  overlay: Overlay & { readonly kind: 'pools' },
  name: string,
): Update | undefined {
  const pools = poolsOf(view)
  const at = Math.max(
    0,
    pools.findIndex((pool) => pool.name === overlay.selected),
  )
  const pool = pools[at]
  const by = movement(name, pools.length)
  if (by !== undefined)
    return only(replaceTop(state, { ...overlay, selected: pools[clamp(at + by, 0, pools.length - 1)]?.name }))
  if (name === 'escape' || name === 'p') return only(close(state))
  if (pool === undefined) return undefined
  const step = stepOf(pool)
  const slots = slotsSoon(pool, state)
  switch (name) {
    case 'space':
    case 'enter':
      return ask(state, view, { type: pool.pausedBy === undefined ? 'pause' : 'resume', pool: pool.name })
    case '+':
    case 'right':
      return ask(state, view, resize(pool, Math.floor(slots / step + 1) * step))
    case '-':
    case 'left':
      if (slots <= step) return only(say(state, view, leastText(pool)))
      return ask(state, view, resize(pool, Math.ceil(slots / step - 1) * step))
    case '0':
      if (slots === pool.declared) return only(say(state, view, `${pool.name} has what the rules give it.`))
      return ask(state, view, resize(pool, 'declared'))
    default:
      return undefined
  }
}

/** By how much + and - change a pool: a slot; memory by a round amount, to its next multiple. */
export function stepOf({ counts, declared }: PoolFact): number {
  return counts === 'bytes' ? amountStep(declared) : 1
}

/** What it has once the engine did what it was asked for: keys come faster than answers. */
function slotsSoon({ name, slots, declared }: PoolFact, { pending }: UiState): number {
  const asked = pending.flatMap(({ action }) => {
    if (action.type !== 'slots' && action.type !== 'size') return []
    return action.pool === name ? [action.type === 'slots' ? action.slots : action.bytes] : []
  })
  const last = asked.at(-1) ?? slots
  return last === 'declared' ? declared : last
}

function resize({ name: pool, counts }: PoolFact, slots: number | 'declared'): Action {
  return counts === 'bytes' ? { type: 'size', pool, bytes: slots } : { type: 'slots', pool, slots }
}

function leastText(pool: PoolFact): string {
  const least = pool.counts === 'bytes' ? amountText(stepOf(pool)) : 'one slot'
  return `space pauses ${pool.name}: a pool keeps at least ${least}.`
}
