import { historyRows } from './historyRows.ts'
import { layoutOf } from './layout.ts'
import { movement, selectAt } from './list.ts'
import type { UiState, Update } from './state.ts'
import { only, open } from './step.ts'
import { clock, dayText } from './times.ts'
import type { View } from './view.ts'

export function moveHistory(state: UiState, view: View, name: string): Update | undefined {
  const layout = layoutOf(state, view)
  const by = movement(name, layout.kind === 'tiny' ? 1 : layout.body.rows - 1)
  if (by === undefined) return undefined
  const names = historyRows(state.history.filter.text, view).map((row) => row.id)
  return only({ ...state, history: selectAt(state.history, state.history.index + by, names) })
}

export function openHistoryEntry(state: UiState, view: View): Update {
  const row = historyRows(state.history.filter.text, view).find(({ id }) => id === state.history.selected)
  if (row === undefined) return only(state)
  const when = `${dayText(row.atMs)} ${clock(row.atMs)}`
  const took = row.took === undefined ? '' : `, after ${row.took}`
  const lines = [`${when}${took}`, '', row.text, ...(row.more.length > 0 ? ['', ...row.more] : [])]
  return only(open(state, { kind: 'message', title: row.what, lines, top: 0 }))
}
