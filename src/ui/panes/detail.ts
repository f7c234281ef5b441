import type { BoardJob } from '../../model/board.ts'
import { chosenJob, chosenRow } from '../chosen.ts'
import type { Row } from '../rows.ts'
import { allBatches, type UiState } from '../state.ts'
import { bold, dim, inverse, type Line, type Look, type Span, signSpan, span } from '../style.ts'
import { cutLine, cutMiddle, lineWidth, plain, spread } from '../text.ts'
import type { View } from '../view.ts'
import { factLine, jobFacts } from './jobLines.ts'
import { logTail } from './logTail.ts'

export interface DetailPane {
  readonly columns: number
  readonly rows: number
  /** At the side of the list: a line runs down at its left. */
  readonly side: boolean
}

/** Rows of log that are worth a title. */
const leastLog = 3

/** The batch that is selected: what its jobs do and why, and how the log of the chosen one ends. */
export function detail(state: UiState, view: View, pane: DetailPane): readonly Line[] {
  const margin: Span[] = pane.side ? [span(view.style.unicode ? '│' : '|', dim), span(' ')] : [span(' ')]
  const columns = pane.columns - lineWidth(margin) - (pane.side ? 0 : 1)
  const row = chosenRow(state, view)
  const job = chosenJob(state, view)
  const lines = row === undefined || job === undefined ? [] : content(row, job, state, view, columns, pane.rows)
  const shown = pane.side ? Array.from({ length: pane.rows }, (_, y) => lines[y] ?? []) : lines.slice(0, pane.rows)
  return shown.map((line) => [...margin, ...cutLine(line, columns, view.style)])
}

function content(row: Row, job: BoardJob, state: UiState, view: View, columns: number, rows: number): Line[] {
  const { style } = view
  const hasFocus = state.batches.focus === 'pane' && state.overlays.length === 0
  const name = row.batch === allBatches ? '(all batches)' : plain(row.batch)
  const params = Object.entries(job.params).filter(([, value]) => value !== '')
  const right: Line =
    params.length === 0 ? [] : [span(plain(params.map(([key, value]) => `${key}=${value}`).join(' ')), dim)]
  const lines: Line[] = [
    spread([span(cutMiddle(name, columns, style), bold)], right, columns, style),
    [span('now    ', dim), ...jobsNow(row, job, hasFocus, view, columns - 7)],
  ]
  // At the side there is room for sentences; below the list the log gets it.
  const { first, rest } = jobFacts(job, view, { columns, whyLines: rows > 20 ? 4 : 1 })
  const spare = rows - lines.length - leastLog
  // Where there is little room the footer says what to do, too.
  const told = rows > 12 ? first : first.filter(({ key }) => key !== 'do')
  lines.push(...told.slice(0, Math.max(1, spare)).map(factLine))
  lines.push(...rest.slice(0, Math.max(0, rows - lines.length - (rows > 20 ? 8 : leastLog + 1))).map(factLine))
  return [...lines, ...logTail(job, view, columns, rows - lines.length)]
}

/** `✗ denoise failed → ⊘ phy blocked`: the chosen one is underlined, or turned over where the keys go to it. */
function jobsNow(row: Row, chosen: BoardJob, hasFocus: boolean, view: View, columns: number): Line {
  const { style } = view
  const arrow = span(style.unicode ? '  →  ' : '  ->  ', dim)
  const look: Look = hasFocus ? inverse : row.jobs.length > 1 ? { underline: true } : {}
  const piece = (job: BoardJob): Line => [
    signSpan(style, job.status.state),
    span(' '),
    span(`${plain(job.name)} ${job.status.state}`, job.id === chosen.id ? look : undefined),
  ]
  const pieces = row.jobs.map(piece)
  // Of many jobs those from the chosen one on are shown, and the one before it.
  let from = 0
  const at = row.jobs.indexOf(chosen)
  while (from < at - 1 && lineWidth(joined(pieces.slice(from), arrow)) > columns) from++
  const before = from > 0 ? [span(style.unicode ? '… ' : '~ ', dim)] : []
  return [...before, ...joined(pieces.slice(from), arrow)]
}

function joined(pieces: readonly Line[], arrow: Span): Span[] {
  return pieces.flatMap((piece, i) => (i === 0 ? piece : [arrow, ...piece]))
}
