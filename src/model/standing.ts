import type { Fault } from './errors.ts'
import type { Cause } from './record.ts'

/** How the jobs that were asked for stand: what the end of a build says of a plan, and nothing more. */
export interface Standing {
  readonly upToDate: number
  /** Of those up to date, how many a person edited. */
  readonly edited: number
  readonly waiting: number
  readonly stale: number
  /** Ids of jobs whose targets a person edited, and that are stale. */
  readonly protected: readonly string[]
  readonly failed: readonly FailedJob[]
  /** Targets that are kept though what they were made from is gone, of all batches. */
  readonly orphaned: number
  readonly faults: readonly Fault[]
  /** There are no jobs at all, asked for or not. */
  readonly isEmpty: boolean
}

/** A job that is stale, and failed when it was last tried. */
export interface FailedJob {
  readonly id: string
  /** What `labmake log` takes for it. */
  readonly names: readonly string[]
  readonly cause: Cause
}

/** What an engine says of goals: see EngineFacade.standing. */
export interface StandingAnswer {
  readonly standing: Standing
  /** Why nothing of it is made now; undefined where something is. */
  readonly rest: string | undefined
}
