import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { noHistory, rememberAttempt } from '../core/history.ts'
import { pastPeaks, rememberPeak } from '../core/memoryAdvice.ts'
import type { PastAttempt } from '../model/detail.ts'
import type { Fault } from '../model/errors.ts'
import { DiskFault, type Journal } from '../model/ports.ts'
import type { DropRecord, JournalRecord } from '../model/record.ts'
import { describeErrno } from './disk.ts'
import { formatLine, isReadable, journalPath, lineEnd, parseLine } from './journalLines.ts'
import { compareToMark, type JournalMark, markJournal } from './journalMark.ts'
import { lookUp, rememberAll } from './journalMemory.ts'
import { openJournalWriter } from './journalWriter.ts'
import { openOlderLines } from './olderLines.ts'

export interface JournalFile extends Journal {
  /** Where it ended when it was opened; undefined if it was not there, was empty, or ended in a torn line. */
  readonly mark: JournalMark | undefined
  /** Nobody, this journal neither, changed the file since it was opened. */
  isAsRead(): boolean
  /** Records behind the mark that it was opened with; undefined if that mark was of no use, and everything was read. */
  readonly news: readonly JournalRecord[] | undefined
  /** Damage met while reading; what is good was kept. */
  readonly faults: readonly Fault[]
  /** What became of drops, in order. */
  drops(): readonly DropRecord[]
  /** All records in order; read from the file anew. */
  records(): JournalRecord[]
  /** The last records, newest last; 1,000 at the most. */
  recent(limit: number): readonly JournalRecord[]
  close(): void
}

/** Records that those who look at an engine may ask for, again and again: kept, once somebody did. */
const recentKept = 1000

/**
 * The append-only record of what was made: JSON lines, each ending in a check sum of the rest of the line. A torn last
 * line (the machine stopped while it was written) is dropped; any other damage is a fault, and the good lines are kept.
 * `known`: up to where it was read before, and found whole. What lies before that is looked up only as it is asked for.
 */
export function openJournal(root: string, known?: JournalMark): JournalFile {
  const path = `${root}/${journalPath}`
  const mark = markJournal(path)
  const { records, faults, wholeBytes, endsInLine, startBytes } = readBehind(path, known)
  let memory = startBytes === 0 ? rememberAll(records) : lookUp(openOlderLines(path, startBytes), records)
  /** Asked for by few, so that they are gathered when somebody does. */
  let attempts: Map<string, PastAttempt[]> | undefined
  let recent: JournalRecord[] | undefined
  let peaks: Map<string, number[]> | undefined
  let drops = startBytes === 0 ? records.filter(isOfDrop) : undefined
  const writer = openJournalWriter(root, journalPath, { wholeBytes, endsInLine })

  function take(record: JournalRecord, { isRemembered }: { readonly isRemembered: boolean }): void {
    if (!isRemembered) memory.take(record)
    if (attempts !== undefined) rememberAttempt(attempts, record)
    if (drops !== undefined && isOfDrop(record)) drops.push(record)
    if (peaks !== undefined) rememberPeak(peaks, record)
    if (recent !== undefined && recent.push(record) > 2 * recentKept) recent = recent.slice(-recentKept)
  }

  return {
    faults,
    mark,
    isAsRead: () => compareToMark(path, mark) === 'same',
    news: startBytes === 0 ? undefined : records,
    drops() {
      drops ??= readJournal(path).records.filter(isOfDrop)
      return drops
    },
    records: () => readJournal(path).records,
    peaks() {
      peaks ??= pastPeaks(readJournal(path).records)
      return peaks
    },
    recent(limit) {
      recent ??= readJournal(path).records.slice(-recentKept)
      return recent.slice(-Math.min(limit, recentKept))
    },
    history(target) {
      const history = memory.history(target)
      if (history !== undefined) return history
      memory = rememberAll(readJournal(path).records)
      return memory.history(target) ?? noHistory
    },
    durations: () => memory.durations(),
    attempts(target) {
      if (attempts === undefined) {
        attempts = new Map()
        for (const record of readJournal(path).records) rememberAttempt(attempts, record)
      }
      return attempts.get(target) ?? []
    },
    async append(record) {
      const had = { memory, attempts, recent, peaks, drops }
      try {
        // Who started is of use only as long as the machine runs; what was made must outlast it.
        await writer.append(formatLine(record), { mustLast: record.type !== 'started' })
      } finally {
        // Who read the file in the meantime found the line there: it is read again when somebody asks again.
        if (attempts !== had.attempts) attempts = undefined
        if (recent !== had.recent) recent = undefined
        if (peaks !== had.peaks) peaks = undefined
        if (drops !== had.drops) drops = undefined
      }
      take(record, { isRemembered: memory !== had.memory })
    },
    close: () => writer.close(),
  }
}

const isOfDrop = (record: JournalRecord): record is DropRecord => record.type === 'drop'

/** What stands behind a mark, and where that is. Everything, if the mark does not fit, or there is damage to be told by its line. */
function readBehind(path: string, mark: JournalMark | undefined): ReadJournal & { readonly startBytes: number } {
  if (mark !== undefined && compareToMark(path, mark) !== 'other') {
    const read = readJournal(path, mark.sizeBytes)
    if (read.faults.length === 0) return { ...read, startBytes: mark.sizeBytes }
  }
  return { ...readJournal(path), startBytes: 0 }
}

interface ReadJournal {
  readonly records: JournalRecord[]
  readonly faults: readonly Fault[]
  /** Where the whole lines end, if a torn one follows them. */
  readonly wholeBytes: number | undefined
  readonly endsInLine: boolean
}

/** The records from a place on that a line begins at. Line by line: a text of all of it may be longer than Node allows. */
function readJournal(path: string, startBytes = 0): ReadJournal {
  let bytes: Buffer
  try {
    bytes = readBytes(path, startBytes)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { records: [], faults: [], wholeBytes: undefined, endsInLine: true }
    throw new DiskFault('read', journalPath, describeErrno(error))
  }
  const records: JournalRecord[] = []
  const bad: number[] = []
  let start = 0
  for (let line = 1, end = bytes.indexOf(lineEnd); end >= 0; line++, end = bytes.indexOf(lineEnd, start)) {
    const record = parseLine(bytes.toString('utf8', start, end))
    if (record === undefined && end > start) bad.push(line)
    if (record !== undefined && isReadable(record)) records.push(record)
    start = end + 1
  }
  const isWhole = start === bytes.length
  const tail = isWhole ? undefined : parseLine(bytes.toString('utf8', start))
  if (tail !== undefined && isReadable(tail)) records.push(tail)
  const isTorn = !isWhole && tail === undefined
  return {
    records,
    faults: bad.length === 0 ? [] : [damage(bad)],
    wholeBytes: isTorn ? startBytes + start : undefined,
    endsInLine: isWhole || isTorn,
  }
}

function readBytes(path: string, startBytes: number): Buffer {
  if (startBytes === 0) return readFileSync(path)
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - startBytes))
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, startBytes))
  } finally {
    closeSync(descriptor)
  }
}

function damage(lines: readonly number[]): Fault {
  const shown = lines.slice(0, 5).join(', ') + (lines.length > 5 ? ', …' : '')
  return {
    where: `${journalPath}:${lines[0]}`,
    message: `${lines.length} ${lines.length === 1 ? 'line is' : 'lines are'} damaged (${shown}); the others are used`,
    hint: 'Targets recorded there are judged by file times. Keep a copy of the file if you want to know why.',
  }
}
