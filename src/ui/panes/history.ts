import { type HistoryRow, historyRows } from '../historyRows.ts'
import type { Pane } from '../layout.ts'
import type { UiState } from '../state.ts'
import { bold, dim, type Line, signSpan, span } from '../style.ts'
import { cut, fill, fillMiddle, padStart, plain } from '../text.ts'
import { clockMinutes, dayText } from '../times.ts'
import type { View } from '../view.ts'
import { selectedLine } from './list.ts'

const tookColumns = 7
/** Selection and gap, sign and gap, and the gap after a name. */
const marginColumns = 6
/** Narrower than this, what became of it has no room: enter shows it. */
const leastColumns = 72

interface HistoryColumns {
  /** `Mon 31 Aug 06:04`, or without the day of the week, and a gap. */
  readonly when: number
  readonly what: number
  /** 0: there is no room for what became of it. */
  readonly text: number
}

function historyColumns(columns: number): HistoryColumns {
  if (columns < leastColumns) return { when: 14, what: columns - marginColumns - 14 - tookColumns - 1, text: 0 }
  const what = Math.min(44, Math.floor(columns * 0.38))
  return { when: 18, what, text: columns - marginColumns - 18 - what - tookColumns - 2 }
}

/** What was made, failed, dropped and asked for: newest first. */
export function history(state: UiState, view: View, pane: Pane): readonly Line[] {
  const { style } = view
  const filter = state.history.filter.text
  const rows = historyRows(filter, view)
  const columns = historyColumns(pane.columns)
  const place = `${rows.length === 0 ? 0 : state.history.index + 1}/${rows.length}`
  const sieve = filter === '' ? '' : ` ${style.unicode ? '▸' : '>'} ${plain(filter)}`
  const lines: Line[] = [
    [
      span(`   ${fill(`history ${place}${sieve}`, columns.when + columns.what + 3, style)}`, bold),
      span(`${padStart('took', tookColumns)}${columns.text === 0 ? '' : '  what became of it'}`, dim),
    ],
  ]
  if (view.history === undefined) return [...lines, [], [span('   Asking the engine for the journal.', dim)]]
  if (rows.length === 0) {
    const why = filter === '' ? 'Nothing was made here yet.' : 'No entry holds all of these words.  esc clears them'
    return [...lines, [], [span(`   ${why}`, dim)]]
  }
  const { top, selected } = state.history
  for (const row of rows.slice(top, top + pane.rows - 1)) {
    const line = historyLine(row, columns, view)
    lines.push(row.id === selected ? selectedLine(line, pane.columns, state.overlays.length === 0, view) : line)
  }
  return lines
}

function historyLine(row: HistoryRow, { when, what, text }: HistoryColumns, { style }: View): Line {
  const day = text === 0 ? dayText(row.atMs).replace(/^\w+ /, '') : dayText(row.atMs)
  // Of what a person did, the name alone says nothing.
  const whole = `${plain(row.what)}  ${plain(row.text)}`
  return [
    span(' '),
    span('  '),
    span(`${day} ${clockMinutes(row.atMs)}`.padEnd(when), dim),
    row.state === undefined ? span(style.unicode ? '·' : "'", dim) : signSpan(style, row.state),
    span(
      ` ${text === 0 && row.took === undefined ? fill(whole, what, style) : fillMiddle(plain(row.what), what, style)} `,
    ),
    span(padStart(row.took ?? '', tookColumns)),
    span(text === 0 ? '' : `  ${cut(plain(row.text), text, style)}`, dim),
  ]
}
