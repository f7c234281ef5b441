import type { Action, ActionResult } from '../model/action.ts'
import type { Key } from './keys.ts'

export const screens = ['batches', 'map', 'inbox', 'history'] as const
export type Screen = (typeof screens)[number]

/** The row of jobs whose rules have no {batch}: no batch has this name. */
export const allBatches = ''

export const sortKeys = ['attention', 'name', 'age', 'duration', 'tries'] as const
export type SortKey = (typeof sortKeys)[number]

/** What the person at the terminal chose. All of it: panes are drawn from this and a View alone. */
export interface UiState {
  readonly columns: number
  readonly rows: number
  readonly screen: Screen
  /** Did the person press a key yet? Until then the first batch is selected, whichever comes to stand there. */
  readonly isTouched: boolean
  readonly batches: BatchList
  readonly inbox: List
  readonly history: List & { readonly filter: TextField }
  /** The last one is on top and has the keys. */
  readonly overlays: readonly Overlay[]
  /** Actions that the engine has not answered yet. */
  readonly pending: readonly PendingAction[]
  /** Number of the last action that was asked for. */
  readonly lastAction: number
  readonly toast: Toast | undefined
  /** What was said in the last line, newest first. */
  readonly said: readonly Toast[]
  readonly asked: Asked
  /** Jobs that had failed for good when last looked: one more rings the bell. Undefined before there was a board. */
  readonly failed: number | undefined
}

/** A list of which one row is selected: it follows what it names, not its place. */
export interface List {
  /** Undefined as long as there was no row. */
  readonly selected: string | undefined
  /** Where the selected one was last: its neighbour is selected when it goes. */
  readonly index: number
  /** Row at the upper edge. */
  readonly top: number
}

/** What batches and map share. */
export interface BatchList extends List {
  readonly focus: 'list' | 'pane'
  /** Id of the job that the pane shows; undefined: the one that needs most attention. */
  readonly job: string | undefined
  readonly marks: ReadonlySet<string>
  /** Where `v` began a range. */
  readonly rangeFrom: string | undefined
  readonly filter: Filter
  readonly sort: { readonly by: SortKey; readonly reversed: boolean }
  /** The half that has the focus takes the whole body. */
  readonly zoom: boolean
}

export interface TextField {
  readonly text: string
  /** What was there before it was edited, to which esc returns; undefined while nobody types. */
  readonly before: string | undefined
}

export interface Filter extends TextField {
  /** The last text that could be read: it is what filters. */
  readonly good: string
  /** Why `text` cannot be read. */
  readonly problem: string | undefined
}

export type Overlay =
  | { readonly kind: 'help'; readonly top: number }
  | Confirm
  | { readonly kind: 'pools'; readonly selected: string | undefined }
  | LogOverlay
  | { readonly kind: 'palette'; readonly text: string; readonly index: number }
  /** One batch in full. */
  | { readonly kind: 'batch'; readonly batch: string }
  | Choice
  | Prompt
  | { readonly kind: 'message'; readonly title: string; readonly lines: readonly string[]; readonly top: number }

/** A question before something is lost. What it would do was fixed when it was opened. */
export interface Confirm {
  readonly kind: 'confirm'
  readonly title: string
  readonly lines: readonly string[]
  /** What is lost: said loudly. */
  readonly loss: string
  /** What is not lost. */
  readonly rest: string
  /** The word after `y`. */
  readonly yes: string
  readonly action: Action
}

/** A few ways to go on, of which one is chosen. */
export interface Choice {
  readonly kind: 'choice'
  readonly title: string
  readonly lines: readonly string[]
  readonly options: readonly ChoiceOption[]
  readonly index: number
}

export interface ChoiceOption {
  /** Chooses it at once. */
  readonly key: string
  readonly title: string
  readonly does: { readonly act: Action } | { readonly open: Overlay }
}

/** Asks for a name. */
export interface Prompt {
  readonly kind: 'prompt'
  readonly title: string
  readonly text: string
  readonly drop: string
  readonly problem: string | undefined
}

