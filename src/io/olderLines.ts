import { closeSync, openSync, readSync } from 'node:fs'
import type { JournalRecord } from '../model/record.ts'
import { isReadable, lineEnd, parseLine } from './journalLines.ts'

/** The part of a journal that is known to be whole, but for its last line perhaps: read only where something of it is asked for. */
export interface OlderLines {
  /** All records that name a target, also as a source, oldest first. */
  naming(target: string): JournalRecord[]
  /** Of the last lines, `count` at the most, the records of those that are wanted; asked from the newest on, and given oldest first. */
  last(count: number, isWanted?: (line: string) => boolean): JournalRecord[]
}

/** Read at once. In so little, which stays in the caches of a processor, a name is found in half the time. */
const pieceBytes = 1 << 18

/**
 * The lines of the first `sizeBytes` of a journal. To search 8 MB of text for a name takes a few
 * milliseconds, and to read them as 20,000 records half a second.
 */
export function openOlderLines(path: string, sizeBytes: number): OlderLines {
  /** Of targets that are asked for once more after jobs have run: few, see mostLookups. */
  const found = new Map<string, JournalRecord[]>()
  return {
    naming(target) {
      const known = found.get(target)
      if (known !== undefined) return known
      const name = Buffer.from(JSON.stringify(target))
      const records: JournalRecord[] = []
      for (const bytes of wholeLines(path, sizeBytes)) {
        for (let at = bytes.indexOf(name); at >= 0; ) {
          const end = endOfLine(bytes, at)
          records.push(...recordOf(bytes.toString('utf8', bytes.lastIndexOf(lineEnd, at) + 1, end)))
          at = bytes.indexOf(name, end)
        }
      }
      found.set(target, records)
      return records
    },
    last(count, isWanted = () => true) {
      const records: JournalRecord[] = []
      for (const line of lastLines(path, sizeBytes, count)) if (isWanted(line)) records.push(...recordOf(line))
      return records.reverse()
    },
  }
}

/** Of the last line, which may lack its end, that of the text. */
function endOfLine(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(lineEnd, at)
  return end < 0 ? bytes.length : end
}

function recordOf(line: string): JournalRecord[] {
  const record = parseLine(line)
  return record !== undefined && isReadable(record) ? [record] : []
}

/** Pieces that end where a line does, or all does. One is gone when the next is asked for. */
function* wholeLines(path: string, sizeBytes: number): Generator<Buffer, void, undefined> {
  if (sizeBytes === 0) return
  const descriptor = openSync(path, 'r')
  try {
    let room = Buffer.allocUnsafeSlow(Math.min(pieceBytes, sizeBytes))
    for (let at = 0; at < sizeBytes; ) {
      const piece = readWhole(descriptor, room.subarray(0, Math.min(room.length, sizeBytes - at)), at)
      const end = at + piece.length === sizeBytes ? piece.length : piece.lastIndexOf(lineEnd) + 1
      // One line is longer than that.
      if (end === 0) room = Buffer.allocUnsafeSlow(2 * room.length)
      else yield piece.subarray(0, end)
      at += end
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The last lines, `count` at the most, from the newest on. */
function lastLines(path: string, sizeBytes: number, count: number): string[] {
  if (sizeBytes === 0) return []
  const descriptor = openSync(path, 'r')
  try {
    for (let length = 2 * pieceBytes; ; length *= 2) {
      const from = Math.max(0, sizeBytes - length)
      const lines = linesFromEnd(readWhole(descriptor, Buffer.allocUnsafeSlow(sizeBytes - from), from), count)
      // The first line of a piece may have begun before it.
      if (from === 0 || lines.length > count) return lines.slice(0, count)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** One more than `count`, if there are so many. */
function linesFromEnd(bytes: Buffer, count: number): string[] {
  const lines: string[] = []
  for (let end = endOfLine(bytes, bytes.length - 1); end > 0 && lines.length <= count; ) {
    const start = bytes.lastIndexOf(lineEnd, end - 1) + 1
    lines.push(bytes.toString('utf8', start, end))
    end = start - 1
  }
  return lines
}

function readWhole(descriptor: number, bytes: Buffer, from: number): Buffer {
  const count = readSync(descriptor, bytes, 0, bytes.length, from)
  // It was longer a moment ago, and nobody may shorten it.
  if (count < bytes.length) throw new Error('the journal is shorter than it was')
  return bytes
}
