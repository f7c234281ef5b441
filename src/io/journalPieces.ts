import { closeSync, openSync, readSync } from 'node:fs'
import { lineEnd } from './journalLines.ts'

/** Read at once. In so little, which stays in the caches of a processor, a name is found in half the time. */
export const pieceBytes = 1 << 18

/**
 * Pieces of a journal, from a place at which a line begins to another one, that end where a line does, or all does; each with
 * its place. One is gone when the next is asked for.
 */
export function* wholeLines(
  path: string,
  [from, to]: readonly [fromBytes: number, toBytes: number],
): Generator<{ readonly bytes: Buffer; readonly at: number }, void, undefined> {
  if (from >= to) return
  const descriptor = openSync(path, 'r')
  try {
    let room = Buffer.allocUnsafeSlow(Math.min(pieceBytes, to - from))
    for (let at = from; at < to; ) {
      const piece = readWhole(descriptor, room.subarray(0, Math.min(room.length, to - at)), at)
      const end = at + piece.length === to ? piece.length : piece.lastIndexOf(lineEnd) + 1
      // One line is longer than that.
      if (end === 0) room = Buffer.allocUnsafeSlow(2 * room.length)
      else yield { bytes: piece.subarray(0, end), at }
      at += end
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Of the last line, which may lack its end, that of the text. */
export function endOfLine(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(lineEnd, at)
  return end < 0 ? bytes.length : end
}

/** The last lines, `count` at the most, from the newest on. */
export function lastLines(path: string, sizeBytes: number, count: number): string[] {
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
