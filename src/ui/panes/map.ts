import type { JobState } from '../../model/board.ts'
import { chosenRow, markedBatches } from '../chosen.ts'
import { factsOf } from '../facts.ts'
import type { Pane } from '../layout.ts'
import { hasGap, mapColumns, mapMargin } from '../mapGrid.ts'
import { shownRows } from '../order.ts'
import type { Row } from '../rows.ts'
import { allBatches, type UiState } from '../state.ts'
import { bold, dim, grey, type Line, lookOf, type Span, signSpan, span } from '../style.ts'
import { padStart, plain } from '../text.ts'
import type { View } from '../view.ts'
import { whyText } from '../words.ts'
import { fitPieces } from './parts.ts'

/** Lines of the pane that are not of the grid: the selected one, a gap, and the legend with one above it. */
export const mapFrameRows = 4

/** These are loud; all else is said by how far a batch is. */
const loud: ReadonlySet<JobState> = new Set([
  'failed',
  'blocked',
  'protected',
  'running',
  'stale',
  'held',
  'cancelled',
  'orphaned',
])

/** One sign per batch: what is done is quiet, trouble is loud. */
export function map(state: UiState, view: View, pane: Pane): readonly Line[] {
  const rows = shownRows(state, view)
  const perLine = mapColumns(pane.columns)
  const room = Math.max(1, pane.rows - mapFrameRows)
  const marked = markedBatches(state, view)
  const lines: Line[] = [selected(state, view), []]
  const { top } = state.batches
  for (let y = top; y < top + room && y * perLine < rows.length; y++) {
    const line: Span[] = [span(padStart(String(y * perLine + 1), mapMargin - 2), dim), span('  ')]
    for (const [x, row] of rows.slice(y * perLine, (y + 1) * perLine).entries()) {
      if (hasGap(x)) line.push(span(' '))
      const sign = batchSign(row, view)
      const isSelected = row.batch === state.batches.selected
      const look = marked.has(row.batch) ? { ...sign.look, underline: true as const } : sign.look
      line.push(isSelected ? { text: sign.text, look: { inverse: true, bold: true } } : span(sign.text, look))
    }
    lines.push(line)
  }
  if (rows.length === 0) lines.push([span('   no batch fits  ', dim), span(plain(state.batches.filter.good), bold)])
  return [...lines, [], legend(view, pane.columns)].slice(0, pane.rows)
}

function batchSign({ urgent, jobs }: Row, { style }: View): Span {
  const { state } = urgent.status
  if (loud.has(state)) return { ...signSpan(style, state), look: { ...lookOf(state), bold: true } }
  const done = jobs.filter(({ status }) => status.state === 'done').length
  const { none, some, all } = quietSigns(style.unicode)
  if (done === jobs.length) return span(all, { color: 'green', dim: true })
  return done > 0 ? span(some, dim) : span(none, grey)
}

const quietSigns = (unicode: boolean) =>
  unicode ? { none: '·', some: '▄', all: '•' } : { none: ' ', some: ':', all: '+' }

function selected(state: UiState, view: View): Line {
  const row = chosenRow(state, view)
  const facts = factsOf(view)
  if (row === undefined || facts === undefined) return []
  const jobs = row.jobs.flatMap((job): Line => [signSpan(view.style, job.status.state), span(` ${plain(job.name)}  `)])
  const why = row.urgent.status.state === 'done' ? '' : plain(whyText(row.urgent, facts))
  const name = row.batch === allBatches ? '(all batches)' : plain(row.batch)
  return [span('  '), span(name, bold), span('  '), ...jobs, span(why, dim)]
}

/** The signs that are of the map alone first; of the others as many as there is room for. */
function legend({ style }: View, columns: number): Line {
  const { none, some, all } = quietSigns(style.unicode)
  const nothing = none === ' ' ? 'blank' : none
  const loudOnes = (['failed', 'blocked', 'running', 'held'] as const).map(
    (state): Line => [signSpan(style, state), span(` ${state}`, dim)],
  )
  const pieces: readonly Line[] = [
    [span(`${nothing} nothing yet`, dim)],
    [span(`${some} partly done`, dim)],
    [span(all, { color: 'green', dim: true }), span(' done', dim)],
    ...loudOnes,
  ]
  const rest = '   ? all signs'
  return [span('   '), ...fitPieces(pieces, columns - 3 - rest.length, 3, () => ''), span(rest, dim)]
}
