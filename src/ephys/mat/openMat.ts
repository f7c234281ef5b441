import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { InputError, messageOf } from '../errors.ts'
import type { MatRecording } from './recording.ts'
import { damaged } from './recording.ts'

/** A .mat file begins with 128 bytes: a text, then the version and the order of bytes. */
export const headerBytes = 128

/**
 * Opens a .mat file of version 5, 6, 7 or 7.3, without looking into the channels to omit. Throws InputError when it is
 * none, was cut short or has no Port_N.
 */
export async function openMat(path: string, omit: ReadonlySet<string>): Promise<MatRecording> {
  const header = readHeader(path)
  if (header.length === 0) throw damaged(path, 'is empty')
  const hdf5 = header.subarray(0, 4).equals(Buffer.from('\x89HDF', 'latin1'))
  const order = header.toString('latin1', 126, 128)
  const version = order === 'IM' ? header.readUInt16LE(124) : order === 'MI' ? header.readUInt16BE(124) : undefined
  if (hdf5 || version === 0x0200) return (await import('./mat73.ts')).openMat73(path, omit)
  if (version === 0x0100) return (await import('./mat5.ts')).openMat5(path, omit, { bigEndian: order === 'MI' })
  throw new InputError(
    `${basename(path)} is not a .mat file: its first 128 bytes are not a header of version 5 or 7.3`,
    {
      hint: 'Export it from Spike2 as a MATLAB file of version 5 or later, or copy it again.',
    },
  )
}

function readHeader(path: string): Buffer {
  try {
    // To open a pipe is to wait until somebody writes to it.
    if (!statSync(path).isFile()) throw new Error('it is no file')
    const file = openSync(path, 'r')
    try {
      const header = Buffer.alloc(headerBytes)
      return header.subarray(0, readSync(file, header, 0, headerBytes, 0))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Check that it exists and that you may read it.',
      cause: error,
    })
  }
}
