import type { BoardJob } from '../../model/board.ts'
import { markedBatches } from '../chosen.ts'
import { factsOf } from '../facts.ts'
import type { Pane } from '../layout.ts'
import { memo } from '../memo.ts'
import { shownRows } from '../order.ts'
import { type Row, rowsOf } from '../rows.ts'
import { allBatches, type UiState } from '../state.ts'
import { bold, dim, inverse, type Line, type Look, type Span, span } from '../style.ts'
import { cutLine, fill, fillMiddle, lineWidth, plain, width } from '../text.ts'
import { clockMinutes, dayText, roughly, roughlyShort } from '../times.ts'
import type { View } from '../view.ts'
import { type Facts, whyText } from '../words.ts'
import { cell } from './cells.ts'
import { type ListColumns, listColumns } from './columns.ts'

/** From here on a why stands beside the cells. */
const whyColumns = 64

/** The batches: a line of headings, then a line each. Only lines that are seen are built. */
export function batchList(state: UiState, view: View, pane: Pane): readonly Line[] {
  const rows = shownRows(state, view)
  const rules = view.board?.rules ?? []
  const place = placeText(state, view, rows.length)
  const columns = listColumns({
    columns: pane.columns,
    rules: rules.length,
    longestName: Math.max(longestName(view), width(place)),
    wantsWhy: pane.columns >= whyColumns,
  })
  const lines: Line[] = [headings(place, view, columns)]
  if (rows.length === 0) return [...lines, ...nothingFits(state)]
  const context: RowContext = {
    columns,
    rules: rules.slice(0, columns.rules),
    marked: markedBatches(state, view),
    pending: pendingJobs(state),
    facts: factsOf(view)!,
    view,
  }
  const { top, selected, focus } = state.batches
  for (const row of rows.slice(top, top + pane.rows - 1)) {
    const line = batchLine(row, context)
    const isSelected = row.batch === selected
    lines.push(
      isSelected ? selectedLine(line, pane.columns, focus === 'list' || state.overlays.length > 0, view) : line,
    )
  }
  return lines
}

const longestName: (view: View) => number = memo(
  (view: View) => [rowsOf(view)],
  (view) => rowsOf(view).reduce((longest, row) => Math.max(longest, width(rowName(row))), 0),
)

const rowName = ({ batch }: Row) => (batch === allBatches ? '(all batches)' : plain(batch))

/** Jobs about which the engine was asked and has not answered. */
export function pendingJobs({ pending }: UiState): ReadonlySet<string> {
  return new Set(
    pending.flatMap(({ action }) => ('jobs' in action && typeof action.jobs !== 'string' ? action.jobs : [])),
  )
}

/** `batch 3/5000 ▸ is:failed by name` */
function placeText({ batches }: UiState, { style }: View, count: number): string {
  const { filter, index, sort } = batches
  const place = `batch ${count === 0 ? 0 : index + 1}/${count}`
  const order = sort.by === 'attention' && !sort.reversed ? '' : ` by ${sort.by}${sort.reversed ? ' reversed' : ''}`
  const sieve = filter.good === '' ? '' : ` ${style.unicode ? '▸' : '>'} ${plain(filter.good)}`
  return `${place}${sieve}${order}`
}

function headings(place: string, view: View, columns: ListColumns): Line {
  const { style } = view
  const cells = (view.board?.rules ?? []).slice(0, columns.rules).map((rule) => {
    const name = plain(rule)
    return span(
      // Of signs alone the first letter has to do: it tells more than a sign that something was cut.
      columns.cell === undefined ? `${name.slice(0, 1)} ` : `${fill(name, columns.cell - 1, style)} `,
      dim,
    )
  })
  return [
    span(`   ${fill(place, columns.name, style)} `, bold),
    ...cells,
    span(columns.why > 0 ? fill('why', columns.why, style) : '', dim),
  ]
}

function nothingFits(state: UiState): Line[] {
  return [
    [],
    [span('   no batch fits  ', dim), span(plain(state.batches.filter.good), bold)],
    [span('   esc clears the filter', dim)],
  ]
}

interface RowContext {
  readonly columns: ListColumns
  readonly rules: readonly string[]
  readonly marked: ReadonlySet<string>
  readonly pending: ReadonlySet<string>
  readonly facts: Facts
  readonly view: View
}

function batchLine(row: Row, { columns, rules, marked, pending, facts, view }: RowContext): Line {
  const { style } = view
  const cells: Span[] = rules.flatMap((rule): Line => {
    const jobs = row.jobs.filter((job) => job.rule === rule)
    return cell(jobs, { columns: columns.cell, isPending: jobs.some((job) => pending.has(job.id)) }, view)
  })
  return [
    span(' '),
    rowSign(row, marked, view),
    span(' '),
    span(`${fillMiddle(rowName(row), columns.name, style)} `),
    ...cells,
    span(columns.why > 0 ? fill(plain(rowWhy(row.urgent, facts)), columns.why, style) : '', dim),
  ]
}

/** A mark, or that a person moved it in line. */
function rowSign({ batch, jobs }: Row, marked: ReadonlySet<string>, { style }: View): Span {
  if (marked.has(batch)) return span(style.unicode ? '•' : '@', { color: 'yellow', bold: true })
  const say = jobs.find(({ rank, status }) => rank.say !== 0 && status.state !== 'done')?.rank.say ?? 0
  if (say > 0) return span(style.unicode ? '↑' : '^', { color: 'cyan' })
  return say < 0 ? span(style.unicode ? '↓' : 'v', dim) : span(' ')
}

/** What goes well needs no reason; what runs says when it ends. */
function rowWhy(job: BoardJob, facts: Facts): string {
  const { status, estimate } = job
  if (status.state === 'done') return status.edited === undefined ? '' : whyText(job, facts)
  if (status.state !== 'running' || status.stoppedBy !== undefined || status.hasEnded) return whyText(job, facts)
  if (estimate === undefined) return ''
  const left = estimate.seconds - (facts.nowMs - status.startedMs) / 1000
  if (left <= 0) return `longer than usual, which is ${roughly(estimate.seconds)}`
  return `until ${until(facts.nowMs + left * 1000, facts.nowMs)}, about ${roughlyShort(left)}`
}

/** A time within a day, else the day: a guess is worth no more. */
function until(ms: number, nowMs: number): string {
  return ms - nowMs < 86_400_000 ? clockMinutes(ms) : dayText(ms)
}

/** The whole line turned over where the keys go to it, else a bar at its left. */
export function selectedLine(line: Line, columns: number, hasFocus: boolean, { style }: View): Line {
  const bar = style.unicode ? '▌' : '>'
  const [, ...rest] = cutLine(line, columns, style)
  if (!hasFocus)
    return [
      span(bar, { color: 'cyan', bold: true }),
      ...rest.map(({ text, look }) => span(text, { ...look, bold: true })),
    ]
  const turned = rest.map(({ text, look }): Span => ({ text, look: turnedLook(look) }))
  return [span(bar, inverse), ...turned, span(' '.repeat(Math.max(0, columns - 1 - lineWidth(rest))), inverse)]
}

/** Colours on a turned line would be hard to read on some themes: shape and weight stay. */
function turnedLook(look: Look | undefined): Look {
  return look?.bold ? { inverse: true, bold: true } : inverse
}
