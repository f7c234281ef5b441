import type { JournalRecord } from '../model/record.ts'
import { indexedRecords, type JournalIndex } from './journalIndex.ts'
import { isReadable, lineEnd, parseLine } from './journalLines.ts'
import { endOfLine, lastLines, wholeLines } from './journalPieces.ts'

/** The part of a journal that is known to be whole, but for its last line perhaps: read only where something of it is asked for. */
export interface OlderLines {
  /** All records of a target, and maybe others that name it, as a source; oldest first. */
  naming(target: string): JournalRecord[]
  /** Of the last lines, `count` at the most, the records of those that are wanted; asked from the newest on, and given oldest first. */
  last(count: number, isWanted?: (line: string) => boolean): JournalRecord[]
}

/**
 * The lines of the first `sizeBytes` of a journal. To search 8 MB of text for a name takes a few
 * milliseconds, and to read them as 20,000 records half a second. `readIndex`: for who asks for the records of a target.
 */
export function openOlderLines(
  path: string,
  sizeBytes: number,
  readIndex: () => JournalIndex | undefined = () => undefined,
): OlderLines {
  let index: { readonly read: JournalIndex | undefined } | undefined
  /** Of targets that are asked for once more after jobs have run: few, see mostLookups. */
  const found = new Map<string, JournalRecord[]>()
  return {
    naming(target) {
      const known = found.get(target)
      if (known !== undefined) return known
      index ??= { read: readIndex() }
      const indexed = index.read && indexedRecords(path, index.read, target)
      const name = Buffer.from(JSON.stringify(target))
      const records = [...(indexed ?? [])]
      const from = indexed === undefined ? 0 : index.read!.mark.sizeBytes
      for (const { bytes } of wholeLines(path, [from, sizeBytes])) {
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

function recordOf(line: string): JournalRecord[] {
  const record = parseLine(line)
  return record !== undefined && isReadable(record) ? [record] : []
}
