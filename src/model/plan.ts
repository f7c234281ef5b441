import type { Fault } from './errors.ts'
import type { Job } from './job.ts'
import type { Cause } from './record.ts'

/** Why a target is stale. Text is made of it in core/reasons. */
export type StaleReason =
  | { readonly kind: 'rebuild'; readonly by: string }
  | { readonly kind: 'failed-before'; readonly cause: Cause; readonly at: string }
  | { readonly kind: 'target-missing'; readonly path: string }
  | { readonly kind: 'source-newer'; readonly path: string; readonly target: string }
  | { readonly kind: 'source-changed' | 'source-added' | 'source-removed' | 'uses-changed'; readonly path: string }
  | { readonly kind: 'recipe-changed'; readonly before: string; readonly after: string }
  | {
      readonly kind: 'param-changed'
      readonly name: string
      readonly before: string
      readonly after: string
    }
  | { readonly kind: 'upstream'; readonly job: string }

/** Why a job cannot run yet. */
export type WaitReason =
  | { readonly kind: 'no-source'; readonly path: string; readonly state: 'missing' | 'empty' | 'no match' }
  | { readonly kind: 'no-param'; readonly name: string }
  | { readonly kind: 'row-refused'; readonly where: string; readonly message: string }
  | { readonly kind: 'prerequisite'; readonly job: string }
  | { readonly kind: 'unreadable'; readonly problem: string }

/** Something in the target is not as the recipe left it. */
export interface EditedReason {
  readonly kind: 'edited'
  readonly path: string
}

export interface UpToDateReason {
  readonly kind: 'up-to-date'
}

export interface OrphanedReason {
  readonly kind: 'orphaned'
  readonly path: string
}

export interface BlockedReason {
  readonly kind: 'blocked'
  readonly job: string
}

export type Reason = StaleReason | WaitReason | EditedReason | UpToDateReason | OrphanedReason | BlockedReason

/** Is a job's target up to date, and why not. The first reason is the one to show. */
export type Verdict =
  | { readonly state: 'waiting'; readonly reason: WaitReason }
  | { readonly state: 'orphaned'; readonly reason: OrphanedReason }
  /** `absent`: an intermediate that a person deleted, and that nothing needs now. */
  | { readonly state: 'up-to-date'; readonly edited: EditedReason | undefined; readonly absent: boolean }
  | { readonly state: 'stale'; readonly reasons: readonly [StaleReason, ...StaleReason[]] }
  /** Edited by a person and stale: never overwritten unasked. */
  | {
      readonly state: 'protected'
      readonly edited: EditedReason
      readonly reasons: readonly [StaleReason, ...StaleReason[]]
    }

export interface PlannedJob {
  readonly job: Job
  readonly verdict: Verdict
  /** Of all that a stale job reads; undefined for others, and where a source is yet to be made. */
  readonly sourceBytes: number | undefined
}

/** A target on disk that no rule's source leads to any more. */
export interface Orphan {
  readonly target: string
  readonly rule: string
  readonly batch: string | undefined
}

/** The verdicts of all jobs, prerequisites before what needs them. */
export interface Plan {
  readonly jobs: readonly PlannedJob[]
  readonly byId: ReadonlyMap<string, PlannedJob>
  readonly orphaned: readonly Orphan[]
  readonly errors: readonly Fault[]
  /** Worth a word, but nothing is refused: a source dated in the future. */
  readonly warnings: readonly Fault[]
}
