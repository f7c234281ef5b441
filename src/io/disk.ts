import { type BigIntStats, constants, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../model/errors.ts'
import { type Disk, type Entry, type EntryKind, type FileStat, noRoomWords, tooManyFiles } from '../model/ports.ts'
import type { LookRecorder } from './looks.ts'
import { systemPaths } from './systemPaths.ts'

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK } = constants

/** fast-glob's synchronous search; loaded only where a rule has `*` or `**`, since it costs more than the whole start. */
export type Globber = (glob: string, options: object) => string[]

/**
 * The files below `root`, which relative paths start from. `globber` is asked for on the first glob. `recorder` takes down
 * every look.
 */
export function openDisk(root: string, globber: () => Globber, recorder?: LookRecorder): Disk {
  const at = systemPaths(root)
  const looking = <T>(path: string, look: () => T): T | undefined => {
    try {
      return look()
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      recorder?.doubt()
      throw new UserError(`cannot look at ${path}: ${describeErrno(error)}`, {
        hint: 'Mend the permissions of the file or the folder, or ask who owns it.',
      })
    }
  }
  return {
    stat(path) {
      return looking(path, () => statLink(path, at(path), recorder))
    },
    list(path) {
      recorder?.reads(path)
      return looking(path, () => listFolder(path, at(path), recorder))
    },
    names(path) {
      recorder?.reads(path)
      return looking(path, () => readdirSync(at(path)))
    },
    glob(glob, kind) {
      const options = { cwd: root, onlyFiles: kind === 'file', onlyDirectories: kind === 'folder', unique: true }
      const seen = recorder === undefined ? {} : { fs: recordedFiles(root, recorder) }
      return looking(glob, () => globber()(glob, { ...options, ...seen }).sort()) ?? []
    },
  }
}

function statLink(path: string, at: string, recorder?: LookRecorder): FileStat | undefined {
  const own = lstatSync(at, { bigint: true, throwIfNoEntry: false })
  recorder?.saw(path, own)
  if (own === undefined) return undefined
  const link = typeOf(own) === S_IFLNK ? readlinkSync(at) : undefined
  const stat = link === undefined ? own : statSync(at, { bigint: true, throwIfNoEntry: false })
  if (link !== undefined) recorder?.sawThrough(path, stat)
  // A broken link is there, but is nothing that can be read.
  if (stat === undefined) return { kind: 'other', sizeBytes: 0, mtimeNs: 0n, link }
  return { kind: kindOf(stat), sizeBytes: Number(stat.size), mtimeNs: stat.mtimeNs, link }
}

/** As stat.isFile() and its like find it, by big numbers and so in five times as long. */
const typeOf = (stat: BigIntStats) => Number(stat.mode) & S_IFMT

function kindOf(stat: BigIntStats): EntryKind {
  const type = typeOf(stat)
  return type === S_IFREG ? 'file' : type === S_IFDIR ? 'folder' : 'other'
}

function listFolder(path: string, at: string, recorder?: LookRecorder): Entry[] {
  return readdirSync(at, { withFileTypes: true }).map((entry) => {
    if (entry.isFile()) return { name: entry.name, kind: 'file' }
    if (entry.isDirectory()) return { name: entry.name, kind: 'folder', isLink: false }
    if (!entry.isSymbolicLink()) return { name: entry.name, kind: 'other' }
    const stat = statLink(`${path}/${entry.name}`, resolve(at, entry.name), recorder)
    return { name: entry.name, kind: stat?.kind ?? 'other' }
  })
}

/** What fast-glob reads folders with, each taken down before it is read. */
function recordedFiles(root: string, recorder: LookRecorder): object {
  const before = (path: string) => recorder.reads(path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path)
  return {
    readdirSync(path: string, options: object) {
      before(path)
      return readdirSync(path, options)
    },
    lstatSync(path: string) {
      before(path)
      return lstatSync(path)
    },
    statSync(path: string) {
      before(path)
      return statSync(path)
    },
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

/**
 * What keeps a text that a person left from being read, though nothing fails: whoever reads a pipe waits for somebody who writes to
 * it, maybe for ever. Throws the system's errors.
 */
export function notAText(path: string): string | undefined {
  const stat = statSync(path)
  return stat.isFile() || stat.isDirectory() ? undefined : 'it is a pipe or a device, and no file'
}

/** What a system error means, in words; its own message where it is a rare one. */
export function describeErrno(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return (code !== undefined ? errnoWords[code] : undefined) ?? message ?? String(error)
}
