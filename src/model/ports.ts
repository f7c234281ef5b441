import type { AttemptState, ProcessMark } from './attempt.ts'
import type { PastAttempt } from './detail.ts'
import type { Cause, JournalRecord, MadeRecord, TargetHistory, Use } from './record.ts'
import type { PoolSize } from './rule.ts'

export type EntryKind = 'file' | 'folder' | 'other'

/** A member of a folder. A link has the kind of what it points to; `other` covers devices and broken links. */
export interface Entry {
  readonly name: string
  readonly kind: EntryKind
  /** Undefined where the disk did not tell along with the name. */
  readonly isLink?: boolean
}

/** What lies at a path, links followed. `link` is the text of the link itself, if the path is one. */
export interface FileStat {
  readonly kind: EntryKind
  readonly sizeBytes: number
  readonly mtimeNs: bigint
  readonly link: string | undefined
}

/**
 * Looking at files. Paths are relative to the workspace or absolute. Synchronous: a scan of a thousand folders in one go
 * is an order of magnitude quicker than with promises.
 */
export interface Disk {
  /** Undefined if nothing is there. Throws UserError if it may not be read. */
  stat(path: string): FileStat | undefined
  /** Members of a folder in no particular order; undefined if there is no such folder. Throws UserError as stat. */
  list(path: string): readonly Entry[] | undefined
  /** Names of the members alone, which cost half of a list; undefined if there is no such folder. Throws as stat. */
  names(path: string): readonly string[] | undefined
  /** Paths that match a glob (in fast-glob's language), sorted. */
  glob(glob: string, kind: 'file' | 'folder'): readonly string[]
}

/** See DiskWriter.exchange. */
export const exchangeSuffix = '.old'

/** Changing files, one act each. Every method throws DiskFault. */
export interface DiskWriter {
  makeFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Folders will be exchanged before long: what takes time about it may be made ready. */
  expectExchange(): void
  /**
   * Both paths exist; afterwards each holds what the other held. `b` is at no instant missing; where labmake is killed in
   * the middle, what it held may lie at `a` + exchangeSuffix.
   */
  exchange(a: string, b: string): Promise<void>
  /** Moves across file systems if it must; the source is removed last. */
  move(from: string, to: string): Promise<void>
  /** A file, or a folder and all below it; nothing there is fine. */
  remove(path: string): Promise<void>
  /** Returns once the file, or all files of the folder, are on the disk itself and not only in memory. */
  flush(path: string): Promise<void>
  /**
   * Returns once the names in a folder, as renames left them, outlast a power cut, or are sure to do so before anything that
   * is done to the folder `before` from now on.
   */
  flushNames(folder: string, order: { readonly before: string }): Promise<void>
}

/** How a problem begins that ends by itself, when others close their files. */
export const tooManyFiles = 'too many open files'

/** A fault of the disk under an act of labmake: no space, not permitted. */
export class DiskFault extends Error {
  readonly action: string
  readonly path: string
  readonly problem: string

  constructor(action: string, path: string, problem: string) {
    super(`cannot ${action} ${path}: ${problem}`)
    this.name = 'DiskFault'
    this.action = action
    this.path = path
    this.problem = problem
  }
}

/** The words of the two ways in which a system says that nothing more fits. */
export const noRoomWords = { ENOSPC: 'no space left on the disk', EDQUOT: 'the disk quota is used up' } as const

/** Would the same act do well once somebody made room? */
export function isNoRoom({ problem }: DiskFault): boolean {
  return problem === noRoomWords.ENOSPC || problem === noRoomWords.EDQUOT
}

/** A recipe ready to start. */
export interface Launch {
  readonly slug: string
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Where its output goes, after `title`. */
  readonly log: string
  readonly title: string
  readonly timeoutMs: number | undefined
  /** What was granted to it of shared slots: see SharedSlots.take. */
  readonly grant?: string
}

/** `seconds`: how long it ran, where that is known better than by the clock that people set. */
export type Exit = { readonly use?: Use; readonly seconds?: number } & (
  | { readonly status: 'done' }
  | { readonly status: 'failed'; readonly cause: Cause }
  | { readonly status: 'cancelled' }
)

export interface Running {
  readonly process: ProcessMark | undefined
  /** The recipe itself has ended, and needs no slots any more. Was it content? Never rejects. */
  readonly ended: Promise<boolean>
  /** It is known, too, what the recipe left running. Never rejects: how it ended is data. */
  readonly exit: Promise<Exit>
  /** Ends it: TERM, then KILL after a grace; `now` is KILL at once. */
  cancel(options: { readonly now: boolean }): void
}

