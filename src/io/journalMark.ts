import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { lineEnd } from './journalLines.ts'

/** A place in the journal up to which it was read and found whole. The journal only ever grows, unless a person has a hand in it. */
export interface JournalMark {
  readonly inode: bigint
  readonly sizeBytes: number
  /** When the file was changed last, in ns since the epoch. */
  readonly changedNs: bigint
  /** The last bytes before the place. */
  readonly end: Uint8Array
}

/** Far more than what tells one line from another: each ends in its check sum. */
const endBytes = 64

/** A mark at the end of a journal that ends in a whole line; undefined if there is none, or it is empty. */
export function markJournal(path: string): JournalMark | undefined {
  return withFile(path, (descriptor) => {
    const { ino: inode, size, ctimeNs: changedNs } = fstatSync(descriptor, { bigint: true })
    const sizeBytes = Number(size)
    const end = readEnd(descriptor, sizeBytes)
    return end.at(-1) === lineEnd ? { inode, sizeBytes, changedNs, end } : undefined
  })
}

/** How a journal stands to a mark: as it was, with more behind the mark, or another one. */
export function compareToMark(path: string, mark: JournalMark | undefined): 'same' | 'grown' | 'other' {
  const found = withFile(path, (descriptor) => {
    const { ino, size, ctimeNs } = fstatSync(descriptor, { bigint: true })
    if (mark === undefined || ino !== mark.inode || size < mark.sizeBytes) return 'other'
    // Of what was changed and has not grown nobody knows what.
    if (Number(size) === mark.sizeBytes) return ctimeNs === mark.changedNs ? 'same' : 'other'
    return Buffer.compare(readEnd(descriptor, mark.sizeBytes), mark.end) === 0 ? 'grown' : 'other'
  })
  return found ?? (mark === undefined ? 'same' : 'other')
}

function readEnd(descriptor: number, sizeBytes: number): Uint8Array {
  const length = Math.min(endBytes, sizeBytes)
  const end = new Uint8Array(length)
  readSync(descriptor, end, 0, length, sizeBytes - length)
  return end
}

/** Undefined where there is no such file, or it may not be read. */
function withFile<T>(path: string, look: (descriptor: number) => T): T | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    return look(descriptor)
  } catch {
    return undefined
  } finally {
    closeSync(descriptor)
  }
}
