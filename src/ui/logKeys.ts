import { logsOf } from './chosen.ts'
import { edited } from './field.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { layoutOf } from './layout.ts'
import { clamp, movement } from './list.ts'
import { logRows } from './logRows.ts'
import type { Effect, LogOverlay, UiState, Update } from './state.ts'
import { close, only, replaceTop, say } from './step.ts'
import type { View } from './view.ts'

/** Lines above the one that a search found, so that one sees what led to it. */
const linesAbove = 3

/** Rows of the page that show the log, below its title. */
export function logPage(state: UiState, view: View): { readonly columns: number; readonly rows: number } {
  const layout = layoutOf(state, view)
  if (layout.kind === 'tiny') return { columns: state.columns, rows: 1 }
  return { columns: layout.body.columns, rows: Math.max(1, layout.body.rows - 1) }
}

/** Keys of the log in full; undefined where the key is none of them. */
export function logKey(state: UiState, view: View, log: LogOverlay, key: Key): Update | undefined {
  if (log.search.before !== undefined) return searchKey(state, view, log, key)
  const name = keyName(key)
  const page = logPage(state, view)
  if (name === undefined) return undefined
  if (name === 'G' || name === 'end') return follow(state, log)
  const by = movement(name, page.rows)
  if (by !== undefined) return scroll(state, view, log, by)
  switch (name) {
    case 'f':
      return log.follow ? scroll(state, view, log, 0) : follow(state, log)
    case '/':
      return only(replaceTop(state, { ...log, search: { text: '', before: log.search.text } }))
    case 'n':
    case 'N':
      return searchOn(state, view, log, name === 'n' ? 'down' : 'up')
    case 'w':
      return only(replaceTop(state, { ...log, wrap: !log.wrap }))
    case '[':
    case ']':
      return otherAttempt(state, view, log, name === '[' ? -1 : 1)
    case 'e': {
      const path = view.log?.path ?? currentLog(view, log)?.path
      return path === undefined
        ? only(say(state, view, 'There is no log to open.'))
        : only(state, { type: 'openPager', path })
    }
    case 'escape':
    case 'enter':
    case 'l':
      return only(close(state))
    default:
      return undefined
  }
}

function follow(state: UiState, log: LogOverlay): Update {
  return only(replaceTop(state, { ...log, follow: true }))
}

/** From where it stands now: scrolling ends the following. */
function scroll(state: UiState, view: View, log: LogOverlay, by: number): Update {
  const page = logPage(state, view)
  const picture = view.log
  if (picture === undefined) return only(state)
  const from = log.follow ? (logRows(picture, log, page.columns, page.rows)[0]?.line ?? 0) : log.top
  const top = clamp(from + by, 0, Math.max(0, picture.count - 1))
  // Down to where the last line is at the bottom there is nothing more to see: then it may as well follow.
  if (by > 0 && top + page.rows >= picture.count && !log.wrap) return follow(state, log)
  return only(replaceTop(state, { ...log, top, follow: false }), ...readIfNeeded(top, page.rows, view))
}

/** What is not held has to be read. */
function readIfNeeded(top: number, rows: number, { log }: View): Effect[] {
  if (log === undefined) return []
  const isHeld = top >= log.first && Math.min(top + rows, log.count) <= log.first + log.lines.length
  return isHeld ? [] : [{ type: 'readLog', line: top }]
}

function searchKey(state: UiState, view: View, log: LogOverlay, key: Key): Update {
  const name = keyName(key)
  const { text, before = '' } = log.search
  if (name === 'escape') return only(replaceTop(state, { ...log, search: { text: before, before: undefined } }))
  if (name === 'enter') {
    // Nothing typed: once more what was searched before.
    const search = { text: text === '' ? before : text, before: undefined }
    const next = { ...log, search }
    return searchOn(replaceTop(state, next), view, { ...next, found: undefined }, 'down')
  }
  const next = edited(text, key)
  return only(next === undefined ? state : replaceTop(state, { ...log, search: { text: next, before } }))
}

function searchOn(state: UiState, view: View, log: LogOverlay, direction: 'down' | 'up'): Update {
  const { text } = log.search
  if (text === '') return only(say(state, view, '/ searches the log.'))
  const page = logPage(state, view)
  const top = log.follow
    ? view.log === undefined
      ? 0
      : (logRows(view.log, log, page.columns, page.rows)[0]?.line ?? 0)
    : log.top
  const from = log.found === undefined ? top : log.found + (direction === 'down' ? 1 : -1)
  return only(state, { type: 'searchLog', text, from, direction })
}

/** The end of a search. */
export function found(state: UiState, view: View, log: LogOverlay, line: number | undefined): Update {
  if (line === undefined) return only(say(state, view, `"${log.search.text}" is not in this log.`))
  const top = Math.max(0, line - linesAbove)
  const next = replaceTop(state, { ...log, top, found: line, follow: false })
  return only(next, ...readIfNeeded(top, logPage(state, view).rows, view))
}

function currentLog(view: View, log: LogOverlay) {
  const job = view.board?.jobs.get(log.job)
  if (job === undefined) return undefined
  const logs = logsOf(job, view.details.get(log.job))
  return log.attempt === undefined ? logs.at(-1) : logs.find(({ attempt }) => attempt === log.attempt)
}

function otherAttempt(state: UiState, view: View, log: LogOverlay, way: 1 | -1): Update {
  const job = view.board?.jobs.get(log.job)
  const logs = job === undefined ? [] : logsOf(job, view.details.get(log.job))
  const at = logs.findIndex(({ attempt }) => attempt === currentLog(view, log)?.attempt)
  const next = logs[at + way]
  if (next === undefined)
    return only(say(state, view, way < 0 ? 'There is no earlier attempt.' : 'This is the newest attempt.'))
  // Of the newest one also what is to come is wanted: it has no number.
  const attempt = next === logs.at(-1) ? undefined : next.attempt
  return only(replaceTop(state, { ...log, attempt, top: 0, follow: true, found: undefined }))
}
