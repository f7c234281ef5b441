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

/**
 * The lines of the first `sizeBytes` of a journal. To search 8 MB of text for a name takes a few
 * milliseconds, and to read them as 20,000 records half a second.
 */
export function openOlderLines(path: string, sizeBytes: number): OlderLines {
  let read: Buffer | undefined
  const text = () => {
    read ??= readStart(path, sizeBytes)
    return read
  }
  /** Of targets that are asked for once more after jobs have run: few, see mostLookups. */
  const found = new Map<string, JournalRecord[]>()
  return {
    naming(target) {
      const known = found.get(target)
      if (known !== undefined) return known
      const bytes = text()
      const name = Buffer.from(JSON.stringify(target))
      const records: JournalRecord[] = []
      for (let at = bytes.indexOf(name); at >= 0; ) {
        const end = endOfLine(bytes, at)
        records.push(...recordOf(bytes.toString('utf8', bytes.lastIndexOf(lineEnd, at) + 1, end)))
        at = bytes.indexOf(name, end)
      }
      found.set(target, records)
      return records
    },
    last(count, isWanted = () => true) {
      const bytes = text()
      const records: JournalRecord[] = []
      let left = count
      for (let end = endOfLine(bytes, bytes.length - 1); end > 0 && left > 0; left--) {
        const start = bytes.lastIndexOf(lineEnd, end - 1) + 1
        const line = bytes.toString('utf8', start, end)
        if (isWanted(line)) records.push(...recordOf(line))
        end = start - 1
      }
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

function readStart(path: string, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes)
  if (sizeBytes === 0) return bytes
  const descriptor = openSync(path, 'r')
  try {
    for (let done = 0; done < sizeBytes; ) {
      const count = readSync(descriptor, bytes, done, sizeBytes - done, done)
      // It was longer a moment ago, and nobody may shorten it.
      if (count === 0) throw new Error(`${path} is shorter than it was`)
      done += count
    }
  } finally {
    closeSync(descriptor)
  }
  return bytes
}
