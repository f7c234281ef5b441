import type { Action } from '../model/action.ts'
import type { Effect, Overlay, Toast, UiState, Update } from './state.ts'
import type { View } from './view.ts'

// The small moves that updates are made of.

export const only = (state: UiState, ...effects: readonly Effect[]): Update => ({ state, effects })

/** Long enough to be read; trouble longer. */
export const toastMs = { plain: 8000, good: 8000, bad: 20_000 } as const

export function say(state: UiState, view: View, text: string, tone: Toast['tone'] = 'plain'): UiState {
  return { ...state, toast: { text, tone, untilMs: view.nowMs + toastMs[tone] } }
}

/** Who holds a key down shall not fill the engine's queue. */
const mostPending = 20

/** Asks the engine. Until it answered, what is concerned shows `…`. */
export function ask(state: UiState, view: View, action: Action): Update {
  if (view.link.state !== 'alive') {
    return only(say(state, view, 'The engine does not answer, so nothing can be asked of it now.', 'bad'))
  }
  if (state.pending.length >= mostPending) {
    return only(say(state, view, 'The engine has not answered yet to what was asked before.', 'bad'))
  }
  const id = state.lastAction + 1
  const pending = [...state.pending, { id, action, sinceMs: view.nowMs }]
  return only({ ...state, lastAction: id, pending, toast: undefined }, { type: 'act', id, action })
}

export function open(state: UiState, overlay: Overlay): UiState {
  return { ...state, overlays: [...state.overlays, overlay] }
}

/** The one on top becomes another. */
export function replaceTop(state: UiState, overlay: Overlay): UiState {
  return { ...state, overlays: [...state.overlays.slice(0, -1), overlay] }
}

export function close(state: UiState): UiState {
  return { ...state, overlays: state.overlays.slice(0, -1) }
}
