import { back, moveBatches } from './batchKeys.ts'
import { commandOf } from './commands.ts'
import { filterKey, historyFilterKey } from './filterKeys.ts'
import { moveHistory } from './historyKeys.ts'
import { moveInbox } from './inboxKeys.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { found } from './logKeys.ts'
import { overlayKey } from './overlayKeys.ts'
import { settle } from './settle.ts'
import type { Input, PendingAction, UiState, Update } from './state.ts'
import { only, say } from './step.ts'
import type { View } from './view.ts'

/** What an input makes of the state, and what the shell is to do for it. */
export function update(state: UiState, input: Input, view: View): Update {
  const step = take(state, input, view)
  const settled = settle(step.state, view)
  return { state: settled.state, effects: [...step.effects, ...settled.effects] }
}

function take(state: UiState, input: Input, view: View): Update {
  switch (input.type) {
    case 'key':
      return pressed({ ...state, isTouched: true }, input.key, view)
    case 'resize':
      return only({ ...state, columns: input.columns, rows: input.rows })
    case 'tick':
    case 'changed':
      return only(state)
    case 'acted': {
      const { text, done, undo } = input.result
      const answered = say({ ...state, pending: without(state.pending, input.id) }, view, text, done ? 'good' : 'plain')
      return only({ ...answered, toast: { ...answered.toast!, undo } })
    }
    case 'not-acted':
      return only(say({ ...state, pending: without(state.pending, input.id) }, view, input.problem, 'bad'))
    case 'found': {
      const top = state.overlays.at(-1)
      return top?.kind === 'log' ? found(state, view, top, input.line) : only(state)
    }
    case 'told':
      return only(say(state, view, input.text, input.tone))
  }
}

const without = (pending: readonly PendingAction[], id: number) => pending.filter((action) => action.id !== id)

function pressed(before: UiState, key: Key, view: View): Update {
  // What was said was read by who presses the next key; an offer to undo stays for its time.
  const state = before.toast?.undo === undefined ? { ...before, toast: undefined } : before
  const name = keyName(key)
  // Wherever one is, and whatever one types.
  if (name === '^c') return only(state, { type: 'leave' })
  if (name === '^z') return only(state, { type: 'suspend' })
  const overlay = state.overlays.at(-1)
  if (overlay !== undefined) return overlayKey(state, view, overlay, key)
  if (state.screen === 'history' && state.history.filter.before !== undefined) return historyFilterKey(state, key)
  if (state.batches.filter.before !== undefined) return filterKey(state, view, key)
  if (name === undefined) return only(state)
  if (name === 'escape') return only(goBack(state))
  return move(state, view, name) ?? commandOf(state, name)?.run(state, view) ?? only(state)
}

function move(state: UiState, view: View, name: string): Update | undefined {
  switch (state.screen) {
    case 'batches':
    case 'map':
      return moveBatches(state, view, name)
    case 'inbox':
      return moveInbox(state, view, name)
    case 'history':
      return moveHistory(state, view, name)
  }
}

/** Goes back by one step; from the other screens to the batches. */
function goBack(state: UiState): UiState {
  if (state.screen === 'history' && state.history.filter.text !== '') {
    return { ...state, history: { ...state.history, filter: { text: '', before: undefined } } }
  }
  const next = back(state)
  return next === state ? { ...state, screen: 'batches' } : next
}
