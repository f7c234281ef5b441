import type { BigIntStats } from 'node:fs'
import { lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { isLitter } from '../core/dropNames.ts'
import type { Difference } from '../model/inbox.ts'

/** Two of these are held; larger ones read no faster. */
const bufferBytes = 1 << 20

/**
 * The first difference between two files, or two folders and all below them: names and sizes first, which cost little, then
 * bytes. Members that never count do not. `passedOver` are paths from inside. Throws the system's errors.
 */
export async function compareTrees(
  dropped: string,
  here: string,
  passedOver: readonly string[],
): Promise<Difference | undefined> {
  // What is here may be a link to another disk; what was dropped is never followed.
  const present = realpathSync(here)
  const ours = filesBelow(dropped)
  const theirs = filesBelow(present)
  const counts = (path: string) => !passedOver.includes(path)
  for (const path of theirs.keys()) if (counts(path) && !ours.has(path)) return { path, how: 'only here' }
  const pairs: { readonly path: string; readonly stat: BigIntStats }[] = []
  for (const [path, stat] of ours) {
    if (!counts(path)) continue
    const other = theirs.get(path)
    if (other === undefined) return { path, how: 'only dropped' }
    const how = quickDifference(stat, other)
    if (how !== undefined) return { path, how }
    if (!stat.isSymbolicLink()) pairs.push({ path, stat })
    else if (readlinkSync(join(dropped, path)) !== readlinkSync(join(present, path))) return { path, how: 'content' }
  }
  for (const { path, stat } of pairs) {
    if (stat.size > 0n && !(await haveSameBytes(join(dropped, path), join(present, path))))
      return { path, how: 'content' }
  }
  return undefined
}

function quickDifference(a: BigIntStats, b: BigIntStats): Difference['how'] | undefined {
  if (a.isSymbolicLink() !== b.isSymbolicLink() || a.isFile() !== b.isFile()) return 'kind'
  return a.isFile() && a.size !== b.size ? 'size' : undefined
}

/** Files and links by their path from inside; the path is empty where `root` is one itself. Folders count by what is in them. */
function filesBelow(root: string): Map<string, BigIntStats> {
  const files = new Map<string, BigIntStats>()
  const visit = (at: string, path: string) => {
    const stat = lstatSync(at, { bigint: true })
    if (!stat.isDirectory()) {
      files.set(path, stat)
      return
    }
    for (const name of readdirSync(at).sort()) {
      if (!isLitter(name)) visit(join(at, name), path === '' ? name : `${path}/${name}`)
    }
  }
  visit(root, '')
  return files
}

async function haveSameBytes(a: string, b: string): Promise<boolean> {
  const first = await open(a, 'r')
  try {
    const second = await open(b, 'r')
    try {
      return await readsTheSame(first, second)
    } finally {
      await second.close()
    }
  } finally {
    await first.close()
  }
}

async function readsTheSame(a: FileHandle, b: FileHandle): Promise<boolean> {
  const ours = Buffer.allocUnsafe(bufferBytes)
  const theirs = Buffer.allocUnsafe(bufferBytes)
  for (;;) {
    const [n, m] = await Promise.all([fill(a, ours), fill(b, theirs)])
    if (n !== m || !ours.subarray(0, n).equals(theirs.subarray(0, m))) return false
    if (n < bufferBytes) return true
  }
}

/** Reads until the buffer is full or the file ends: a network file system may give less at a time. */
async function fill(file: FileHandle, buffer: Buffer): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
