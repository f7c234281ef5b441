// Bytes in order, from a part of a file as it is, or unpacked on the way. Either way only a piece is in memory.
import { createReadStream, readSync } from 'node:fs'
import { createInflate } from 'node:zlib'

/** Bytes unpacked at once. Larger pieces made reading no faster here; 32 channels keep two each. */
const pieceBytes = 128 * 1024

export type ByteSource = {
  /** Bytes passed so far. */
  readonly position: () => number
  /** Fills `bytes` with what comes next. Returns how many there were: fewer only where the source ends. */
  readonly fill: (bytes: Uint8Array) => Promise<number>
  readonly skip: (length: number) => Promise<void>
  readonly close: () => void
}

/** The next bytes; fewer only where the source ends. For small pieces. */
export async function takeBytes(source: ByteSource, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, await source.fill(bytes))
}

/** Bytes `start` to `end` of an open file. Skipping is free. */
export function fileBytes(file: number, start: number, end: number): ByteSource {
  let at = start
  return {
    position: () => at - start,
    fill: async (bytes) => {
      const wanted = Math.min(bytes.length, end - at)
      let filled = 0
      while (filled < wanted) {
        const got = readSync(file, bytes, filled, wanted - filled, at + filled)
        if (got === 0) break
        filled += got
      }
      at += filled
      return filled
    },
    skip: async (length) => {
      at += length
    },
    close: () => {},
  }
}

/**
 * Bytes `start` to `end` of the file at `path`, inflated (zlib) in Node's thread pool. Skipping costs as much as reading.
 * Rejects with zlib's error when the bytes are damaged or end too early.
 */
export function inflatedBytes(path: string, start: number, end: number): ByteSource {
  const packed = createReadStream(path, { start, end: end - 1, highWaterMark: pieceBytes })
  const inflate = createInflate({ chunkSize: pieceBytes })
  packed.on('error', (error) => inflate.destroy(error))
  // Whoever reads gets the error; without a listener one that comes between two reads would end the process.
  inflate.on('error', () => {})
  const pieces = packed.pipe(inflate)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let piece: Buffer = Buffer.alloc(0)
  let at = 0

  /** Hands out the next bytes piece by piece, at most `length` in all. */
  async function* take(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (piece.length === 0) {
        const next = await pieces.next()
        if (next.done) return
        piece = next.value
      }
      const taken = piece.subarray(0, left)
      piece = piece.subarray(taken.length)
      left -= taken.length
      at += taken.length
      yield taken
    }
  }
  return {
    position: () => at,
    fill: async (bytes) => {
      let filled = 0
      for await (const part of take(bytes.length)) {
        bytes.set(part, filled)
        filled += part.length
      }
      return filled
    },
    skip: async (length) => {
      for await (const _ of take(length));
    },
    close: () => {
      packed.destroy()
      inflate.destroy()
    },
  }
}
