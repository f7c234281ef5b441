// Unpacked counts, kept from the first pass for the second: unpacking takes as long as all other work together.
import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import type { BatchFile } from '../mat/batch.ts'
import type { Samples } from '../mat/recording.ts'
import { writeAll } from '../writeAll.ts'

export type Scratch = {
  /** Keeps a block's channels, if its file is one to keep. Never throws: with no room left, nothing is kept. */
  readonly keep: (file: BatchFile, channels: readonly Samples[]) => void
  /**
   * The next block, of as many rows, in the order in which they were kept; undefined when its file's blocks are not kept.
   * The following one overwrites it. Throws when the system refuses to read.
   */
  readonly next: (file: BatchFile, rows: number) => Samples[] | undefined
  readonly close: () => void
}

/** Only counts, so that it needs no more room on the disk than the target will. */
const isKept = ({ recording, channels }: BatchFile) => recording.isPacked && channels.every(({ counts }) => counts)

/**
 * A scratch file beside the target, made when the first block is kept. Its name is removed as soon as it is open, so
 * that nothing stays behind however the process ends. Only a kill between the two leaves `<target>.<pid>.unpacked`, and
 * that empty: in labmake's staging folder it goes with the folder, beside a target made by hand it may be removed.
 */
export function openScratch(target: string): Scratch {
  let file: number | undefined
  let isFull = false
  let readTo = 0
  const blocks: Int16Array[] = []
  const close = () => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const open = () => {
    const path = `${target}.${process.pid}.unpacked`
    const opened = openSync(path, 'w+')
    rmSync(path)
    return opened
  }
  return {
    keep: (source, channels) => {
      if (isFull || !isKept(source)) return
      try {
        file ??= open()
        for (const samples of channels) writeAll(file, samples)
      } catch (error) {
        console.error(`unpacking twice, without a scratch file beside the target: ${messageOf(error)}`)
        isFull = true
        close()
      }
    },
    next: (source, rows) => {
      if (file === undefined || !isKept(source)) return undefined
      const scratch = file
      return source.channels.map((_, c) => {
        if (blocks[c] === undefined || blocks[c].length < rows) blocks[c] = new Int16Array(rows)
        const samples = blocks[c].subarray(0, rows)
        readWhole(scratch, samples, readTo)
        readTo += samples.byteLength
        return samples
      })
    },
    close,
  }
}

function readWhole(file: number, samples: Samples, position: number): void {
  const { byteLength } = samples
  for (let filled = 0; filled < byteLength; ) {
    const got = readSync(file, samples, filled, byteLength - filled, position + filled)
    if (got === 0) throw new Error('the scratch file ends too early')
    filled += got
  }
}
