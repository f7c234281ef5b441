import { closeSync, fstatSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { makeFolder } from './makeFolder.ts'
import { sharedFlush } from './sharedFlush.ts'

export interface JournalEnd {
  /** Where the whole lines end, if a torn one follows them. */
  readonly wholeBytes: number | undefined
  readonly endsInLine: boolean
}

export interface JournalWriter {
  /**
   * Appends a line, its end included. What `mustLast` through a power cut is on the disk itself when this resolves: lines that
   * come at once are flushed at once. A line that could not be written, or flushed, is not there. Rejects with DiskFault.
   */
  append(line: string, options: { readonly mustLast: boolean }): Promise<void>
  close(): void
}

/** In the file, and not yet on the disk itself; somebody may wait for that. */
interface Unflushed {
  readonly bytes: Buffer
  readonly isAwaited: boolean
}

/** `path` is relative to `root`. `end`: how the file ended when it was read. */
export function openJournalWriter(root: string, path: string, end: JournalEnd): JournalWriter {
  let descriptor: number | undefined
  let unflushed: Unflushed[] = []
  let flushing: Promise<void> | undefined
  let isMended = false
  const open = () => {
    if (descriptor !== undefined) return descriptor
    // No turn may come in between: of two records at once the second would cut off the first with the torn line.
    makeFolder(dirname(`${root}/${path}`))
    descriptor = openSync(`${root}/${path}`, 'a')
    if (isMended) return descriptor
    // What a torn line left would join the next record and damage it too.
    if (end.wholeBytes !== undefined) ftruncateSync(descriptor, end.wholeBytes)
    if (!end.endsInLine) writeSync(descriptor, '\n')
    isMended = true
    return descriptor
  }
  const flush = sharedFlush(async () => {
    const lines = unflushed
    unflushed = []
    const file = open()
    try {
      flushing = promisify(fsync)(file)
      await flushing
    } catch (error) {
      // Who waits for these hears that they are not there, and so they may not be; what others wrote stays.
      const kept = [...lines.filter(({ isAwaited }) => !isAwaited), ...unflushed]
      ftruncateSync(file, fstatSync(file).size - bytesOf([...lines, ...unflushed]))
      unflushed = kept
      for (const { bytes } of kept) writeWhole(file, bytes)
      throw error
    } finally {
      flushing = undefined
    }
  })
  return {
    async append(line, { mustLast }) {
      try {
        const bytes = Buffer.from(line)
        writeWhole(open(), bytes)
        unflushed.push({ bytes, isAwaited: mustLast })
        if (mustLast) await flush()
      } catch (error) {
        throw new DiskFault('write', path, describeErrno(error))
      }
    },
    close() {
      const file = descriptor
      descriptor = undefined
      if (file === undefined) return
      const over = () => closeSync(file)
      if (flushing === undefined) over()
      // A flush under way would fail, and take back what it flushed.
      else flushing.then(over, over)
    },
  }
}

const bytesOf = (lines: readonly Unflushed[]) => lines.reduce((sum, { bytes }) => sum + bytes.length, 0)

/** A line that did not fit is taken back, so that the next one stands by itself. */
function writeWhole(descriptor: number, bytes: Buffer): void {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
  } catch (error) {
    if (written > 0) ftruncateSync(descriptor, fstatSync(descriptor).size - written)
    throw error
  }
}
