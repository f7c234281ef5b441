import type { BoardJob } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import { shownRows } from './order.ts'
import { type Row, rowByBatch } from './rows.ts'
import type { Overlay, UiState } from './state.ts'
import type { View } from './view.ts'

/** The log or the batch in full that is open, also when something lies over it. */
export function openPage(state: UiState): (Overlay & { readonly kind: 'log' | 'batch' }) | undefined {
  return state.overlays.findLast((overlay) => overlay.kind === 'log' || overlay.kind === 'batch') as
    | (Overlay & { readonly kind: 'log' | 'batch' })
    | undefined
}

/** The batch that the person looks at. */
export function chosenRow(state: UiState, view: View): Row | undefined {
  const page = openPage(state)
  const rows = rowByBatch(view)
  if (page?.kind === 'batch') return rows.get(page.batch)
  return state.batches.selected === undefined ? undefined : rows.get(state.batches.selected)
}

/** The job that the person looks at: the one that was chosen in its batch, or the most urgent. */
export function chosenJob(state: UiState, view: View): BoardJob | undefined {
  const page = openPage(state)
  if (page?.kind === 'log') return view.board?.jobs.get(page.job)
  const row = chosenRow(state, view)
  return row?.jobs.find((job) => job.id === state.batches.job) ?? row?.urgent
}

/** What an action is done to: the marked batches, or the job that has the focus, or all jobs of the selected batch. */
export function targetJobs(state: UiState, view: View): readonly BoardJob[] {
  const page = openPage(state)
  const job = chosenJob(state, view)
  if (page !== undefined) return job === undefined ? [] : [job]
  if (state.screen !== 'batches' && state.screen !== 'map') return []
  const marked = markedBatches(state, view)
  if (marked.size > 0) {
    const rows = rowByBatch(view)
    return [...marked].flatMap((batch) => rows.get(batch)?.jobs ?? [])
  }
  if (state.batches.focus === 'pane' && state.screen === 'batches') return job === undefined ? [] : [job]
  return chosenRow(state, view)?.jobs ?? []
}

/** Marks, with the range that is being drawn. */
export function markedBatches(state: UiState, view: View): ReadonlySet<string> {
  const { marks, rangeFrom, selected } = state.batches
  if (rangeFrom === undefined || selected === undefined) return marks
  const rows = shownRows(state, view)
  const from = rows.findIndex((row) => row.batch === rangeFrom)
  const to = rows.findIndex((row) => row.batch === selected)
  if (from < 0 || to < 0) return marks
  const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1)
  return new Set([...marks, ...range.map((row) => row.batch)])
}

export interface JobLog {
  readonly job: string
  readonly attempt: number
  /** Relative to the workspace. */
  readonly path: string
}

/** The log of an attempt of a job, of the newest unless said otherwise; undefined if there is none, or none is known. */
export function logOf(job: BoardJob, detail: JobDetail | undefined, attempt?: number): JobLog | undefined {
  const logs = logsOf(job, detail)
  return attempt === undefined ? logs.at(-1) : logs.find((log) => log.attempt === attempt)
}

/** The logs of a job that are known, newest last. */
export function logsOf({ id, status }: BoardJob, detail: JobDetail | undefined): readonly JobLog[] {
  const paths = new Map<number, string>()
  for (const past of detail?.attempts ?? []) paths.set(past.attempt, past.log)
  if (status.state === 'running') paths.set(status.attempt, status.log)
  else if ('last' in status && status.last !== undefined) paths.set(status.last.attempt, status.last.log)
  return [...paths]
    .filter(([, path]) => path !== '')
    .sort(([a], [b]) => a - b)
    .map(([attempt, path]) => ({ job: id, attempt, path }))
}
