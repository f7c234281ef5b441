import type { BoardJob } from '../model/board.ts'
import { chosenJob, chosenRow, logOf, markedBatches } from './chosen.ts'
import { layoutOf } from './layout.ts'
import { clamp, movement, selectAt } from './list.ts'
import { mapColumns } from './mapGrid.ts'
import { shownBatches, shownRows } from './order.ts'
import { type BatchList, type SortKey, sortKeys, type UiState, type Update } from './state.ts'
import { only, open, say } from './step.ts'
import type { View } from './view.ts'

// Keys of the two screens that show batches: the list and the map.

const withBatches = (state: UiState, more: Partial<BatchList>): UiState => ({
  ...state,
  batches: { ...state.batches, ...more },
})

/** Moves the selection, or the choice of a job where the pane has the focus; undefined if the key does not move. */
export function moveBatches(state: UiState, view: View, name: string): Update | undefined {
  if (state.screen === 'batches' && state.batches.focus === 'pane') return moveJob(state, view, name)
  const layout = layoutOf(state, view)
  const page = layout.kind === 'tiny' ? 1 : (layout.list?.rows ?? layout.body.rows) - 1
  const onMap = state.screen === 'map' ? mapMovement(name, mapColumns(state.columns), page) : undefined
  const by = onMap ?? movement(name, page)
  if (by === undefined) return undefined
  return only(selectRow(state, view, state.batches.index + by))
}

/** In the map the arrows go over the grid. */
function mapMovement(name: string, perLine: number, page: number): number | undefined {
  if (name === 'right') return 1
  if (name === 'left') return -1
  const lines = movement(name, page)
  return lines === undefined ? undefined : lines * perLine
}

function selectRow(state: UiState, view: View, index: number): UiState {
  const names = shownBatches(state, view)
  return { ...state, batches: { ...selectAt(state.batches, index, names), job: undefined } }
}

/** The job above or below in its batch. */
export function moveJob(state: UiState, view: View, name: string): Update | undefined {
  const by = name === 'right' ? 1 : name === 'left' ? -1 : movement(name, Number.POSITIVE_INFINITY)
  const row = chosenRow(state, view)
  if (by === undefined || row === undefined) return undefined
  const at = row.jobs.indexOf(chosenJob(state, view) ?? row.urgent)
  return only(withBatches(state, { job: row.jobs[clamp(at + by, 0, row.jobs.length - 1)]!.id }))
}

/** The next or the previous batch of which something failed, round the end. */
export function nextFailed(state: UiState, view: View, way: 1 | -1): Update {
  const rows = shownRows(state, view)
  const hasFailed = (jobs: readonly BoardJob[]) => jobs.some(({ status }) => status.state === 'failed')
  for (let i = 1; i <= rows.length; i++) {
    const at = (state.batches.index + way * i + rows.length * i) % rows.length
    if (hasFailed(rows[at]!.jobs)) return only(selectRow(state, view, at))
  }
  return only(say(state, view, 'Nothing failed among the batches shown.'))
}

export function toggleMark(state: UiState, view: View): Update {
  const { selected, marks, rangeFrom, index } = state.batches
  if (selected === undefined) return only(state)
  if (rangeFrom !== undefined)
    return only(withBatches(state, { marks: markedBatches(state, view), rangeFrom: undefined }))
  const next = new Set(marks)
  if (!next.delete(selected)) next.add(selected)
  return only(selectRow(withBatches(state, { marks: next }), view, index + 1))
}

/** Begins a range, or ends it: what lies between is marked. */
export function toggleRange(state: UiState, view: View): Update {
  const { selected, rangeFrom } = state.batches
  if (rangeFrom === undefined) return only(withBatches(state, { rangeFrom: selected }))
  return only(withBatches(state, { marks: markedBatches(state, view), rangeFrom: undefined }))
}

/** Marks all that are shown; if all are, none. */
export function toggleAll(state: UiState, view: View): Update {
  const shown = shownBatches(state, view)
  const { marks } = state.batches
  const areAll = shown.length > 0 && shown.every((batch) => marks.has(batch))
  const next = areAll ? [...marks].filter((batch) => !shown.includes(batch)) : [...marks, ...shown]
  return only(withBatches(state, { marks: new Set(next), rangeFrom: undefined }))
}

const sortNames: Readonly<Record<SortKey, string>> = {
  attention: 'what needs attention first',
  name: 'name',
  age: 'what happened last',
  duration: 'how long it took',
  tries: 'how often it was tried',
}

export function sortNext(state: UiState, view: View): Update {
  const by = sortKeys[(sortKeys.indexOf(state.batches.sort.by) + 1) % sortKeys.length]!
  return only(say(withBatches(state, { sort: { by, reversed: false } }), view, `Sorted by ${sortNames[by]}.`))
}

export function sortReversed(state: UiState, view: View): Update {
  const { by, reversed } = state.batches.sort
  const order = reversed ? '' : ', reversed'
  return only(
    say(withBatches(state, { sort: { by, reversed: !reversed } }), view, `Sorted by ${sortNames[by]}${order}.`),
  )
}

export function toggleFocus(state: UiState, view: View): Update {
  const layout = layoutOf(state, view)
  const hasPane = layout.kind === 'full' && (layout.detail !== undefined || state.batches.zoom)
  if (!hasPane) return only(say(state, view, 'There is no room for a pane beside the list. enter opens the batch.'))
  return only(withBatches(state, { focus: state.batches.focus === 'list' ? 'pane' : 'list' }))
}

export function toggleZoom(state: UiState): Update {
  return only(withBatches(state, { zoom: !state.batches.zoom }))
}

export function openBatch(state: UiState): Update {
  const { selected } = state.batches
  return only(selected === undefined ? state : open(state, { kind: 'batch', batch: selected }))
}

export function openLog(state: UiState, view: View): Update {
  const job = chosenJob(state, view)
  if (job === undefined) return only(state)
  const detail = view.details.get(job.id)
  // What was never loaded may have logs of earlier attempts: then the page itself says that there are none.
  if (detail !== undefined && logOf(job, detail) === undefined)
    return only(say(state, view, `${job.id} has not run yet: it has no log.`))
  const search = { text: '', before: undefined }
  return only(
    open(state, {
      kind: 'log',
      job: job.id,
      attempt: undefined,
      top: 0,
      follow: true,
      wrap: false,
      search,
      found: undefined,
    }),
  )
}

/** Goes back by one step: out of the zoom, the pane, the range, the marks, the filter. */
export function back(state: UiState): UiState {
  const { zoom, focus, rangeFrom, marks, filter } = state.batches
  if (state.screen === 'batches' && zoom) return withBatches(state, { zoom: false })
  if (state.screen === 'batches' && focus === 'pane') return withBatches(state, { focus: 'list' })
  if (rangeFrom !== undefined) return withBatches(state, { rangeFrom: undefined })
  if (marks.size > 0) return withBatches(state, { marks: new Set() })
  if (filter.text === '' && filter.good === '') return state
  return withBatches(state, { filter: { text: '', before: undefined, good: '', problem: undefined } })
}
