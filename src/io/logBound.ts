import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'

/** A log of this length is more than anybody reads, and can still be searched in a moment. */
export const longestLogBytes = 64 * 1024 * 1024
/** How it began: the versions, the parameters, the first error. */
export const keptHeadBytes = 8 * 1024 * 1024
/** How it went on at last: rewritten at each shortening, so that less of it is kept than there is room for. */
export const keptTailBytes = 8 * 1024 * 1024

/** What stands in the log for what was left out, around the number of bytes. */
export const leftOutText = {
  before: '[labmake left out ',
  after: ' bytes here: of a log that grows without end the first and the last MB are kept]',
}

/**
 * Shortens a log that grew too long: its head stays, then comes a line that says what was left out, then its tail. Who
 * writes to it goes on undisturbed: it appends, so that it writes behind whatever the end is then. Of what is written in
 * the very instant, a few lines may be lost, or stand above the tail instead of below. Throws system errors.
 */
export function boundLog(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= longestLogBytes) return
  const descriptor = openSync(path, 'r+')
  // To the end whatever others append in the same instant, which a write at an offset would not be.
  const appending = openSync(path, 'a')
  try {
    const from = fstatSync(descriptor).size - keptTailBytes
    const tail = readFrom(descriptor, from)
    // What came while that was read.
    const last = readFrom(descriptor, from + tail.length)
    const before = leftOutBefore(descriptor)
    const leftOut = from - keptHeadBytes - before.lineBytes + before.bytes
    ftruncateSync(descriptor, keptHeadBytes)
    const line = `\n${leftOutText.before}${leftOut}${leftOutText.after}\n`
    writeAll(appending, Buffer.concat([Buffer.from(line), tail, last]))
  } finally {
    closeSync(appending)
    closeSync(descriptor)
  }
}

/** What was left out already, and the length of the line that says so. */
function leftOutBefore(descriptor: number): { readonly bytes: number; readonly lineBytes: number } {
  const { before, after } = leftOutText
  const bytes = Buffer.alloc(before.length + after.length + 20)
  const length = readSync(descriptor, bytes, 0, bytes.length, keptHeadBytes)
  const [, line = ''] = bytes.toString('latin1', 0, length).split('\n')
  if (!line.startsWith(before) || !line.endsWith(after)) return { bytes: 0, lineBytes: 0 }
  return { bytes: Number(line.slice(before.length, -after.length)), lineBytes: line.length + 2 }
}

/** All from there to the end. */
function readFrom(descriptor: number, from: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, fstatSync(descriptor).size - from))
  let read = 0
  while (read < bytes.length) {
    const count = readSync(descriptor, bytes, read, bytes.length - read, from + read)
    if (count === 0) break
    read += count
  }
  return bytes.subarray(0, read)
}

function writeAll(descriptor: number, bytes: Buffer): void {
  let written = 0
  while (written < bytes.length) written += writeSync(descriptor, bytes, written)
}
