import { type HistoryRow, historyRows } from '../historyRows.ts'
import type { Pane } from '../layout.ts'
import type { UiState } from '../state.ts'
import { bold, dim, type Line, signSpan, span } from '../style.ts'
import { cut, fill, fillMiddle, padStart, plain } from '../text.ts'
import { clockMinutes, dayText } from '../times.ts'
import type { View } from '../view.ts'
import { selectedLine } from './list.ts'

/** `Mon 31 Aug 06:04`, and a gap. */
const whenColumns = 18
const tookColumns = 7

/** What was made, failed, dropped and asked for: newest first. */
export function history(state: UiState, view: View, pane: Pane): readonly Line[] {
  const { style } = view
  const filter = state.history.filter.text
  const rows = historyRows(filter, view)
  const whatColumns = Math.max(14, Math.min(44, Math.floor(pane.columns * 0.38)))
  const place = `${rows.length === 0 ? 0 : state.history.index + 1}/${rows.length}`
  const sieve = filter === '' ? '' : ` ${style.unicode ? '▸' : '>'} ${plain(filter)}`
  const lines: Line[] = [
    [
      span(`   ${fill(`history ${place}${sieve}`, whenColumns + whatColumns + 3, style)}`, bold),
      span(`${padStart('took', tookColumns)}  what became of it`, dim),
    ],
  ]
  if (view.history === undefined) return [...lines, [], [span('   Asking the engine for the journal.', dim)]]
  if (rows.length === 0) {
    const why = filter === '' ? 'Nothing was made here yet.' : 'No entry holds all of these words.  esc clears them'
    return [...lines, [], [span(`   ${why}`, dim)]]
  }
  const { top, selected } = state.history
  for (const row of rows.slice(top, top + pane.rows - 1)) {
    const line = historyLine(row, whatColumns, pane.columns, view)
    lines.push(row.id === selected ? selectedLine(line, pane.columns, state.overlays.length === 0, view) : line)
  }
  return lines
}

function historyLine(row: HistoryRow, whatColumns: number, columns: number, view: View): Line {
  const { style } = view
  const text = columns - 3 - whenColumns - 2 - whatColumns - 1 - tookColumns - 2
  return [
    span(' '),
    span('  '),
    span(`${`${dayText(row.atMs)} ${clockMinutes(row.atMs)}`.padEnd(whenColumns)}`, dim),
    row.state === undefined ? span(style.unicode ? '·' : "'", dim) : signSpan(style, row.state),
    span(` ${fillMiddle(plain(row.what), whatColumns, style)} `),
    span(`${padStart(row.took ?? '', tookColumns)}  `),
    span(cut(plain(row.text), text, style), dim),
  ]
}
