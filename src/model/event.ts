import type { Reason } from './plan.ts'
import type { Cause } from './record.ts'

/** What happens in a build, in order. Times are ms since the epoch. */
export type BuildEvent =
  | {
      readonly type: 'planned'
      readonly atMs: number
      readonly jobs: readonly PlannedEntry[]
      readonly upToDate: number
    }
  | {
      readonly type: 'started'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly pid: number | undefined
      readonly reason: Reason
      readonly log: string
    }
  | {
      readonly type: 'done'
      readonly atMs: number
      readonly job: string
      readonly seconds: number
      readonly attic?: string
    }
  | {
      readonly type: 'failed'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly seconds: number
      readonly cause: Cause
      readonly log: string
      /** ms until the next attempt; undefined when none is left. */
      readonly retryInMs: number | undefined
    }
  | { readonly type: 'cancelled'; readonly atMs: number; readonly job: string; readonly seconds: number }
  | { readonly type: 'blocked'; readonly atMs: number; readonly job: string; readonly by: string }
  | { readonly type: 'skipped'; readonly atMs: number; readonly job: string; readonly reason: Reason }
  | { readonly type: 'source-changed'; readonly atMs: number; readonly job: string; readonly path: string }
  | { readonly type: 'added'; readonly atMs: number; readonly jobs: readonly PlannedEntry[] }
  | {
      readonly type: 'adopted'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly startedMs: number
    }
  | { readonly type: 'stopping'; readonly atMs: number; readonly running: number; readonly because: 'asked' | 'failed' }
  | { readonly type: 'trouble'; readonly atMs: number; readonly message: string; readonly hint?: string }

/** A job as a board shows it before it runs. */
export interface PlannedEntry {
  readonly job: string
  readonly rule: string
  readonly batch: string | undefined
  readonly reason: Reason
  readonly pools: Readonly<Record<string, number>>
  readonly after: readonly string[]
  /** From past attempts of the rule; undefined without any. */
  readonly expectedSeconds: number | undefined
}
