import type { Style } from '../core/signs.ts'
import type { MemoryAdvice } from '../model/advice.ts'
import type { Board } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import type { Reading } from '../model/facade.ts'
import type { JournalRecord } from '../model/record.ts'

/**
 * What there is to show, apart from what the person chose (UiState): made by the store, read by selectors and panes. A new
 * one for each frame; the maps in it may be the same.
 */
export interface View {
  readonly style: Style
  readonly nowMs: number
  /** As whom this person acts. */
  readonly user: string
  readonly link: Link
  /** The last one that was heard of, also when the engine is gone; undefined before the first. */
  readonly board: Board | undefined
  /** Grows with each change of the board. Selectors remember by it. */
  readonly version: number
  /** Grows when jobs, pools or rules changed: sorting waits for it, so that a growing drop costs nothing. */
  readonly jobsVersion: number
  /** What was loaded of jobs, by id. */
  readonly details: ReadonlyMap<string, JobDetail>
  /** The log that an openLog effect asked for, as far as it was read. */
  readonly log: LogPicture | undefined
  /** Newest last; undefined until it was loaded. */
  readonly history: readonly JournalRecord[] | undefined
  /** On the memory that pools share, as it was loaded last. */
  readonly advice: readonly MemoryAdvice[]
}

export type Link =
  /** `reading`: how far an engine has come that has begun, and has no board yet. */
  | { readonly state: 'joining'; readonly sinceMs: number; readonly reading?: Reading }
  | { readonly state: 'alive' }
  /** `why` is a sentence, where one is known, and `hint` the next step. */
  | {
      readonly state: 'gone'
      readonly sinceMs: number
      readonly why: string | undefined
      readonly hint?: string | undefined
    }

/** A log as far as it was read: a window of its lines. */
export interface LogPicture {
  /** Relative to the workspace. */
  readonly path: string
  /** Number of the first line held, from 0. */
  readonly first: number
  /** Without control characters; a progress bar as it was last drawn. */
  readonly lines: readonly string[]
  /** Lines that the file has, as far as it was counted. */
  readonly count: number
  readonly state: 'reading' | 'read' | 'missing'
}
