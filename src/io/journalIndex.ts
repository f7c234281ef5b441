import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { JournalRecord } from '../model/record.ts'
import { isReadable, journalPath, lineEnd, parseLine } from './journalLines.ts'
import { compareToMark, type JournalMark } from './journalMark.ts'
import { endOfLine, pieceBytes, wholeLines } from './journalPieces.ts'
import { readSummed, writeSummed } from './summedFile.ts'

/**
 * Where in a journal the records of each target stand, up to a mark. It is written whenever everything was planned, of use as
 * long as the journal grew and did no more, and never trusted: each line has its own sum, and says what it is of.
 */
export interface JournalIndex {
  readonly mark: JournalMark
  /** A sum of the target's name, of each record of one, in the order of the journal. Different names may have the same. */
  readonly sums: Uint32Array
  /** Beside each sum where the line of the record begins, in bytes. */
  readonly places: Float64Array
}

const indexPath = '.labmake/look.lines'

/**
 * Reads what lies before the mark, and writes down where its records stand. A short journal is searched as quickly; one that
 * cannot be read any more is for the next labmake to tell of.
 */
export function writeJournalIndex(root: string, mark: JournalMark): void {
  if (mark.sizeBytes <= pieceBytes) return
  try {
    writeSummed(`${root}/${indexPath}`, indexOf(`${root}/${journalPath}`, mark))
  } catch {
    rmSync(`${root}/${indexPath}`, { force: true })
  }
}

/** Throws the system's errors. */
function indexOf(path: string, mark: JournalMark): JournalIndex {
  const sums: number[] = []
  const places: number[] = []
  for (const { bytes, at } of wholeLines(path, [0, mark.sizeBytes])) {
    for (let start = 0; start < bytes.length; ) {
      const end = endOfLine(bytes, start)
      for (const target of targetsIn(bytes.subarray(start, end))) {
        sums.push(crc32(target))
        places.push(at + start)
      }
      start = end + 1
    }
  }
  return { mark, sums: Uint32Array.from(sums), places: Float64Array.from(places) }
}

/** Undefined if there is none of the first `sizeBytes` of the journal as it is now, or of the beginning of that. */
export function readJournalIndex(root: string, sizeBytes: number): JournalIndex | undefined {
  const index = readSummed<JournalIndex>(`${root}/${indexPath}`)?.value
  if (index === undefined || index.mark.sizeBytes > sizeBytes) return undefined
  return compareToMark(`${root}/${journalPath}`, index.mark) === 'other' ? undefined : index
}

/** All records of a target before the mark, oldest first; undefined if a line is not where it should be. */
export function indexedRecords(
  path: string,
  { sums, places }: JournalIndex,
  target: string,
): JournalRecord[] | undefined {
  const records: JournalRecord[] = []
  const sum = crc32(target)
  const descriptor = openSync(path, 'r')
  try {
    for (let i = sums.indexOf(sum); i >= 0; i = sums.indexOf(sum, i + 1)) {
      const record = parseLine(lineAt(descriptor, places[i]!))
      if (record === undefined) return undefined
      if (isReadable(record) && targetsOf(record).includes(target)) records.push(record)
    }
    return records
  } finally {
    closeSync(descriptor)
  }
}

const targetsOf = (record: JournalRecord): readonly string[] => {
  if (record.type === 'action') return record.targets
  return 'target' in record ? [record.target] : []
}

/** What most lines begin with. Read as JSON, all of them would take ten times as long. */
const usualStart = /^\{"type":"\w+","at":"[^"\\]*","job":"[^"\\]*","target":"([^"\\]*)"/
/** Mostly more than stands before the end of the target. */
const startBytes = 512

function targetsIn(line: Buffer): readonly string[] {
  const target = usualStart.exec(line.toString('utf8', 0, startBytes))?.[1]
  if (target !== undefined) return [target]
  const record = parseLine(line.toString())
  return record === undefined ? [] : targetsOf(record)
}

/** Longer than most lines. */
const lineBytes = 2048

function lineAt(descriptor: number, at: number): string {
  for (let length = lineBytes; ; length *= 2) {
    const bytes = Buffer.allocUnsafe(length)
    const read = bytes.subarray(0, readSync(descriptor, bytes, 0, length, at))
    const end = read.indexOf(lineEnd)
    if (end >= 0 || read.length < length) return read.toString('utf8', 0, end < 0 ? read.length : end)
  }
}
