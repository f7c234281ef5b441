import type { Fault } from './errors.ts'
import type { Reason, StaleReason, WaitReason } from './plan.ts'
import type { Cause } from './record.ts'
import type { PoolUnit } from './rule.ts'

/** Where a job stands. Times are ms since the epoch. */
export type JobStatus =
  /** For a source, a param or a prerequisite. */
  | { readonly state: 'waiting'; readonly reason: WaitReason | { readonly kind: 'prerequisite'; readonly job: string } }
  /** Ready, and short of slots; or, with `retryAtMs`, until its next attempt is due. */
  | { readonly state: 'queued'; readonly reason: StaleReason; readonly retry?: Retry }
  | {
      readonly state: 'running'
      readonly reason: Reason | undefined
      readonly attempt: number
      readonly startedMs: number
      readonly pid: number | undefined
      readonly log: string
      /** Who asked for it to be stopped; it is being ended. */
      readonly stoppedBy?: string
      /** Its recipe has ended and its slots are free; what it made is being put into place. */
      readonly hasEnded?: boolean
    }
  /** Up to date. `last` is the attempt that made it, where the journal knows. */
  | { readonly state: 'done'; readonly last: LastAttempt | undefined; readonly edited: string | undefined }
  | { readonly state: 'failed'; readonly cause: Cause; readonly last: LastAttempt }
  /** `job` failed, which it needs, be it through others. What needs a job that is held or was stopped waits. */
  | { readonly state: 'blocked'; readonly job: string }
  | { readonly state: 'held'; readonly by: string; readonly atMs: number; readonly reason: StaleReason }
  /** A person stopped it; it stays so until a person says retry, or what it is made from changes. */
  | { readonly state: 'cancelled'; readonly by: string; readonly last: LastAttempt }
  /** Edited and stale: never overwritten unasked. */
  | { readonly state: 'protected'; readonly edited: string; readonly reason: StaleReason }
  /** Stale, and nobody asked for it in this build. */
  | { readonly state: 'stale'; readonly reason: StaleReason }
  | { readonly state: 'orphaned'; readonly path: string }

export type JobState = JobStatus['state']

/** An attempt that failed with retries left: when the next one is due, and which retry of how many it is. */
export interface Retry {
  readonly atMs: number
  readonly cause: Cause
  readonly number: number
  readonly of: number
}

export interface LastAttempt {
  readonly attempt: number
  readonly endedMs: number
  readonly seconds: number
  /** Relative to the workspace; empty if it never came to a log. */
  readonly log: string
}

/** How long a job is expected to take, in seconds, from past attempts of its rule: median and 10-90 % range of `runs` of them. */
export interface Estimate {
  readonly seconds: number
  readonly low: number
  readonly high: number
  readonly runs: number
}

/** What decides the order of two jobs, most important first; of each the higher one starts sooner. */
export interface Rank {
  /** A person's say: 0 unless somebody said first or later. */
  readonly say: number
  readonly priority: number
  /** What lets the whole queue end soonest, from past durations: see core/order. Means nothing by itself. */
  readonly order: number
}

/** One job as every client draws it. */
export interface BoardJob {
  readonly id: string
  readonly rule: string
  /** Undefined for a rule without {batch}. */
  readonly batch: string | undefined
  /** What tells it from the others of its batch: `phy`, or `phy/left`. */
  readonly name: string
  readonly params: Readonly<Record<string, string>>
  /** Slots of each, or bytes, as the pool counts now. */
  readonly pools: Readonly<Record<string, number>>
  readonly prerequisites: readonly string[]
  /** Undefined where the rule has too little of a past. */
  readonly estimate: Estimate | undefined
  readonly rank: Rank
  readonly status: JobStatus
}

export interface BoardPool {
  readonly name: string
  readonly slots: number
  /** Slots that the rule files give it; differs from `slots` where a person changed them until the engine ends. */
  readonly declared: number
  readonly counts: PoolUnit
  /** Who paused it: nothing that needs it is started. */
  readonly pausedBy: string | undefined
  /** As of the last look, where its slots are counted over all workspaces of the host. */
  readonly shared?: SharedUse
}

export interface SharedUse {
  readonly usedByOthers: number
  /** Who has those slots. */
  readonly holders: readonly { readonly user: string; readonly root: string; readonly slots: number }[]
  /** What is wrong with it, and what to do. */
  readonly note?: string
}

/** Something in the inbox. */
export interface Drop {
  /** Its name in `inbox/`, or in `inbox/rejected/` for one that was refused. */
  readonly name: string
  readonly files: number
  readonly bytes: number
  readonly state: DropState
}

/**
 * `arriving`: it grows, or holds temporary names. `settling`: still, until the quiet window is over. Times are ms; `stillMs` is
 * as of when this was told, and `sinceMs` since when that is, so that a clock can go on.
 */
export type DropState =
  | { readonly kind: 'arriving'; readonly why: string; readonly sinceMs: number }
  | { readonly kind: 'settling'; readonly stillMs: number; readonly quietMs: number; readonly sinceMs?: number }
  /** Nothing came for so long that the copy may have died; or it is whole, and a fault of the disk keeps it back. */
  | {
      readonly kind: 'stalled'
      readonly because: 'silence' | 'disk'
      readonly why: string
      readonly stillMs: number
      readonly sinceMs?: number
    }
  /** Being checked, moved or compared. */
  | { readonly kind: 'taking' }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string | undefined; readonly atMs: number }
  /** Another one of that name, with other content, is here already. */
  | { readonly kind: 'conflict'; readonly why: string; readonly with: string; readonly atMs: number }

/** A file or folder that no rule's source leads to any more. */
export interface BoardOrphan {
  readonly target: string
  readonly batch: string | undefined
}

export interface BoardEngine {
  readonly pid: number
  readonly user: string
  readonly host: string
  readonly startedMs: number
  readonly version: string
  /** `watch` stays and looks after the inbox; `build` ends when what was asked for is done. */
  readonly mode: 'watch' | 'build'
  /** The workspace's folder. */
  readonly root: string
  readonly stopping: boolean
}

/** All that a client shows. Every change of it is an event: core/board. */
export interface Board {
  readonly engine: BoardEngine
  /** By id, in no order that means anything. */
  readonly jobs: ReadonlyMap<string, BoardJob>
  readonly pools: ReadonlyMap<string, BoardPool>
  /** Rules in order of declaration. */
  readonly rules: readonly string[]
  readonly drops: ReadonlyMap<string, Drop>
  readonly orphans: readonly BoardOrphan[]
  /** Of rule files, manifests, names: each leaves out what it concerns. */
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
  /** How long a drop must be still before it is taken. */
  readonly quietMs: number
}
