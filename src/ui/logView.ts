import { lineIndex } from './lineIndex.ts'
import type { LogFiles } from './logFiles.ts'
import { type LogFile, lineAt, readAround, readTail } from './logLines.ts'
import { type LogSearch, searchLog } from './logSearch.ts'
import type { Timers } from './timers.ts'
import type { LogPicture } from './view.ts'

/**
 * The one log that is shown: followed by this client from its file, a window of lines at a time, however big it is. Lines
 * are counted in the background; those at the end are shown before that, under numbers that are guessed. Guesses are too
 * high, and stay as they are until the end or the beginning is looked at again, so that nothing moves under the reader.
 */
export interface LogView {
  /** Follow this log, and no other. In a moment: a selection that runs down a list opens the last one only. */
  open(path: string): void
  close(): void
  /** Hold the lines around this one; at the end, whatever comes. */
  hold(line: number | 'end'): void
  /** Tells `found`. Another search ends one that goes on. */
  search(search: LogSearch): void
  /** Undefined if none is open. */
  picture(): LogPicture | undefined
}

export interface LogViewOptions {
  readonly files: LogFiles
  readonly timers: Timers
  /** The picture is another. */
  readonly changed: () => void
  /** The end of a search; undefined if the text is nowhere. */
  readonly found: (line: number | undefined) => void
}

/** Slower than keys repeat, quicker than a person waits for. */
const restMs = 80
/** Logs are read with the eye. */
const pollMs = 400
/** Read at once: a millisecond of work, so that keys come in between. */
const pieceBytes = 1024 * 1024
/** Bigger logs are counted only when somebody scrolls or searches: most are looked at by their last lines. */
const countedUnasked = 32 * 1024 * 1024
const guessFactor = 1.2

export function logView(options: LogViewOptions): LogView {
  const { timers, found } = options
  let log: OpenLog | undefined
  let stopRest = () => {}
  let searching = new AbortController()
  const close = () => {
    stopRest()
    searching.abort()
    log?.close()
    log = undefined
  }
  return {
    open(path) {
      close()
      const opened = openLog(path, options)
      log = opened
      stopRest = timers.startTimer(restMs, () => void opened.follow())
    },
    close,
    hold(line) {
      log?.hold(line)
    },
    search(search) {
      searching.abort()
      const current = new AbortController()
      searching = current
      const over = (line: number | undefined) => {
        if (!current.signal.aborted) found(line)
      }
      // What cannot be read is shown as missing already.
      log?.search(search, current.signal).then(over, () => over(undefined))
    },
    picture: () => log?.picture(),
  }
}

interface OpenLog extends Pick<LogView, 'hold'> {
  picture(): LogPicture
  /** Goes on until it is closed. Never rejects. */
  follow(): Promise<void>
  /** Rejects if the log cannot be read. */
  search(search: LogSearch, signal: AbortSignal): Promise<number | undefined>
  close(): void
}

