import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { pastDuration } from '../core/estimates.ts'
import { noHistory, remember, rememberAttempt } from '../core/history.ts'
import { pastPeaks, rememberPeak } from '../core/memoryAdvice.ts'
import type { PastAttempt } from '../model/detail.ts'
import type { Fault } from '../model/errors.ts'
import { DiskFault, type Journal, type PastDuration } from '../model/ports.ts'
import type { JournalRecord, MadeRecord, TargetHistory } from '../model/record.ts'
import { describeErrno } from './disk.ts'
import { formatLine, isReadable, parseLine } from './journalLines.ts'
import { makeFolder } from './makeFolder.ts'

export const journalPath = '.labmake/journal.jsonl'

export interface JournalFile extends Journal {
  /** Damage met while reading; what is good was kept. */
  readonly faults: readonly Fault[]
  /** All records in order; read from the file anew. */
  records(): JournalRecord[]
  /** The last records, newest last; 1,000 at the most. */
  recent(limit: number): readonly JournalRecord[]
  close(): void
}

/** Past attempts of one rule that its estimates are made from. */
const durationsKept = 50

/** Records that those who look at an engine may ask for, again and again: kept, once somebody did. */
const recentKept = 1000

/**
 * The append-only record of what was made: JSON lines, each ending in a check sum of the rest of the line. A torn last
 * line (the machine stopped while it was written) is dropped; any other damage is a fault, and the good lines are kept.
 */
export function openJournal(root: string): JournalFile {
  const path = `${root}/${journalPath}`
  const { records, faults, wholeBytes, endsInLine } = readJournal(path)
  const targets = new Map<string, TargetHistory>()
  const made = new Map<string, MadeRecord[]>()
  /** Asked for by few, so that they are gathered when somebody does. */
  let attempts: Map<string, PastAttempt[]> | undefined
  let durations: Map<string, PastDuration[]> | undefined
  let recent: JournalRecord[] | undefined
  let peaks: Map<string, number[]> | undefined
  for (const record of records) take(record)
  let descriptor: number | undefined

  function take(record: JournalRecord): void {
    remember(targets, record)
    if (attempts !== undefined) rememberAttempt(attempts, record)
    if (peaks !== undefined) rememberPeak(peaks, record)
    if (recent !== undefined && recent.push(record) > 2 * recentKept) recent = recent.slice(-recentKept)
    if (record.type !== 'made') return
    const rule = record.job.split('/', 1)[0]!
    keep(made, rule, record)
    if (durations !== undefined) keep(durations, rule, pastDuration(record))
  }

  return {
    faults,
    records: () => readJournal(path).records,
    peaks() {
      peaks ??= pastPeaks(readJournal(path).records)
      return peaks
    },
    recent(limit) {
      recent ??= readJournal(path).records.slice(-recentKept)
      return recent.slice(-Math.min(limit, recentKept))
    },
    history: (target) => targets.get(target) ?? noHistory,
    durations() {
      durations ??= new Map([...made].map(([rule, records]) => [rule, records.map(pastDuration)]))
      return durations
    },
    attempts(target) {
      if (attempts === undefined) {
        attempts = new Map()
        for (const record of readJournal(path).records) rememberAttempt(attempts, record)
      }
      return attempts.get(target) ?? []
    },
    async append(record) {
      try {
        if (descriptor === undefined) {
          // No turn may come in between: of two records at once the second would cut off the first with the torn line.
          makeFolder(`${root}/.labmake`)
          descriptor = openSync(path, 'a')
          // What a torn line left would join the next record and damage it too.
          if (wholeBytes !== undefined) truncateSync(path, wholeBytes)
          if (!endsInLine) writeSync(descriptor, '\n')
        }
        // Who started is of use only as long as the machine runs; what was made must outlast it.
        appendWhole(path, descriptor, formatLine(record), { flush: record.type !== 'started' })
      } catch (error) {
        if (error instanceof DiskFault) throw error
        throw new DiskFault('write', journalPath, describeErrno(error))
      }
      take(record)
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

function keep<T>(past: Map<string, T[]>, rule: string, one: T): void {
  const kept = past.get(rule) ?? []
  kept.push(one)
  if (kept.length > durationsKept) kept.shift()
  past.set(rule, kept)
}

/** Writes a line, and flushes it if it matters after a power cut. A line that did not fit is taken back, so that the next one stands by itself. */
function appendWhole(path: string, descriptor: number, line: string, options: { readonly flush: boolean }): void {
  const bytes = Buffer.from(line)
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
    if (options.flush) fsyncSync(descriptor)
  } catch (error) {
    if (written > 0) truncateSync(path, readFileSync(path).length - written)
    throw new DiskFault('write', journalPath, describeErrno(error))
  }
}

interface ReadJournal {
  readonly records: JournalRecord[]
  readonly faults: readonly Fault[]
  /** Where the whole lines end, if a torn one follows them. */
  readonly wholeBytes: number | undefined
  readonly endsInLine: boolean
}

function readJournal(path: string): ReadJournal {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { records: [], faults: [], wholeBytes: undefined, endsInLine: true }
    throw new DiskFault('read', journalPath, describeErrno(error))
  }
  const records: JournalRecord[] = []
  const bad: number[] = []
  const lines = text.split('\n')
  const last = lines.pop()!
  lines.forEach((line, i) => {
    const record = parseLine(line)
    if (record !== undefined) {
      if (isReadable(record)) records.push(record)
    } else if (line !== '') bad.push(i + 1)
  })
  const tail = last === '' ? undefined : parseLine(last)
  if (tail !== undefined && isReadable(tail)) records.push(tail)
  const torn = last !== '' && tail === undefined
  return {
    records,
    faults: bad.length === 0 ? [] : [damage(bad)],
    wholeBytes: torn ? Buffer.byteLength(text) - Buffer.byteLength(last) : undefined,
    endsInLine: last === '' || torn,
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
