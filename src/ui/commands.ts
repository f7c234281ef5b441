import type { BoardJob } from '../model/board.ts'
import { accept, hold, moveInLine, rebuild, retry, stop } from './acts.ts'
import {
  nextFailed,
  openBatch,
  openLog,
  sortNext,
  sortReversed,
  toggleAll,
  toggleFocus,
  toggleMark,
  toggleRange,
  toggleZoom,
} from './batchKeys.ts'
import { chosenJob, targetJobs } from './chosen.ts'
import { faultLines } from './faultLines.ts'
import { openFilter } from './filterKeys.ts'
import { openHistoryEntry } from './historyKeys.ts'
import { openDrop, take } from './inboxKeys.ts'
import { reportText } from './report.ts'
import { type Screen, screens, type UiState, type Update } from './state.ts'
import { ask, only, open, say, toastMs } from './step.ts'
import { moment } from './times.ts'
import type { View } from './view.ts'

/** Where a command works: on screens, in the log or a batch in full, or anywhere. */
export type Place = Screen | 'log' | 'batch'

/** Something that a person can do: the one table behind keys, help, footer and palette. */
export interface Command {
  /** Keys that do it, as update names them. */
  readonly keys: readonly string[]
  /** The keys as help shows them; '' if there is none, and it is found in the palette. */
  readonly shown: string
  /** A few words, for the footer. */
  readonly short: string
  /** A line of the help and of the palette. */
  readonly title: string
  readonly group: 'jobs' | 'list' | 'screens' | 'labmake'
  readonly places: readonly Place[]
  readonly run: (state: UiState, view: View) => Update
}

const lists = ['batches', 'map'] as const
const pages = [...lists, 'log', 'batch'] as const
const all = [...screens, 'log', 'batch'] as const

const goTo = (screen: Screen) => (state: UiState) => only({ ...state, screen, overlays: [] })

/** Group, keys, keys as shown, a word for the footer, a line for help and palette, places, and what it does. */
type TableRow = readonly [Command['group'], Command['keys'], string, string, string, Command['places'], Command['run']]

const table: readonly TableRow[] = [
  ['jobs', ['r'], 'r', 'retry', 'try again what failed or was stopped', pages, retry],
  ['jobs', ['R'], 'R', 'make again', 'make again though it is up to date (asks)', pages, rebuild],
  ['jobs', ['x'], 'x', 'stop', 'stop what runs (asks)', pages, stop],
  ['jobs', ['h'], 'h', 'hold', 'hold back what waits, or release it', pages, hold],
  ['jobs', ['+', '='], '+', 'earlier', 'start earlier than all others', pages, (s, v) => moveInLine(s, v, 'first')],
  ['jobs', ['-'], '-', 'later', 'start later than all others', pages, (s, v) => moveInLine(s, v, 'later')],
  ['jobs', [], '', 'accept', 'call current as it is: keep an edited target', pages, accept],
  ['jobs', ['l'], 'l', 'log', 'log in full', [...lists, 'batch'], openLog],
  ['jobs', ['y'], 'y', 'copy', 'copy a report', pages, copyReport],
  ['list', ['enter'], 'enter', 'open', 'open the batch in full', lists, openBatch],
  ['list', ['enter'], 'enter', 'why', 'say why it is so', ['inbox'], openDrop],
  ['list', ['enter'], 'enter', 'open', 'show the entry in full', ['history'], openHistoryEntry],
  ['list', ['t'], 't', 'take', 'take the drop, or decide its conflict', ['inbox'], take],
  ['list', ['/'], '/', 'filter', 'filter what is shown', [...lists, 'history'], openFilter],
  ['list', ['space'], 'space', 'mark', 'mark', lists, toggleMark],
  ['list', ['v'], 'v', 'range', 'mark a range', lists, toggleRange],
  ['list', ['a'], 'a', 'all', 'mark all that are shown', lists, toggleAll],
  ['list', ['n'], 'n', 'next failed', 'next that failed', lists, (s, v) => nextFailed(s, v, 1)],
  ['list', ['N'], 'N', 'previous failed', 'previous that failed', lists, (s, v) => nextFailed(s, v, -1)],
  ['list', ['s'], 's', 'sort', 'sort by something else', ['batches'], sortNext],
  ['list', ['S'], 'S', 'reverse', 'reverse the order', ['batches'], sortReversed],
  ['list', ['tab', 'backtab'], 'tab', 'pane', 'list or pane', ['batches'], toggleFocus],
  ['list', ['z'], 'z', 'zoom', 'zoom the list or the pane', ['batches'], toggleZoom],
  ['screens', ['1'], '1', 'batches', 'batches', all, goTo('batches')],
  ['screens', ['2'], '2', 'map', 'map', all, goTo('map')],
  ['screens', ['3'], '3', 'inbox', 'inbox', all, goTo('inbox')],
  ['screens', ['4'], '4', 'history', 'history', all, goTo('history')],
  ['screens', ['p'], 'p', 'pools', 'pools: pause them, change their slots', all, openPools],
  ['screens', [':'], ':', 'actions', 'all actions, by name', all, openPalette],
  ['screens', ['?'], '?', 'help', 'help', all, (s) => only(open(s, { kind: 'help', top: 0 }))],
  ['screens', [], '', 'faults', 'what is wrong with rules and manifests', all, openFaults],
  ['screens', [], '', 'messages', 'what was said in the last line, in full', all, openSaid],
  ['labmake', ['u'], 'u', 'undo', 'undo what was done last', all, undo],
  ['labmake', ['q', '^c'], 'q ^c', 'leave', 'leave; jobs go on', all, (s) => only(s, { type: 'leave' })],
  ['labmake', ['^z'], '^z', 'suspend', 'go to the shell; fg comes back', all, (s) => only(s, { type: 'suspend' })],
  ['labmake', [], '', 'end engine', 'end the engine; jobs go on (asks)', all, (s, v) => stopEngine(s, v, 'leave')],
  ['labmake', [], '', 'end all', 'end the engine and all that runs (asks)', all, (s, v) => stopEngine(s, v, 'end')],
]

