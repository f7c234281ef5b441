import { closeSync, fsync, openSync, statfsSync, statSync } from 'node:fs'
import { promisify } from 'node:util'

/** ext3, ext4 and xfs, by the numbers that the system gives them: what is flushed there takes along all that changed before. */
const orderedTypes: ReadonlySet<number> = new Set([0xef53, 0x58465342])

/** How file systems say that they do not flush folders, or that this one may be written in and not be looked at. */
const refusals = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF', 'EISDIR', 'EACCES', 'EPERM'])

/**
 * Returns once what a folder has by which name outlasts a power cut, or is sure to do so before anything that is done to the
 * folder `before` from now on. On one disk that keeps the order of changes there is nothing to wait for, which a lab with
 * thousands of small jobs notices. Throws the system's errors.
 */
export async function flushNames(folder: string, before: string): Promise<void> {
  const disk = deviceOf(folder)
  // What is gone has no names.
  if (disk === undefined) return
  if (disk === deviceOf(before) && orderedTypes.has(statfsSync(folder).type)) return
  await flushFolder(folder)
}

const deviceOf = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.dev

/** fsync of a folder: of the names in it. Where that is refused it does what the file system does by itself. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await flushFile(folder)
  } catch (error) {
    if (!refusals.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

const flushOpen = promisify(fsync)

/** fsync. To open and to close is done at once: waiting for these costs more than they do. */
export async function flushFile(path: string): Promise<void> {
  const descriptor = openSync(path, 'r')
  try {
    await flushOpen(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
