import { writeSync } from 'node:fs'

/** Appends all bytes of `values` to an open file; a single write may take only some of them. */
export function writeAll(file: number, values: NodeJS.TypedArray): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done)
}
