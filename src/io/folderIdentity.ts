import { statSync } from 'node:fs'

/** A folder as it is on disk. */
export interface FoundFolder {
  /** Tells it from another one that takes its place at the same path. */
  readonly identity: string
  readonly device: bigint
  /** Links to it: two, and one from each folder in it, on disks that count so. */
  readonly links: number
}

/** Undefined if no folder is there, or it may not be looked at. Links are followed. */
export function lookAtFolder(path: string): FoundFolder | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (!stat?.isDirectory()) return undefined
    // The number alone is given to the next folder at once on some disks; and on disks that keep no time of birth that
    // time is the one of the last change, so that a folder seems another one too often: it is then watched anew.
    // Joined: a text that is put together stays in parts, and an engine keeps ten thousand of these.
    const identity = [stat.dev, stat.ino, stat.birthtimeNs].join(' ')
    return { identity, device: stat.dev, links: Number(stat.nlink) }
  } catch {
    return undefined
  }
}
