import { writeSync } from 'node:fs'
import { InputError } from '../errors.ts'

/** Appends all bytes of `values` to an open file. Throws InputError when the disk is full. */
export function writeAll(file: number, values: NodeJS.TypedArray): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    throw new InputError('the disk is full', { hint: 'Free some space on that disk, then run it again.', cause: error })
  }
}
