import { poolsOf } from './facts.ts'
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
  switch (name) {
    case 'space':
    case 'enter':
      return ask(state, view, { type: pool.pausedBy === undefined ? 'pause' : 'resume', pool: pool.name })
    case '+':
    case 'right':
      return ask(state, view, { type: 'slots', pool: pool.name, slots: pool.slots + 1 })
    case '-':
    case 'left':
      if (pool.slots <= 1) return only(say(state, view, `space pauses ${pool.name}: a pool keeps at least one slot.`))
      return ask(state, view, { type: 'slots', pool: pool.name, slots: pool.slots - 1 })
    case '0':
      if (pool.slots === pool.declared)
        return only(say(state, view, `${pool.name} has the slots that the rules give it.`))
      return ask(state, view, { type: 'slots', pool: pool.name, slots: 'declared' })
    default:
      return undefined
  }
}