export interface LogOverlay {
  readonly kind: 'log'
  readonly job: string
  /** Undefined: the newest. */
  readonly attempt: number | undefined
  /** First line shown; ignored while following. */
  readonly top: number
  readonly follow: boolean
  readonly wrap: boolean
  readonly search: TextField
  /** Line that the search found last. */
  readonly found: number | undefined
}

export interface PendingAction {
  readonly id: number
  readonly action: Action
  readonly sinceMs: number
}

export interface Toast {
  readonly tone: 'plain' | 'good' | 'bad'
  readonly text: string
  readonly untilMs: number
  /** What `u` would do, as long as the words that say it are there. */
  readonly undo?: Action | undefined
}

/** What the shell was last asked for: it is asked again when something else is on the screen. */
export interface Asked {
  readonly log: { readonly job: string; readonly attempt: number; readonly path: string } | undefined
  /** `stamp` differs when the job changed, and its detail is to be loaded anew. */
  readonly detail: { readonly job: string; readonly stamp: string } | undefined
  /** When, and of which jobs. */
  readonly history: { readonly atMs: number; readonly jobsVersion: number } | undefined
  /** The same of the advice in the pools, while they are open. */
  readonly advice: { readonly atMs: number; readonly jobsVersion: number } | undefined
  /** Is another part of the log held than its end? */
  readonly isWindow: boolean
}

/** What happens to the UI. */
export type Input =
  | { readonly type: 'key'; readonly key: Key }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  /** Time went by. */
  | { readonly type: 'tick' }
  /** The view is another: board, link, details, log or history. */
  | { readonly type: 'changed' }
  | { readonly type: 'acted'; readonly id: number; readonly result: ActionResult }
  /** The engine did not answer, or refused. */
  | { readonly type: 'not-acted'; readonly id: number; readonly problem: string }
  /** The end of a search; undefined if nothing was found. */
  | { readonly type: 'found'; readonly line: number | undefined }
  /** The shell has something to say: where a copy lies, that a pager could not be started. */
  | { readonly type: 'told'; readonly text: string; readonly tone: Toast['tone'] }

/** What the shell is to do. Its answer, if any, comes back as an input or in the view. */
export type Effect =
  | { readonly type: 'act'; readonly id: number; readonly action: Action }
  | { readonly type: 'leave' }
  | { readonly type: 'suspend' }
  | { readonly type: 'copy'; readonly text: string }
  /** `path` is relative to the workspace, as all log paths. */
  | { readonly type: 'openPager'; readonly path: string }
  /** Follow this log, and no other. Selecting runs through many: the shell may wait until the keys rest. */
  | { readonly type: 'openLog'; readonly job: string; readonly attempt: number; readonly path: string }
  | { readonly type: 'closeLog' }
  /** Hold the lines around this one; `end`: hold the last ones, whatever comes. */
  | { readonly type: 'readLog'; readonly line: number | 'end' }
  | { readonly type: 'searchLog'; readonly text: string; readonly from: number; readonly direction: 'down' | 'up' }
  | { readonly type: 'loadDetail'; readonly job: string }
  | { readonly type: 'loadHistory' }
  | { readonly type: 'loadAdvice' }
  /** Something failed for good. */
  | { readonly type: 'bell' }

export interface Update {
  readonly state: UiState
  readonly effects: readonly Effect[]
}

const list: List = { selected: undefined, index: 0, top: 0 }
const field: TextField = { text: '', before: undefined }

/** As it is when the UI is opened. */
export function initialState(columns: number, rows: number): UiState {
  return {
    columns,
    rows,
    screen: 'batches',
    isTouched: false,
    batches: {
      ...list,
      focus: 'list',
      job: undefined,
      marks: new Set(),
      rangeFrom: undefined,
      filter: { ...field, good: '', problem: undefined },
      sort: { by: 'attention', reversed: false },
      zoom: false,
    },
    inbox: list,
    history: { ...list, filter: field },
    overlays: [],
    pending: [],
    lastAction: 0,
    toast: undefined,
    said: [],
    asked: { log: undefined, detail: undefined, history: undefined, advice: undefined, isWindow: false },
    failed: undefined,
  }
}
