import { statSync } from 'node:fs'
import { noHistory, rememberAttempt } from '../core/history.ts'
import { rememberPeak } from '../core/memoryAdvice.ts'
import type { PastAttempt } from '../model/detail.ts'
import type { Fault } from '../model/errors.ts'
import type { Journal } from '../model/ports.ts'
import type { DropRecord, JournalRecord } from '../model/record.ts'
import { readJournalIndex } from './journalIndex.ts'
import { formatLine, journalPath } from './journalLines.ts'
import { compareToMark, type JournalMark, markJournal } from './journalMark.ts'
import { type JournalMemory, lookUp, rememberAll } from './journalMemory.ts'
import { type JournalState, readRecords } from './journalReader.ts'
import { openJournalWriter } from './journalWriter.ts'
import { type OlderLines, openOlderLines } from './olderLines.ts'

export interface JournalFile extends Journal {
  /** Where it ended when it was opened; undefined if it was not there, was empty, or ended in a torn line. */
  readonly mark: JournalMark | undefined
  /** As it is now: itself if nobody, itself neither, changed the file since it was opened. What was read of it is not read twice. */
  reread(): JournalFile
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
  if (known === undefined) return openFile(root, undefined)
  const readIndex = () => readJournalIndex(root, known.sizeBytes)
  return openFile(root, { mark: known, older: openOlderLines(`${root}/${journalPath}`, known.sizeBytes, readIndex) })
}

/** What lies before a mark. */
interface KnownStart {
  readonly mark: JournalMark
  readonly older: OlderLines
}

function openFile(root: string, known: KnownStart | undefined): JournalFile {
  const path = `${root}/${journalPath}`
  const mark = markJournal(path)
  const { state, news, ...read } = open(path, known)
  let { memory, drops } = read
  /** Asked for by few, so that they are gathered when somebody does. */
  let recent: JournalRecord[] | undefined
  let peaks: Map<string, number[]> | undefined
  const writer = openJournalWriter(root, journalPath, state)

  function take(record: JournalRecord, { isRemembered }: { readonly isRemembered: boolean }): void {
    if (!isRemembered) memory.take(record, JSON.stringify(record))
    if (drops !== undefined && isOfDrop(record)) drops.push(record)
    if (peaks !== undefined) rememberPeak(peaks, record)
    if (recent !== undefined && recent.push(record) > 2 * recentKept) recent = recent.slice(-recentKept)
  }

  const journal: JournalFile = {
    faults: state.faults,
    mark,
    reread() {
      if (compareToMark(path, mark) === 'same') return journal
      writer.close()
      return openFile(root, known)
    },
    news,
    drops() {
      drops ??= recordsOf(path).filter(isOfDrop)
      return drops
    },
    records: () => recordsOf(path),
    peaks() {
      if (peaks === undefined) {
        const gathered = new Map<string, number[]>()
        readRecords(path, 0, (record) => rememberPeak(gathered, record))
        peaks = gathered
      }
      return peaks
    },
    recent(limit) {
      recent ??= olderLinesOf(path).last(recentKept)
      return recent.slice(-Math.min(limit, recentKept))
    },
    history(target) {
      const history = memory.history(target)
      if (history !== undefined) return history
      memory = readAll(path).memory
      return memory.history(target) ?? noHistory
    },
    durations: () => memory.durations(),
    attempts(target) {
      const attempts = new Map<string, PastAttempt[]>()
      for (const record of olderLinesOf(path).naming(target)) rememberAttempt(attempts, record)
      return attempts.get(target) ?? []
    },
    async append(record) {
      const had = { memory, recent, peaks, drops }
      try {
        // Who started is of use only as long as the machine runs; what was made must outlast it.
        await writer.append(formatLine(record), { mustLast: record.type !== 'started' })
      } finally {
        // Who read the file in the meantime found the line there: it is read again when somebody asks again.
        if (recent !== had.recent) recent = undefined
        if (peaks !== had.peaks) peaks = undefined
        if (drops !== had.drops) drops = undefined
      }
      take(record, { isRemembered: memory !== had.memory })
    },
    close: () => writer.close(),
  }
  return journal
}

const isOfDrop = (record: JournalRecord): record is DropRecord => record.type === 'drop'

interface Opened {
  readonly memory: JournalMemory
  /** Undefined where they were not read. */
  readonly drops: DropRecord[] | undefined
  readonly state: JournalState
  readonly news: readonly JournalRecord[] | undefined
}

/** Reads what stands behind a mark; everything, if the mark does not fit, or there is damage to be told by its line. */
function open(path: string, known: KnownStart | undefined): Opened {
  if (known !== undefined && compareToMark(path, known.mark) !== 'other') {
    const news: JournalRecord[] = []
    const state = readRecords(path, known.mark.sizeBytes, (record) => news.push(record))
    const memory = lookUp(known.older, news)
    if (state.faults.length === 0) return { memory, drops: undefined, state, news }
  }
  return { ...readAll(path), news: undefined }
}

function readAll(path: string): Omit<Opened, 'news'> {
  const memory = rememberAll()
  const drops: DropRecord[] = []
  const state = readRecords(path, 0, (record, text) => {
    memory.take(record, text)
    if (isOfDrop(record)) drops.push(record)
  })
  return { memory, drops, state }
}

function recordsOf(path: string): JournalRecord[] {
  const records: JournalRecord[] = []
  readRecords(path, 0, (record) => records.push(record))
  return records
}

/** All lines that there are by now. */
function olderLinesOf(path: string): OlderLines {
  return openOlderLines(path, statSync(path, { throwIfNoEntry: false })?.size ?? 0)
}
