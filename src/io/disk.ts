import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../model/errors.ts'
import { type Disk, type Entry, type EntryKind, type FileStat, noRoomWords, tooManyFiles } from '../model/ports.ts'

/** fast-glob's synchronous search; loaded only where a rule has `*` or `**`, since it costs more than the whole start. */
export type Globber = (glob: string, options: object) => string[]

/** The files below `root`, which relative paths start from. `globber` is asked for on the first glob. */
export function openDisk(root: string, globber: () => Globber): Disk {
  const at = (path: string) => (path.startsWith('/') ? path : `${root}/${path}`)
  return {
    stat(path) {
      return looking(path, () => statLink(at(path)))
    },
    list(path) {
      return looking(path, () => listFolder(at(path)))
    },
    names(path) {
      return looking(path, () => readdirSync(at(path)))
    },
    glob(glob, kind) {
      const options = { cwd: root, onlyFiles: kind === 'file', onlyDirectories: kind === 'folder', unique: true }
      return looking(glob, () => globber()(glob, options).sort()) ?? []
    },
  }
}

function statLink(path: string): FileStat | undefined {
  const own = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (own === undefined) return undefined
  const link = own.isSymbolicLink() ? readlinkSync(path) : undefined
  const stat = link === undefined ? own : statSync(path, { bigint: true, throwIfNoEntry: false })
  // A broken link is there, but is nothing that can be read.
  if (stat === undefined) return { kind: 'other', sizeBytes: 0, mtimeNs: 0n, link }
  const kind: EntryKind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other'
  return { kind, sizeBytes: Number(stat.size), mtimeNs: stat.mtimeNs, link }
}

function listFolder(path: string): Entry[] {
  return readdirSync(path, { withFileTypes: true }).map((entry) => {
    if (entry.isFile()) return { name: entry.name, kind: 'file' }
    if (entry.isDirectory()) return { name: entry.name, kind: 'folder', isLink: false }
    if (!entry.isSymbolicLink()) return { name: entry.name, kind: 'other' }
    return { name: entry.name, kind: statLink(resolve(path, entry.name))?.kind ?? 'other' }
  })
}

/** Nothing there is an answer; anything else that stands in the way is the person's to mend. */
function looking<T>(path: string, look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UserError(`cannot look at ${path}: ${describeErrno(error)}`, {
      hint: 'Mend the permissions of the file or the folder, or ask who owns it.',
    })
  }
}

const errnoWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ...noRoomWords,
  EROFS: 'the file system is read-only',
  ENOENT: 'it is not there',
  ENOTDIR: 'a file stands where a folder is expected',
  EISDIR: 'it is a folder',
  ENOTEMPTY: 'the folder is not empty',
  EEXIST: 'something is there already',
  EMFILE: tooManyFiles,
  ENFILE: `${tooManyFiles} on this machine`,
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'links lead in a circle',
  EIO: 'the disk reports an input/output error',
  ESTALE: 'the file server has lost the file',
}

/** What a system error means, in words; its own message where it is a rare one. */
export function describeErrno(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return (code !== undefined ? errnoWords[code] : undefined) ?? message ?? String(error)
}
