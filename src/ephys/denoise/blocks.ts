// A batch in blocks of time: what is in memory does not grow with the recording's length.
import type { Batch, BatchFile, Stretch } from '../mat/batch.ts'
import type { Samples } from '../mat/recording.ts'
import type { Scratch } from './scratch.ts'

/** Rows of a block: a multiple of the .kwd's chunks, and what MATLAB's chunks usually hold. 4 MB for 32 channels. */
export const blockRows = 65_536

export type Block = {
  readonly stretch: Stretch
  readonly file: BatchFile
  /** The first row's place in its file. */
  readonly from: number
  /** Rows since the batch's first; across stretches. */
  readonly firstRow: number
  readonly rows: number
  /** For each channel, `rows` numbers as the recorder wrote them. */
  readonly channels: readonly Samples[]
}

/**
 * All blocks in order, from `scratch` where it has them; a block never spans two stretches. What a file keeps for reading
 * is let go of after it.
 */
export async function* readBlocks(batch: Batch, scratch?: Scratch): AsyncGenerator<Block> {
  let firstRow = 0
  let open: BatchFile | undefined
  try {
    for (const stretch of batch.stretches) {
      const file = batch.files[stretch.file]!
      if (file !== open) open?.recording.release()
      open = file
      for (let done = 0; done < stretch.samples; done += blockRows) {
        const rows = Math.min(blockRows, stretch.samples - done)
        const from = stretch.from + done
        // Together, so that compressed channels are unpacked on every processor.
        const channels =
          scratch?.next(file, rows) ??
          (await Promise.all(file.channels.map((c) => file.recording.read(c, from, from + rows))))
        yield { stretch, file, from, firstRow, rows, channels }
        firstRow += rows
      }
    }
  } finally {
    open?.recording.release()
  }
}

export function totalRows(batch: Batch): number {
  return batch.stretches.reduce((sum, { samples }) => sum + samples, 0)
}
