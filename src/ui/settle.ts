import { chosenJob, logOf, openPage } from './chosen.ts'
import { countsOf, dropsOf } from './facts.ts'
import { historyRows } from './historyRows.ts'
import { layoutOf } from './layout.ts'
import { clamp, scrolled, settleList } from './list.ts'
import { mapColumns } from './mapGrid.ts'
import { shownBatches } from './order.ts'
import { textRows } from './panes/textBox.ts'
import { rowByBatch } from './rows.ts'
import type { Asked, BatchList, Effect, Overlay, UiState, Update } from './state.ts'
import { toastMs } from './step.ts'
import type { View } from './view.ts'

/** Faster than this nobody reads a history that grows, or advice that changes. */
const readEveryMs = 5000

/**
 * After every input: what is selected is there and in sight, what is over is forgotten, and what the screen shows is asked
 * for. So no key needs to think of it.
 */
export function settle(state: UiState, view: View): Update {
  const settled = {
    ...state,
    ...settleLists(state, view),
    ...settleToast(state, view),
    overlays: settleOverlays(state, view),
  }
  return askFor(settled, view)
}

function settleLists(state: UiState, view: View): Pick<UiState, 'batches' | 'inbox' | 'history'> {
  const layout = layoutOf(state, view)
  const rows = layout.kind === 'tiny' ? 1 : layout.body.rows
  const list = layout.kind === 'tiny' ? 1 : Math.max(1, (layout.list?.rows ?? rows) - 1)
  const drops = dropsOf(view).map((drop) => drop.name)
  const history = historyRows(state.history.filter.text, view).map((row) => row.id)
  return {
    batches: settleBatches(state, view, list, layout.kind === 'full' && layout.detail !== undefined),
    inbox: settleList(state.inbox, drops, rows - 1),
    history: settleList(state.history, history, rows - 1),
  }
}

function settleBatches(state: UiState, view: View, page: number, hasPane: boolean): BatchList {
  const names = shownBatches(state, view)
  // Who only opened it looks at what needs attention, and not after what stood first then.
  const before = state.isTouched ? state.batches : { ...state.batches, selected: undefined, index: 0 }
  const settled = settleList(before, names, page)
  // In the map the top is a line of signs.
  const perLine = mapColumns(state.columns)
  const lines = Math.ceil(names.length / perLine)
  const list =
    state.screen === 'map'
      ? {
          ...settled,
          top: scrolled(state.batches.top, Math.floor(settled.index / perLine), lines, Math.max(1, page - 3)),
        }
      : settled
  const rows = rowByBatch(view)
  // Before the first board nothing is known to be gone.
  const marks =
    view.board === undefined || [...list.marks].every((batch) => rows.has(batch))
      ? list.marks
      : new Set([...list.marks].filter((batch) => rows.has(batch)))
  return { ...list, marks, focus: hasPane ? list.focus : 'list' }
}

/** A night of troubles. */
const saidKept = 50

function settleToast({ toast, said: before }: UiState, { nowMs }: View): Pick<UiState, 'toast' | 'said'> {
  if (toast === undefined) return { toast, said: before }
  const said = before[0] === toast ? before : [toast, ...before].slice(0, saidKept)
  const leftMs = toast.untilMs - nowMs
  // Longer than any stays: the clock was set back.
  return { toast: leftMs <= 0 || leftMs > toastMs[toast.tone] ? undefined : toast, said }
}

function settleOverlays(state: UiState, view: View): readonly Overlay[] {
  const top = state.overlays.at(-1)
  if (top === undefined) return state.overlays
  if (top.kind === 'help' || top.kind === 'message') {
    const { count, page } = textRows(top, state, view)
    const at = clamp(top.top, 0, Math.max(0, count - page))
    return at === top.top ? state.overlays : [...state.overlays.slice(0, -1), { ...top, top: at }]
  }
  // A batch or a job that is no more takes its page with it.
  const isGone =
    (top.kind === 'batch' && !rowByBatch(view).has(top.batch)) ||
    (top.kind === 'log' && view.board?.jobs.has(top.job) !== true)
  return isGone && view.board !== undefined ? state.overlays.slice(0, -1) : state.overlays
}

/** The log and the detail that are on the screen, the history while it is looked at, and a bell for what failed. */
function askFor(state: UiState, view: View): Update {
  const effects: Effect[] = []
  const job = showsJob(state, view) ? chosenJob(state, view) : undefined
  const detail = job === undefined ? undefined : { job: job.id, stamp: stampOf(job.status) }
  let { asked } = state
  if (detail !== undefined && (asked.detail?.job !== detail.job || asked.detail.stamp !== detail.stamp)) {
    effects.push({ type: 'loadDetail', job: detail.job })
    asked = { ...asked, detail }
  }
  const page = openPage(state)
  const attempt = page?.kind === 'log' ? page.attempt : undefined
  const log = job === undefined ? undefined : logOf(job, view.details.get(job.id), attempt)
  if (log?.path !== asked.log?.path) {
    effects.push(log === undefined ? { type: 'closeLog' } : { type: 'openLog', ...log })
    asked = { ...asked, log, isWindow: false }
  }
  const isWindow = page?.kind === 'log' && !page.follow
  // Where one read last is of no use to who looks at the end again.
  if (asked.isWindow && !isWindow) effects.push({ type: 'readLog', line: 'end' })
  if (asked.isWindow !== isWindow) asked = { ...asked, isWindow }
  const { nowMs, jobsVersion } = view
  if (state.screen === 'history' && isOld(asked.history, view)) {
    effects.push({ type: 'loadHistory' })
    asked = { ...asked, history: { atMs: nowMs, jobsVersion } }
  }
  const hasPools = state.overlays.some(({ kind }) => kind === 'pools')
  if (hasPools && isOld(asked.advice, view)) {
    effects.push({ type: 'loadAdvice' })
    asked = { ...asked, advice: { atMs: nowMs, jobsVersion } }
  } else if (!hasPools && asked.advice !== undefined) asked = { ...asked, advice: undefined }
  const failed = view.board === undefined ? state.failed : countsOf(view).failed
  if (state.failed !== undefined && failed !== undefined && failed > state.failed) effects.push({ type: 'bell' })
  return { state: { ...state, asked, failed }, effects }
}

/** Was it never asked for, or long ago and jobs changed since? */
function isOld(asked: Asked['history'], { nowMs, jobsVersion }: View): boolean {
  if (asked === undefined) return true
  return asked.jobsVersion !== jobsVersion && Math.abs(nowMs - asked.atMs) >= readEveryMs
}

function showsJob(state: UiState, view: View): boolean {
  if (openPage(state) !== undefined) return true
  const layout = layoutOf(state, view)
  return layout.kind === 'full' && layout.detail !== undefined
}

/** Another one when the detail of a job may have become another. */
function stampOf(status: { readonly state: string; readonly attempt?: number }): string {
  return `${status.state} ${status.attempt ?? ''}`
}
