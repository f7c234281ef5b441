import type { UiState } from './state.ts'
import type { View } from './view.ts'

/** The whole picture: exactly `state.rows` painted lines, none wider than `state.columns`. */
export function frame(state: UiState, view: View): readonly string[] {
  return Array.from({ length: state.rows }, () => ' '.repeat(Math.min(view.version, state.columns)))
}
