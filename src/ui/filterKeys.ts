import { edited } from './field.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { filterProblem } from './rowFilter.ts'
import type { Filter, UiState, Update } from './state.ts'
import { only } from './step.ts'
import type { View } from './view.ts'

/** Begins to edit the filter of the screen. */
export function openFilter(state: UiState): Update {
  if (state.screen === 'history') {
    const { filter } = state.history
    return only({ ...state, history: { ...state.history, filter: { ...filter, before: filter.text } } })
  }
  const { filter } = state.batches
  return only(withFilter(state, { ...filter, before: filter.good }))
}

/** Keys while the filter is typed: it filters at once, and a text that cannot be read leaves what was filtered before. */
export function filterKey(state: UiState, view: View, key: Key): Update {
  const { filter } = state.batches
  switch (keyName(key)) {
    case 'escape':
      return only(withFilter(state, { ...readFilter(filter, filter.before ?? '', view), before: undefined }))
    case 'enter':
      // What cannot be read does not stay: the field shows what really filters.
      return only(withFilter(state, { text: filter.good, before: undefined, good: filter.good, problem: undefined }))
    default: {
      const text = edited(filter.text, key)
      return only(text === undefined ? state : withFilter(state, readFilter(filter, text, view)))
    }
  }
}

function readFilter(filter: Filter, text: string, view: View): Filter {
  const problem = filterProblem(text, view)
  if (problem === undefined) return { ...filter, text, problem, good: text }
  // `is:failed pool` was read as a name on the way to `is:failed pool:ram`: what was good is what came before the word.
  const before = text.replace(/\S*$/, '').trimEnd()
  return { ...filter, text, problem, good: filterProblem(before, view) === undefined ? before : filter.good }
}

const withFilter = (state: UiState, filter: Filter): UiState => ({ ...state, batches: { ...state.batches, filter } })

/** As filterKey, for the history, which is filtered by words alone. */
export function historyFilterKey(state: UiState, key: Key): Update {
  const { filter } = state.history
  const next = (text: string, before: string | undefined) =>
    only({ ...state, history: { ...state.history, filter: { text, before } } })
  switch (keyName(key)) {
    case 'escape':
      return next(filter.before ?? '', undefined)
    case 'enter':
      return next(filter.text, undefined)
    default:
      return next(edited(filter.text, key) ?? filter.text, filter.before)
  }
}
