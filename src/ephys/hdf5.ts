// The one place that starts the HDF5 library (h5wasm, HDF5 in WebAssembly) and reads its errors.
import { existsSync, rmSync } from 'node:fs'
import { type Dataset, File, Module, ready } from 'h5wasm/node'
import { InputError, messageOf } from './errors.ts'

let started = false

/** Loads the library. Its errors are thrown from then on; by default they go to standard error and the call goes on. */
async function startHdf5(): Promise<void> {
  await ready
  if (!started) Module.activate_throwing_error_handler()
  started = true
}

/** Opens for reading. Throws InputError with `expected` ("a .kwd file") when it is no HDF5 file or was cut short. */
export async function openHdf5(path: string, expected: string): Promise<File> {
  await startHdf5()
  try {
    return new File(path, 'r')
  } catch (error) {
    const text = messageOf(error)
    if (text.includes('truncated file')) {
      throw new InputError(`${path} is cut short`, { hint: 'Copy it again from where it was recorded.', cause: error })
    }
    if (text.includes('Not an HDF5 file')) {
      throw new InputError(`${path} is not ${expected}`, { hint: 'Check the file, or copy it again.', cause: error })
    }
    throw new InputError(`${path} cannot be read: ${systemMessage(text) ?? 'it is damaged'}`, {
      hint: `Expected ${expected}: check that it exists, that you may read it, and that it was copied whole.`,
      cause: error,
    })
  }
}

/**
 * Creates or replaces the file. Version 1.8 of the format, which every HDF5 reader in use knows. Wrap what follows in
 * `writingHdf5`.
 */
export async function createHdf5(path: string): Promise<File> {
  await startHdf5()
  const wasThere = existsSync(path)
  try {
    return writingHdf5(path, () => new File(path, 'w', { libver: ['v108', 'v108'] }))
  } catch (error) {
    // On a full disk the file is made, but not its first bytes. One that was there may be one that we may not open.
    if (!wasThere) rmSync(path, { force: true })
    throw error
  }
}

/**
 * Runs calls that write. A full disk and the like become InputErrors. The library stamps objects with the time of day,
 * which would make equal input give unequal bytes: its clock stands still meanwhile, so `write` must not wait.
 */
export function writingHdf5<T>(path: string, write: () => T): T {
  const now = Date.now
  Date.now = () => 0
  try {
    return write()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.message : systemMessage(messageOf(error))
    if (reason === undefined) throw error
    throw new InputError(`cannot write ${path}: ${reason}`, { hint: writeHint(reason), cause: error })
  } finally {
    Date.now = now
  }
}

/** Closes a file that was being written, and removes it. */
export function discardHdf5(path: string, file: File): void {
  try {
    writingHdf5(path, () => file.close())
  } catch (error) {
    // On a full disk the last write fails as the one before did, and the file goes anyway. A defect is not hushed up.
    if (!(error instanceof InputError)) throw error
  } finally {
    rmSync(path, { force: true })
  }
}

/**
 * Runs calls that read. What the library says of bytes that make no sense becomes an InputError: a flipped bit or a bad
 * copy may show up in any of them.
 */
export function readingHdf5<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isLibraryError(error)) throw error
    throw new InputError(`${path} is damaged: the HDF5 library cannot read all of it`, {
      hint: 'Copy it again from where it was made, or make it again.',
      cause: error,
    })
  }
}

/** Its stack of errors; what h5wasm says without one; or a trap of WebAssembly, where damage leads the library astray. */
function isLibraryError(error: unknown): boolean {
  const isTrap = error instanceof Error && error.name === 'RuntimeError'
  return isTrap || /^HDF5-DIAG|name not defined|allocation of/.test(messageOf(error))
}

/** Closes a file after an error in it; that error is the one to tell, so one in closing is not. */
export function closeAfterError(file: File): void {
  try {
    file.close()
  } catch (error) {
    if (!isLibraryError(error)) throw error
  }
}

/**
 * A rectangle of a data set, rows first, in the data set's own type. The library opens the data set anew for each call
 * and so forgets chunks it has unpacked: read whole chunks. Throws InputError when the bytes are not there.
 */
export function readSlice(dataset: Dataset, path: string, ranges: [number, number][]): ArrayBufferView {
  return readingHdf5(path, () => dataset.slice(ranges) as ArrayBufferView)
}

/** What the system said, from the library's stack of errors: 'No space left on device'. */
function systemMessage(text: string): string | undefined {
  return /error message = '([^']+)'/.exec(text)?.[1]
}

function writeHint(reason: string): string {
  if (/no space/i.test(reason)) return 'Free some space on that disk, then run it again.'
  if (/no such file/i.test(reason)) return 'Make the folder first.'
  return 'Check that you may write there.'
}