function openLog(path: string, { files, timers, changed }: LogViewOptions): OpenLog {
  let isClosed = false
  let picture: LogPicture = { path, first: 0, lines: [], count: 0, state: 'reading' }
  let file: LogFile = { files, path, sizeBytes: 0 }
  let identity = ''
  let index = lineIndex()
  let wanted: number | 'end' = 'end'
  /** Does the picture lack something that is wanted? */
  let isStale = true
  let mustCount = false
  /** Numbers that are told are this much higher than those of the index. */
  let shift = 0
  /** The number that the line at an offset was told under, before it was counted. */
  let guess: { readonly line: number; readonly offset: number } | undefined
  let wake = () => {}
  const whenCounted: (() => void)[] = []

  const show = (next: Omit<LogPicture, 'path'>) => {
    if (isClosed) return
    picture = { path, ...next }
    changed()
  }
  const uncounted = () => file.sizeBytes - index.bytes()
  /** A line without its end counts as soon as it has begun. */
  const lineCount = () => index.ends() + (index.bytes() > index.lastStart() ? 1 : 0)

  const startOver = () => {
    index = lineIndex()
    shift = 0
    guess = undefined
    isStale = true
  }
  /** False if there is no log. */
  const look = async (): Promise<boolean> => {
    const stat = await files.stat(path)
    if (stat === undefined) {
      startOver()
      file = { ...file, sizeBytes: 0 }
      if (picture.state !== 'missing') show({ first: 0, lines: [], count: 0, state: 'missing' })
      return false
    }
    if (stat.identity !== identity || stat.sizeBytes < file.sizeBytes) startOver()
    if (stat.sizeBytes !== file.sizeBytes) isStale = true
    identity = stat.identity
    file = { files, path, sizeBytes: stat.sizeBytes }
    return true
  }
  /** False if there is less to count than it seemed: it was cut short since it was looked at. */
  const countPiece = async (): Promise<boolean> => {
    const bytes = await files.read(path, index.bytes(), Math.min(pieceBytes, uncounted()))
    if (bytes.length === 0) return false
    index.take(bytes)
    if (uncounted() > 0) return true
    if (guess !== undefined) shift = guess.line - (await lineAt(file, index, guess.offset))
    guess = undefined
    isStale = true
    return true
  }
  const refresh = async () => {
    const state = uncounted() === 0 ? 'read' : 'reading'
    if (wanted === 'end') {
      const { lines, offset } = await readTail(file)
      if (state === 'read') shift = 0
      const guessed = Math.ceil((guessFactor * lines.length * file.sizeBytes) / Math.max(1, file.sizeBytes - offset))
      const count = state === 'read' ? lineCount() : Math.max(guessed, lines.length)
      const first = Math.max(0, count - lines.length)
      if (state === 'reading') guess = { line: first, offset }
      show({ first, lines, count, state })
    } else if (wanted === 0 || state === 'read') {
      if (wanted === 0) shift = 0
      const { first, lines } = await readAround(file, index, Math.max(0, wanted - shift))
      show({ first: first + shift, lines, count: lineCount() + shift, state })
    } else mustCount = true
  }
  /** One look at the file, and what follows of it; true if there is more to do at once. */
  const turn = async (): Promise<boolean> => {
    if (!(await look())) return false
    const isAsked = () => uncounted() > 0 && (mustCount || file.sizeBytes <= countedUnasked)
    // What is short is counted first: then the numbers are right from the start.
    if (isAsked() && uncounted() <= pieceBytes && !(await countPiece())) return false
    if (isStale) {
      isStale = false
      await refresh()
    }
    if (isAsked() && !(await countPiece())) return false
    return isAsked() || isStale
  }
  const isDone = () => picture.state === 'missing' || (picture.state === 'read' && uncounted() === 0)
  const rest = () =>
    new Promise<void>((resolve) => {
      const stop = timers.startTimer(pollMs, resolve)
      wake = () => {
        stop()
        resolve()
      }
    })
  return {
    picture: () => picture,
    async follow() {
      while (!isClosed) {
        const goesOn = await turn().catch(() => {
          // It may be readable again by the next look.
          show({ first: 0, lines: [], count: 0, state: 'missing' })
          return false
        })
        if (isDone()) for (const go of whenCounted.splice(0)) go()
        if (!goesOn && !isClosed) await rest()
      }
    },
    hold(line) {
      wanted = line
      isStale = true
      wake()
    },
    async search(search, signal) {
      mustCount = true
      wake()
      if (!isDone()) await new Promise<void>((resolve) => whenCounted.push(resolve))
      const from = Math.min(Math.max(0, search.from - shift), Math.max(0, lineCount() - 1))
      const line = isClosed ? undefined : await searchLog(file, index, { ...search, from }, signal)
      return line === undefined ? undefined : line + shift
    },
    close() {
      isClosed = true
      wake()
      for (const go of whenCounted.splice(0)) go()
    },
  }
}