export const commands: readonly Command[] = table.map(([group, keys, shown, short, title, places, run]) => {
  return { group, keys, shown, short, title, places, run }
})

/** Where the keys go now, apart from what lies over it. */
export function placeOf({ overlays, screen }: UiState): Place {
  const page = overlays.findLast((overlay) => overlay.kind === 'log' || overlay.kind === 'batch')
  return page === undefined ? screen : (page.kind as 'log' | 'batch')
}

export function commandsAt(state: UiState): readonly Command[] {
  const place = placeOf(state)
  return commands.filter(({ places }) => places.includes(place))
}

export function commandOf(state: UiState, key: string): Command | undefined {
  return commandsAt(state).find(({ keys }) => keys.includes(key))
}

function copyReport(state: UiState, view: View): Update {
  const marked = targetJobs(state, view)
  const job = chosenJob(state, view)
  const jobs: readonly BoardJob[] = state.batches.marks.size > 0 ? marked : job === undefined ? [] : [job]
  if (jobs.length === 0) return only(say(state, view, 'There is nothing here to report.'))
  return only(state, { type: 'copy', text: reportText(jobs, view) })
}

function openPools(state: UiState): Update {
  return only(open(state, { kind: 'pools', selected: undefined }))
}

function openPalette(state: UiState): Update {
  return only(open(state, { kind: 'palette', text: '', index: 0 }))
}

function openFaults(state: UiState, view: View): Update {
  const lines = view.board === undefined ? [] : faultLines(view.board)
  if (lines.length === 0) return only(say(state, view, 'Rules and manifests are in order.', 'good'))
  return only(open(state, { kind: 'message', title: 'Rules and manifests', lines, top: 0 }))
}

function openSaid(state: UiState, view: View): Update {
  const lines = state.said.map(({ text, tone, untilMs }) => `${moment(untilMs - toastMs[tone], view.nowMs)}  ${text}`)
  if (lines.length === 0) return only(say(state, view, 'Nothing was said yet.'))
  return only(open(state, { kind: 'message', title: 'Messages', lines, top: 0 }))
}

function undo(state: UiState, view: View): Update {
  const action = state.toast?.undo
  return action === undefined ? only(say(state, view, 'There is nothing to undo.')) : ask(state, view, action)
}

function stopEngine(state: UiState, view: View, jobs: 'leave' | 'end'): Update {
  const running = [...(view.board?.jobs.values() ?? [])].filter(({ status }) => status.state === 'running')
  const asks = view.board?.engine.mode === 'build' ? ['It builds, and ends by itself when that is done.'] : []
  return only(
    open(state, {
      kind: 'confirm',
      title: jobs === 'leave' ? 'End the engine?' : 'End the engine and all that runs?',
      lines: [...asks, 'The inbox is not looked after until an engine runs again.'],
      loss: lossOfEnding(jobs, running.length),
      rest: 'labmake watch starts it again.',
      yes: 'end it',
      action: { type: 'stop', jobs },
    }),
  )
}

function lossOfEnding(jobs: 'leave' | 'end', running: number): string {
  if (running === 0) return 'Nothing runs now.'
  if (jobs === 'leave') return `${running === 1 ? '1 job goes' : `${running} jobs go`} on; nothing new is started.`
  return `The work of ${running === 1 ? '1 running job' : `${running} running jobs`} is lost.`
}
