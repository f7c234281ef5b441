import type { Disk, FileStat } from '../model/ports.ts'
import type { FileStamp, FolderStamp, Snapshot, Stamp } from '../model/stamp.ts'
import { digest } from './digest.ts'
import { globSource } from './globs.ts'
import { neverCounts } from './names.ts'

/** A folder of more members than this is kept as a digest: the journal stays small, and a change cannot be named. */
const membersNamed = 1000
/** Deeper than any recording: a folder that links to its own parent ends here. */
const maxDepth = 32

export interface StampOptions {
  readonly isFolder: boolean
  /** Members that do not count, as in a rule's `ignore`. */
  readonly ignore?: readonly string[]
}

/** What lies at `path` now. A folder where a file is expected, and the other way round, is missing. */
export function takeSnapshot(disk: Disk, path: string, options: StampOptions): Snapshot {
  const stat = disk.stat(path)
  if (stat === undefined || stat.kind !== (options.isFolder ? 'folder' : 'file')) return { status: 'missing' }
  if (options.isFolder) return takeFolderSnapshot(disk, path, { link: stat.link, ignore: options.ignore })
  return fileSnapshot(path, stat)
}

/** What a look at a file told. */
export function fileSnapshot(path: string, stat: FileStat): Snapshot {
  const { mtimeNs, sizeBytes, link } = stat
  const times = { newestNs: mtimeNs, newestPath: path, oldestNs: mtimeNs }
  return { status: 'there', stamp: fileStamp(stat), ...times, sizeBytes, isPlain: link === undefined }
}

interface FolderOptions {
  /** The text of the link, if the folder is one. */
  readonly link: string | undefined
  readonly ignore: readonly string[] | undefined
}

/** What lies in a folder that is known to be there. */
export function takeFolderSnapshot(disk: Disk, path: string, { link, ignore }: FolderOptions): Snapshot {
  const members: [string, FileStat][] = []
  const isFlat = collect(disk, path, '', members, 0)
  const counted =
    ignore === undefined || ignore.length === 0 ? members : members.filter(([name]) => !isIgnored(name, ignore))
  if (counted.length === 0) return { status: 'empty' }
  const isPlain = isFlat && link === undefined && members.every(([, stat]) => stat.link === undefined)
  return folderSnapshot(path, counted, { link, isPlain })
}

function folderSnapshot(
  path: string,
  members: [string, FileStat][],
  { link, isPlain }: { readonly link: string | undefined; readonly isPlain: boolean },
): Snapshot {
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  let newest = members[0]!
  let oldestNs = newest[1].mtimeNs
  let sizeBytes = 0
  // Without a prototype: a file may be called __proto__.
  const stamps: Record<string, FileStamp> = Object.create(null)
  // A folder that is itself a link: turning it elsewhere is a change, even to a folder with the same members.
  if (link !== undefined) stamps['.'] = `-> ${link}`
  for (const member of members) {
    const [name, stat] = member
    if (stat.mtimeNs > newest[1].mtimeNs) newest = member
    if (stat.mtimeNs < oldestNs) oldestNs = stat.mtimeNs
    sizeBytes += stat.sizeBytes
    stamps[name] = fileStamp(stat)
  }
  const newestPath = `${path}/${newest[0]}`
  const newestNs = newest[1].mtimeNs
  return { status: 'there', stamp: bounded(stamps), newestNs, newestPath, oldestNs, sizeBytes, isPlain }
}

function fileStamp(stat: FileStat): FileStamp {
  const state = `${stat.sizeBytes} ${stat.mtimeNs}`
  return stat.link === undefined ? state : `-> ${stat.link} ${state}`
}

function bounded(stamps: Record<string, FileStamp>): FolderStamp {
  const names = Object.keys(stamps)
  if (names.length <= membersNamed) return stamps
  return { '#digest': `${names.length} ${digest(names.map((name) => `${name}\t${stamps[name]}\n`).join(''))}` }
}

/** Adds all files. Returns whether there is no folder among the members. */
function collect(disk: Disk, folder: string, prefix: string, members: [string, FileStat][], depth: number): boolean {
  let isFlat = true
  if (depth > maxDepth) return isFlat
  // Each member is looked at anyhow, and that tells what it is: the names alone are enough.
  for (const own of disk.names(folder) ?? []) {
    if (neverCounts(own)) continue
    const path = `${folder}/${own}`
    const stat = disk.stat(path)
    if (stat === undefined) continue
    if (stat.kind === 'folder') {
      isFlat = false
      collect(disk, path, `${prefix}${own}/`, members, depth + 1)
    } else members.push([prefix + own, stat])
  }
  return isFlat
}

export function isIgnored(member: string, ignore: readonly string[]): boolean {
  return ignore.some((pattern) => {
    if (pattern.endsWith('/')) return member.startsWith(pattern) || member.includes(`/${pattern}`)
    if (!pattern.includes('*')) return member === pattern || member.startsWith(`${pattern}/`)
    const source = pattern.split('*').map((text) => text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
    return new RegExp(`^${globSource(source, '[^/]')}$`).test(member)
  })
}

export type StampChange = { readonly kind: 'changed' | 'added' | 'removed'; readonly path: string } | undefined

/** The first difference between two stamps of one path, as the path of the file that differs; undefined if none. */
export function compareStamps(path: string, before: Stamp, now: Stamp): StampChange {
  if (typeof before === 'string' || typeof now === 'string') {
    return before === now ? undefined : { kind: 'changed', path }
  }
  const past = before as Readonly<Record<string, FileStamp>>
  const present = now as Readonly<Record<string, FileStamp>>
  for (const name of Object.keys(present)) {
    if (Object.hasOwn(past, name) && past[name] === present[name]) continue
    const digested = name === '#digest' || '#digest' in past
    if (digested || name === '.') return { kind: 'changed', path: `${path}/` }
    return { kind: Object.hasOwn(past, name) ? 'changed' : 'added', path: `${path}/${name}` }
  }
  for (const name of Object.keys(past)) {
    // A file may be called `constructor`, which every object has.
    if (Object.hasOwn(present, name)) continue
    if (name === '.' || name === '#digest') return { kind: 'changed', path: `${path}/` }
    return { kind: 'removed', path: `${path}/${name}` }
  }
  return undefined
}

/** Size in bytes and mtime in ns of a file's stamp. */
export function readFileStamp(stamp: FileStamp): { sizeBytes: number; mtimeNs: bigint; link: string | undefined } {
  const match = /^(?:-> (.*) )?(\d+) (-?\d+)$/s.exec(stamp)
  return { sizeBytes: Number(match?.[2] ?? 0), mtimeNs: BigInt(match?.[3] ?? 0), link: match?.[1] }
}
