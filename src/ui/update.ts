import type { Input, UiState, Update } from './state.ts'
import type { View } from './view.ts'

/** What an input makes of the state, and what the shell is to do for it. */
export function update(state: UiState, _input: Input, _view: View): Update {
  return { state, effects: [] }
}
