import { readdirSync, renameSync, statSync } from 'node:fs'
import { cp, link, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DiskFault, type DiskWriter, exchangeSuffix } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { type Exchanger, openExchanger } from './exchanger.ts'
import { flushFile, flushFolder, flushNames } from './flushNames.ts'
import { makeFolder } from './makeFolder.ts'
import { removeFolder } from './removeFolder.ts'

/** Changes files below `root`. */
export function openDiskWriter(root: string): DiskWriter {
  const at = (path: string) => resolve(root, path)
  const exchanger = openExchanger()
  return {
    makeFolder: (path) => acting('make the folder', path, async () => makeFolder(at(path))),
    rename: (from, to) => acting('move into place', to, async () => renameSync(at(from), at(to))),
    expectExchange: () => exchanger.prepare(),
    exchange: (a, b) => acting('put into place', b, () => exchange(at(a), at(b), exchanger)),
    move: (from, to) => acting('move', from, () => move(at(from), at(to))),
    remove: (path) => acting('remove', path, () => removeFolder(at(path))),
    flush: (path) => acting('flush', path, () => flush(at(path))),
    flushNames: (folder, { before }) => acting('flush', folder, () => flushNames(at(folder), at(before))),
  }
}

async function acting(action: string, path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    throw new DiskFault(action, path, describeErrno(error))
  }
}

/**
 * Swaps two paths so that neither is ever missing. Files: a hard link keeps the old one while the rename replaces it in one
 * step. Folders: renameat2(RENAME_EXCHANGE); where that fails (another kernel, a network file system) two renames, with an
 * instant between them.
 */
async function exchange(a: string, b: string, exchanger: Exchanger): Promise<void> {
  const aside = `${a}${exchangeSuffix}`
  if ((await stat(a)).isFile() && (await stat(b)).isFile() && (await linked(b, aside))) {
    await rename(a, b)
  } else {
    if (await exchanger.exchange(a, b)) return
    await rename(b, aside)
    try {
      await rename(a, b)
    } catch (error) {
      await rename(aside, b)
      throw error
    }
  }
  try {
    await rename(aside, a)
  } catch (error) {
    await rename(aside, b)
    throw error
  }
}

/** False where the file system has no hard links. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch {
    return false
  }
}

/** Within a file system a rename; across, a copy that is flushed before the original goes. */
async function move(from: string, to: string): Promise<void> {
  makeFolder(dirname(to))
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await cp(from, to, {
      recursive: true,
      preserveTimestamps: true,
      errorOnExist: true,
      force: false,
      verbatimSymlinks: true,
    })
    await flush(to)
    await flushNames(dirname(to), dirname(from))
    await rm(from, { recursive: true })
  }
}

/** fsync of a file, or of all files below a folder and the folders themselves. */
async function flush(path: string): Promise<void> {
  if (!statSync(path).isDirectory()) return flushFile(path)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isFile() || entry.isDirectory()) await flush(`${path}/${entry.name}`)
  }
  await flushFolder(path)
}
