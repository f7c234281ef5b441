import type { Action } from './action.ts'
import type { BoardJob, BoardOrphan, BoardPool, Drop, Estimate, JobStatus, Rank } from './board.ts'
import type { Fault } from './errors.ts'
import type { Reason } from './plan.ts'
import type { Cause } from './record.ts'

/** What happens in an engine, in order. Times are ms since the epoch. core/board makes the board of it. */
export type EngineEvent =
  | PlannedEvent
  | JobEvent
  /** States that changed without anything worth telling: a job was queued, its turn in the queue is another. */
  | { readonly type: 'changed'; readonly atMs: number; readonly jobs: readonly ChangedJob[] }
  | { readonly type: 'pool'; readonly atMs: number; readonly pool: BoardPool }
  | {
      readonly type: 'acted'
      readonly atMs: number
      readonly by: string
      readonly action: Action
      readonly text: string
    }
  | DropEvent
  /** Nothing runs and nothing is queued any more. */
  | { readonly type: 'idle'; readonly atMs: number }
  /** Nothing more is started. `left`: what runs goes on for the next labmake. */
  | {
      readonly type: 'stopping'
      readonly atMs: number
      readonly running: number
      readonly because: 'asked' | 'failed' | 'left'
    }
  | { readonly type: 'trouble'; readonly atMs: number; readonly message: string; readonly hint?: string }

/** A plan was made, of everything or of the batches that a change touches. Only what differs from the board is in it. */
export interface PlannedEvent {
  readonly type: 'planned'
  readonly atMs: number
  readonly jobs: readonly BoardJob[]
  /** Ids of jobs that are no more. */
  readonly removed: readonly string[]
  readonly rules: readonly string[]
  readonly pools: readonly BoardPool[]
  readonly orphans: readonly BoardOrphan[]
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
  readonly quietMs: number
}

export interface ChangedJob {
  readonly job: string
  readonly status: JobStatus
  /** Where it is another one. */
  readonly rank?: Rank
  readonly estimate?: Estimate
}

/** What became of a job. */
export type JobEvent =
  | {
      readonly type: 'started'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly pid: number | undefined
      readonly reason: Reason
      readonly log: string
    }
  /** An earlier labmake started it; it still runs. */
  | {
      readonly type: 'adopted'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly pid: number | undefined
      readonly startedMs: number
      readonly log: string
      /** What it has of them, whatever its rule asks for now. */
      readonly pools: Readonly<Record<string, number>>
    }
  | {
      readonly type: 'done'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly seconds: number
      readonly log: string
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
      /** Which retry that is, of how many. */
      readonly retry?: { readonly number: number; readonly of: number }
    }
  | {
      readonly type: 'cancelled'
      readonly atMs: number
      readonly job: string
      readonly attempt: number
      readonly seconds: number
      readonly log: string
      readonly by: string
    }
  | { readonly type: 'blocked'; readonly atMs: number; readonly job: string; readonly by: string }
  /** When its turn came there was nothing to do, or no way to. */
  | {
      readonly type: 'skipped'
      readonly atMs: number
      readonly job: string
      readonly reason: Reason
      readonly status: JobStatus
    }
  /** A source changed while the recipe ran: it runs once more. */
  | { readonly type: 'source-changed'; readonly atMs: number; readonly job: string; readonly path: string }

export type DropEvent =
  /** Something in the inbox, as it stands now. `was`: its name until now, where it had to be put aside under another. */
  | { readonly type: 'drop'; readonly atMs: number; readonly drop: Drop; readonly was?: string }
  /** It is where it belongs: `stored` are the paths that it was stored at. */
  | {
      readonly type: 'taken'
      readonly atMs: number
      readonly drop: string
      readonly stored: readonly string[]
      readonly files: number
      readonly bytes: number
    }
  /** The very same is here already; the second one lies in the attic. */
  | {
      readonly type: 'same'
      readonly atMs: number
      readonly drop: string
      readonly as: readonly string[]
      readonly attic: string
    }
  /** Somebody took it out of the inbox again. */
  | { readonly type: 'withdrawn'; readonly atMs: number; readonly drop: string }