/** Starts recipes, each in a session of its own that outlives labmake. */
export interface Launcher {
  start(launch: Launch): Promise<Running>
  /**
   * Takes over an attempt that an earlier labmake started: it runs still, or its exit was written down, or it is lost.
   * Undefined if that labmake was killed before the recipe started; it never will.
   */
  adopt(state: AttemptState): Running | undefined
}

/** Attempts under way, written down so that the next labmake finds them. Methods throw DiskFault. */
export interface Attempts {
  /** Also once more, of one that is not to be committed after all. */
  write(state: AttemptState): Promise<void>
  /** Adds that it is being committed: as `committing` of its state. `mustLast`: through a power cut, too. */
  writeIntent(state: AttemptState, record: MadeRecord, options: { readonly mustLast: boolean }): Promise<void>
  remove(slug: string): Promise<void>
  /** What earlier labmakes left. */
  left(): readonly AttemptState[]
  /** Slugs of those that run no more, and of which nothing can be read: as a power cut leaves them. */
  torn(): readonly string[]
}

/**
 * Slots that all labmakes of the host share. What was taken stays so as long as the recipe runs, whatever becomes of its
 * labmake, and is free once it has ended, though nobody be there to say so. Synchronous: each takes well under a ms.
 */
export interface SharedSlots {
  /** How these pools stand; `pools`: the shared ones, and how many slots we give each, or how much memory. */
  look(pools: ReadonlyMap<string, PoolSize>): SharedLook | SharedTrouble
  /** Takes slots of several pools, all or none. What was granted is handed to the launcher. */
  take(
    wish: SharedWish,
  ): { readonly status: 'taken'; readonly grant: string } | { readonly status: 'short' } | SharedTrouble
  /** Stands in line for these slots, so that others leave them to us; undefined: for none any more. */
  waitFor(pools: ReadonlyMap<string, number> | undefined): void
  /** What an attempt of an earlier labmake took, and has still. */
  adopt(grant: string): void
  /** The attempt is over, or never came to its recipe. */
  give(grant: string): void
  /** Takes our name off the list of those who share. */
  close(): void
}

export interface SharedWish {
  readonly job: string
  readonly pools: ReadonlyMap<string, number>
}

export interface SharedLook {
  readonly status: 'open'
  readonly pools: ReadonlyMap<string, SharedPool>
}

export interface SharedPool {
  /** The fewest that any workspace gives it: these count. */
  readonly slots: number
  readonly usedByOthers: number
  readonly holders: readonly SharedHolder[]
  /** A workspace that gives it another number of slots than ours; or counts something else in it: then nothing of it can be had. */
  readonly differs: (SharedHolder & PoolSize) | undefined
}

/** Another workspace of the host, and slots of a pool. */
export interface SharedHolder {
  readonly user: string
  readonly root: string
  readonly slots: number
}

/** Nothing can be handed out, since nobody knows what others have. */
export interface SharedTrouble {
  readonly status: 'shut'
  readonly problem: string
  readonly hint: string
}

export interface Journal {
  /** What the journal says of the job whose first target this is. */
  history(target: string): TargetHistory
  /** Durations of past attempts that made a target. */
  durations(): ReadonlyMap<string, readonly PastDuration[]>
  /** Peaks of memory of past attempts in bytes, by rule, the last ones of each. */
  peaks(): ReadonlyMap<string, readonly number[]>
  /** The last attempts of the job whose first target this is, newest last; 20 at the most. */
  attempts(target: string): readonly PastAttempt[]
  /** Appends and flushes. Throws DiskFault. */
  append(record: JournalRecord): Promise<void>
}

export interface PastDuration {
  readonly seconds: number
  readonly sourceBytes: number
  /** 0 where it is not known. */
  readonly targetBytes: number
}

export interface Clock {
  /** ms since the epoch: to be written down and shown. It may be set, back or ahead, at any time. */
  now(): number
  /** ms since some instant, by a clock that nobody sets: for whatever is measured, or waited for. */
  steadyMs(): number
  /** Resolves once all that has happened by now was heard. */
  turn(): Promise<void>
  /** Resolves after this many ms, or at once when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Uniform in [0, 1). */
  random(): number
}
