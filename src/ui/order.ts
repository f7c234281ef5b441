import { lastEventMs, tookMs, triesOf } from '../core/jobTimes.ts'
import { compareRanks } from '../core/schedule.ts'
import { assertNever } from '../model/errors.ts'
import { memo } from './memo.ts'
import { rowFilter } from './rowFilter.ts'
import { attentionOf, jobsKey, type Row, rowsOf } from './rows.ts'
import type { SortKey, UiState } from './state.ts'
import type { View } from './view.ts'

const minuteMs = 60_000

/** The map is in the order of names, so that a batch keeps its place. */
const orderOf = ({ screen, batches }: UiState) =>
  screen === 'map' ? ({ by: 'name', reversed: false } as const) : batches.sort

/** The rows that the filter leaves, in the order that was chosen. */
export const shownRows: (state: UiState, view: View) => readonly Row[] = memo(
  (state: UiState, view: View) => [
    ...jobsKey(view),
    state.batches.filter.good,
    orderOf(state).by,
    orderOf(state).reversed,
    // Ages grow by themselves; a row that comes into the filter a minute late does no harm.
    Math.floor(view.nowMs / minuteMs),
  ],
  (state, view) => {
    const sort = orderOf(state)
    const fits = rowFilter(state.batches.filter.good, view)
    const rows = rowsOf(view).filter(fits)
    const sorted = sort.by === 'name' ? rows : sortRows(rows, sort.by, view.nowMs)
    return sort.reversed ? sorted.reverse() : sorted
  },
)

/** Names of the shown rows, for lists. */
export const shownBatches: (state: UiState, view: View) => readonly string[] = memo(
  (state: UiState, view: View) => [shownRows(state, view)],
  (state, view) => shownRows(state, view).map((row) => row.batch),
)

/** Sorts in place by numbers that are worked out once; ties stay in the order of names. */
function sortRows(rows: Row[], by: Exclude<SortKey, 'name'>, nowMs: number): Row[] {
  switch (by) {
    case 'attention':
      return rows.sort(byAttention)
    case 'age':
      return byNumber(rows, (row) => -Math.max(...row.jobs.map(lastEventMs)))
    case 'duration':
      return byNumber(rows, (row) => -row.jobs.reduce((sum, job) => sum + (tookMs(job, nowMs) ?? 0), 0))
    case 'tries':
      return byNumber(rows, (row) => -Math.max(...row.jobs.map(triesOf)))
    default:
      return assertNever(by)
  }
}

function byNumber(rows: Row[], numberOf: (row: Row) => number): Row[] {
  const numbers = new Map(rows.map((row) => [row, numberOf(row)]))
  return rows.sort((a, b) => numbers.get(a)! - numbers.get(b)!)
}

/** Most urgent first; of the failed the last, of the running the longest, of the queued the next comes first. */
function byAttention({ urgent: a }: Row, { urgent: b }: Row): number {
  const rank = attentionOf(a.status.state) - attentionOf(b.status.state)
  if (rank !== 0) return rank
  if (a.status.state === 'failed' && b.status.state === 'failed') return b.status.last.endedMs - a.status.last.endedMs
  if (a.status.state === 'running' && b.status.state === 'running') return a.status.startedMs - b.status.startedMs
  return a.status.state === 'queued' ? compareRanks(a.rank, b.rank) : 0
}
