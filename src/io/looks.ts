import { type BigIntStats, lstatSync, readdirSync, type Stats, statSync } from 'node:fs'
import { systemPaths } from './systemPaths.ts'

/**
 * What was looked at on the disk, and what lay there: enough to tell later, by one system call for each path, whether all of
 * it is as it was. Columns instead of objects: a lab with 50,000 recordings has 400,000 of these.
 */
export interface Looks {
  /** Relative to the workspace, or absolute. A path may be there more than once. */
  readonly paths: readonly string[]
  /** 1 where the file that a link leads to was looked at, 0 where the link itself. */
  readonly follows: Uint8Array
  /**
   * For each path modification time and change time in ms, inode, and size in bytes; four zeros where nothing was. Numbers as
   * Node's own stat has them: to compare them takes a tenth less than with the exact ones, and no clock of a disk is so fine
   * that two times fall together.
   */
  readonly marks: Float64Array
}

/** Numbers in `marks` for each look. */
export const marksOfOne = 4

/** Takes down each look. What is seen through it is a plan's only knowledge of the disk. */
export interface LookRecorder {
  /** A path was looked at, itself; undefined: there was nothing. */
  saw(path: string, stat: BigIntStats | undefined): void
  /** What a link leads to was looked at. */
  sawThrough(path: string, stat: BigIntStats | undefined): void
  /** A folder is about to be listed, or a file to be read: what lies there, links followed, is taken down first. */
  reads(path: string): void
  /** Something could not be looked at: nothing is sure. */
  doubt(): void
  /** All looks so far; undefined if there was a doubt. */
  taken(): Looks | undefined
  /** Begins anew. */
  clear(): void
}

/** A recorder for paths relative to `root`, or absolute. */
export function lookRecorder(root: string): LookRecorder {
  const at = systemPaths(root)
  let paths: string[] = []
  let follows: number[] = []
  let marks = new Float64Array(marksOfOne * 1024)
  let isSure = true
  const take = (path: string, stat: BigIntStats | undefined, follow: 0 | 1) => {
    const place = paths.length * marksOfOne
    if (place === marks.length) {
      const wider = new Float64Array(2 * marks.length)
      wider.set(marks)
      marks = wider
    }
    if (stat !== undefined) setMark(marks, place, stat)
    paths.push(path)
    follows.push(follow)
  }
  return {
    saw: (path, stat) => take(path, stat, 0),
    sawThrough: (path, stat) => take(path, stat, 1),
    reads(path) {
      try {
        take(path, statSync(at(path), { bigint: true, throwIfNoEntry: false }), 1)
      } catch (error) {
        if (isNoFolder(error)) take(path, undefined, 1)
        else isSure = false
      }
    },
    doubt() {
      isSure = false
    },
    taken: () =>
      isSure
        ? { paths, follows: Uint8Array.from(follows), marks: marks.slice(0, paths.length * marksOfOne) }
        : undefined,
    clear() {
      paths = []
      follows = []
      marks = new Float64Array(marksOfOne * 1024)
      isSure = true
    },
  }
}

/** What lies at a path; undefined if nothing does. Throws if it may not be looked at. */
function lookAt(path: string, follow: number): Stats | undefined {
  try {
    return follow === 1 ? statSync(path, { throwIfNoEntry: false }) : lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (isNoFolder(error)) return undefined
    throw error
  }
}

/** A file where a folder would have to be: nothing lies below it. */
const isNoFolder = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOTDIR'

function setMark(marks: Float64Array, at: number, stat: BigIntStats): void {
  marks[at] = inMs(stat.mtimeNs)
  marks[at + 1] = inMs(stat.ctimeNs)
  marks[at + 2] = Number(stat.ino)
  marks[at + 3] = Number(stat.size)
}

/** As Node counts it from seconds and nanoseconds. */
const inMs = (ns: bigint) => Number(ns / 1_000_000_000n) * 1000 + Number(ns % 1_000_000_000n) / 1_000_000

/**
 * A file that is changed twice within a tick of the disk's clock looks the same after both: what had just changed when it was
 * looked at is never sure. Git has the same care; two seconds are the coarsest clock of any file system in use.
 */
const racyMs = 2000

/** Places of the looks at what had not just changed when they were taken, at `takenMs` or later, since the epoch. */
export function settledLooks({ paths, marks }: Looks, takenMs: number): number[] {
  return [...paths.keys()].filter((place) => marks[place * marksOfOne + 1]! < takenMs - racyMs)
}

/** With more than these, and most of all that was compared, it is quicker to plan everything than to go on comparing. */
const fewChanged = 1000

/**
 * Places of the looks that would not find the same now, or may not; `most` where that is soon seen to be most of them.
 * `takenMs`: when they were taken, since the epoch.
 */
export function changedLooks(root: string, { paths, follows, marks }: Looks, takenMs: number): number[] | 'most' {
  const sureMs = takenMs - racyMs
  const at = systemPaths(root)
  const changed: number[] = []
  for (let i = 0; i < paths.length; i++) {
    if (changed.length > fewChanged && 2 * changed.length > i) return 'most'
    const place = i * marksOfOne
    const changeMs = marks[place + 1]!
    let stat: Stats | undefined
    try {
      stat = lookAt(at(paths[i]!), follows[i]!)
    } catch {
      changed.push(i)
      continue
    }
    const same =
      stat === undefined
        ? changeMs === 0
        : changeMs < sureMs &&
          stat.ctimeMs === changeMs &&
          stat.mtimeMs === marks[place] &&
          stat.ino === marks[place + 2] &&
          stat.size === marks[place + 3]
    if (!same) changed.push(i)
  }
  return changed
}

/** Looks at a folder of small files that are about to be read, and at each of them. */
export function lookInto(root: string, folder: string): Looks | undefined {
  const recorder = lookRecorder(root)
  recorder.reads(folder)
  let names: string[]
  try {
    names = readdirSync(systemPaths(root)(folder))
  } catch {
    names = []
  }
  for (const name of names) recorder.reads(`${folder}/${name}`)
  return recorder.taken()
}
