import { closeSync, openSync, readSync } from 'node:fs'
import type { Fault } from '../model/errors.ts'
import { DiskFault } from '../model/ports.ts'
import type { JournalRecord } from '../model/record.ts'
import { describeErrno } from './disk.ts'
import { isReadable, journalPath, lineEnd, recordText } from './journalLines.ts'

/** Read at once: a journal of years is larger than a Buffer or a text may be, and none of it need stay. */
const pieceBytes = 1 << 20

/** What there is to be said of a journal beside its records. */
export interface JournalState {
  /** Damage met while reading; what is good was kept. */
  readonly faults: readonly Fault[]
  /** Where the whole lines end, if a torn one follows them. */
  readonly wholeBytes: number | undefined
  readonly endsInLine: boolean
}

/**
 * Hands on each record that is whole, in order, with its JSON; from a place on that a line begins at. Throws DiskFault; a
 * journal that is not there has no records.
 */
export function readRecords(
  path: string,
  startBytes: number,
  take: (record: JournalRecord, text: string) => void,
): JournalState {
  const bad: number[] = []
  let line = 0
  /** Is it whole? */
  const takeLine = (text: string): boolean => {
    const json = recordText(text)
    if (json === undefined) return false
    const record = JSON.parse(json) as JournalRecord
    if (isReadable(record)) take(record, json)
    return true
  }
  const { wholeBytes, rest } = eachLine(path, startBytes, (text) => {
    line++
    if (!takeLine(text) && text !== '') bad.push(line)
  })
  const isTorn = rest !== '' && !takeLine(rest)
  return {
    faults: bad.length === 0 ? [] : [damage(bad)],
    wholeBytes: isTorn ? wholeBytes : undefined,
    endsInLine: rest === '' || isTorn,
  }
}

/** Hands on each line that has an end. Returns where they end in the file, and what follows them. */
function eachLine(
  path: string,
  startBytes: number,
  take: (line: string) => void,
): { readonly wholeBytes: number; readonly rest: string } {
  let wholeBytes = startBytes
  /** The line that is not at its end yet: one may be longer than a piece. */
  let open: Buffer[] = []
  for (const piece of piecesOf(path, startBytes)) {
    const last = piece.lastIndexOf(lineEnd)
    if (last < 0) {
      open.push(piece)
      continue
    }
    const bytes = Buffer.concat([...open, piece.subarray(0, last + 1)])
    let start = 0
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
      take(bytes.toString('utf8', start, end))
      start = end + 1
    }
    wholeBytes += bytes.length
    open = [piece.subarray(last + 1)]
  }
  return { wholeBytes, rest: Buffer.concat(open).toString('utf8') }
}

function* piecesOf(path: string, startBytes: number): Generator<Buffer, void, undefined> {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    for (let at = startBytes; ; ) {
      const piece = Buffer.allocUnsafeSlow(pieceBytes)
      const count = readSync(descriptor, piece, 0, pieceBytes, at)
      if (count === 0) return
      at += count
      yield piece.subarray(0, count)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    throw new DiskFault('read', journalPath, describeErrno(error))
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
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
