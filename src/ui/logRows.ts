import type { LogOverlay } from './state.ts'
import { plain, width } from './text.ts'
import type { LogPicture } from './view.ts'

/** One row of the screen that shows a log: a line of it, or a part of a wrapped one. */
export interface LogRow {
  /** Number of the line in the file, from 0. */
  readonly line: number
  readonly text: string
}

type Place = Pick<LogOverlay, 'top' | 'follow' | 'wrap'>

/** What of a log stands on a screen of this size. Lines that are not held are left out. */
export function logRows(log: LogPicture, place: Place, columns: number, rows: number): readonly LogRow[] {
  return place.follow ? lastRows(log, place, columns, rows) : rowsFrom(log, place.top, place, columns, rows)
}

function rowsFrom(log: LogPicture, top: number, { wrap }: Place, columns: number, rows: number): LogRow[] {
  const shown: LogRow[] = []
  for (let line = Math.max(top, log.first); shown.length < rows; line++) {
    const text = log.lines[line - log.first]
    if (text === undefined) break
    for (const part of wrap ? wrapped(plain(text), columns) : [plain(text)]) shown.push({ line, text: part })
  }
  return shown.slice(0, rows)
}

function lastRows(log: LogPicture, { wrap }: Place, columns: number, rows: number): LogRow[] {
  const shown: LogRow[] = []
  for (let i = log.lines.length - 1; i >= 0 && shown.length < rows; i--) {
    const text = plain(log.lines[i]!)
    const parts = wrap ? wrapped(text, columns) : [text]
    for (const part of parts.toReversed()) shown.push({ line: log.first + i, text: part })
  }
  return shown.slice(0, rows).reverse()
}

/** A line longer than this is not wrapped to its end: it is no text, and nobody reads it so. */
const longestWrapped = 20_000

/** A line in pieces of at most `columns`, cut where they end: a log has no words to spare. */
export function wrapped(text: string, columns: number): string[] {
  if (width(text) <= columns) return [text]
  const parts: string[] = []
  let part = ''
  let used = 0
  for (const letter of text.slice(0, longestWrapped)) {
    const w = width(letter)
    if (used + w > columns) {
      parts.push(part)
      part = ''
      used = 0
    }
    part += letter
    used += w
  }
  return [...parts, part]
}
