import { accessSync, type BigIntStats, constants, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isLitter, isTemporary, readyName } from '../core/dropNames.ts'
import type { DropMember, DropPicture } from '../model/inbox.ts'
import { describeErrno } from './disk.ts'

/** Deeper than any recording. */
const maxDepth = 32
/** So many looks take a few milliseconds: then others have their turn. */
const looksInARow = 1000

/** Lets the event loop turn now and then in a walk through many files, which is synchronous to be quick. */
export interface Pace {
  looks: number
}

/** Undefined, so that nothing is waited for, but for each thousandth look. */
function keepPace(pace: Pace): Promise<void> | undefined {
  return ++pace.looks % looksInARow === 0 ? turn() : undefined
}

/** A name that is no text in UTF-8 reads with this sign in it, and cannot be opened by what was read. */
export const badSign = '\uFFFD'

/** What a look at `path` sums up to; undefined if nothing is there. `name` is its own name in the inbox. */
export async function takePicture(path: string | Buffer, name: string, pace: Pace): Promise<DropPicture | undefined> {
  const own = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (own === undefined) return undefined
  const sum = { files: 0, folders: 0, bytes: 0, newestNs: 0n, changedNs: 0n }
  let temporary = isTemporary(name) ? name : undefined
  let readyNs: bigint | undefined
  const add = (stat: BigIntStats) => {
    sum.files++
    sum.bytes += Number(stat.size)
    if (stat.mtimeNs > sum.newestNs) sum.newestNs = stat.mtimeNs
    if (stat.ctimeNs > sum.changedNs) sum.changedNs = stat.ctimeNs
  }
  const isFolder = own.isDirectory()
  if (!isFolder) add(own)
  // A plain stack and text put together: the whole inbox passes here at each look.
  const folders = isFolder && typeof path === 'string' ? [{ folder: path, prefix: '', depth: 1 }] : []
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const { folder, prefix, depth } = at
    for (const entry of listed(folder)) {
      if (isLitter(entry.name)) continue
      const wait = keepPace(pace)
      if (wait !== undefined) await wait
      const below = prefix + entry.name
      // Which of several comes first depends on the file system: the one that is said must not change from look to look.
      if (isTemporary(entry.name) && (temporary === undefined || below < temporary)) temporary = below
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        sum.folders++
        if (depth < maxDepth) folders.push({ folder: path, prefix: `${below}/`, depth: depth + 1 })
        continue
      }
      const stat = looked(path)
      if (stat === undefined) continue
      add(stat)
      if (below === readyName) readyNs = stat.ctimeNs
    }
  }
  if (sum.files === 0) sum.changedNs = own.ctimeNs
  return { ...sum, isFolder, temporary, ready: readyNs !== undefined && readyNs >= sum.changedNs }
}

/** What is gone, or cannot be looked at, is not part of a picture: the check of a whole drop tells of it. */
function looked(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Everything below `path`, folders before their members, in no other order. */
export async function listMembers(path: string, pace: Pace): Promise<DropMember[]> {
  const members: DropMember[] = []
  const visit = async (at: string, inside: string, depth: number): Promise<void> => {
    const wait = keepPace(pace)
    if (wait !== undefined) await wait
    const member = memberAt(at, inside, depth)
    if (member === undefined) return
    members.push(member)
    if (member.kind !== 'folder') return
    let names: string[]
    try {
      names = readdirSync(at)
    } catch (error) {
      if (isGone(error)) return
      members.push({ kind: 'unreadable', path: inside, problem: describeErrno(error) })
      return
    }
    for (const name of names) await visit(join(at, name), inside === '' ? name : `${inside}/${name}`, depth + 1)
  }
  await visit(path, '', 0)
  return members
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function memberAt(at: string, path: string, depth: number): DropMember | undefined {
  if (depth > maxDepth) {
    return { kind: 'unreadable', path, problem: `it lies more than ${maxDepth} folders deep` }
  }
  try {
    const stat = lstatSync(at)
    if (stat.isDirectory()) return { kind: 'folder', path }
    if (stat.isSymbolicLink()) {
      const broken = statSync(at, { throwIfNoEntry: false }) === undefined
      return { kind: 'link', path, to: readlinkSync(at), broken }
    }
    if (!stat.isFile()) {
      return { kind: 'special', path, what: stat.isFIFO() ? 'a FIFO' : stat.isSocket() ? 'a socket' : 'a device' }
    }
    accessSync(at, constants.R_OK)
    return { kind: 'file', path, sizeBytes: stat.size }
  } catch (error) {
    if (path.includes(badSign)) return { kind: 'unreadable', path, problem: 'its name is no text in UTF-8' }
    if (isGone(error)) return undefined
    return { kind: 'unreadable', path, problem: describeErrno(error) }
  }
}
