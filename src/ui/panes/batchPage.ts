import type { BoardJob } from '../../model/board.ts'
import { chosenJob, chosenRow } from '../chosen.ts'
import type { Pane } from '../layout.ts'
import { allBatches, type UiState } from '../state.ts'
import { bold, dim, type Line, signSpan, span, wordLook } from '../style.ts'
import { cutLine, plain, spread } from '../text.ts'
import type { View } from '../view.ts'
import { factLine, jobFacts } from './jobLines.ts'
import { logTail } from './logTail.ts'

/** Of the height, the log gets this. */
const logShare = 0.4

/** One batch in full: all of its jobs with all that is known of them, and the log of the chosen one. */
export function batchPage(state: UiState, view: View, pane: Pane): readonly Line[] {
  const row = chosenRow(state, view)
  const job = chosenJob(state, view)
  if (row === undefined || job === undefined) return []
  const columns = pane.columns - 2
  const logRows = Math.max(0, Math.floor((pane.rows - 1) * logShare))
  const name = row.batch === allBatches ? '(all batches)' : plain(row.batch)
  const place = row.jobs.length > 1 ? [span(`job ${row.jobs.indexOf(job) + 1} of ${row.jobs.length}`, dim)] : []
  const title = spread([span(name, bold)], place, columns, view.style)
  const sections = row.jobs.map((each) => section(each, each.id === job.id, view, columns))
  const above = windowed(sections, row.jobs.indexOf(job), pane.rows - 1 - logRows)
  const log = logTail(job, view, columns, pane.rows - 1 - above.length)
  return [title, ...above, ...log].map((line) => [span(' '), ...cutLine(line, columns, view.style)])
}

function section(job: BoardJob, isChosen: boolean, view: View, columns: number): Line[] {
  const { state } = job.status
  const bar = isChosen ? (view.style.unicode ? '▌' : '>') : ' '
  const { first, rest } = jobFacts(job, view, { columns: columns - 4, whyLines: 6 })
  const head: Line = [
    span(bar, { color: 'cyan', bold: true }),
    span(' '),
    signSpan(view.style, state),
    span(' '),
    span(plain(job.name), bold),
    span(` ${state}`, wordLook(state)),
  ]
  return [head, ...[...first, ...rest].map((fact): Line => [span('    '), ...factLine(fact)]), []]
}

/** So much of the sections that the chosen one is seen, from its beginning on. */
function windowed(sections: readonly Line[][], chosen: number, rows: number): Line[] {
  const all = sections.flat()
  if (all.length <= rows) return all
  const start = sections.slice(0, chosen).flat().length
  const from = Math.min(start, Math.max(0, all.length - rows))
  return all.slice(from, from + rows)
}
