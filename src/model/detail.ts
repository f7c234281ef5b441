import type { JobState } from './board.ts'
import type { Cause, Use } from './record.ts'

/** What a client asks for when a person looks at one job: too much to send of every job. */
export interface JobDetail {
  readonly id: string
  /** The command line, as it would be typed. */
  readonly command: string
  /** Paths as a person writes them, relative to the workspace; gathered sources are counted. */
  readonly sources: readonly string[]
  readonly targets: readonly string[]
  readonly params: Readonly<Record<string, string>>
  /** Why it is stale, protected or waits: a sentence each, the most binding first. */
  readonly why: readonly string[]
  /** Newest last; the last 20. */
  readonly attempts: readonly PastAttempt[]
}

export interface PastAttempt {
  readonly attempt: number
  /** ms since the epoch. */
  readonly endedMs: number
  readonly state: JobState & ('done' | 'failed' | 'cancelled')
  readonly seconds: number
  readonly cause: Cause | undefined
  readonly log: string
  readonly use?: Use
}
