import type { Links } from '../core/graph.ts'
import type { Estimate, JobStatus, LastAttempt, Rank, Retry } from '../model/board.ts'
import { assertNever, invariant } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { StaleReason, Verdict } from '../model/plan.ts'
import type { TargetHistory } from '../model/record.ts'
import type { Held } from './pools.ts'
import type { QueueEntry } from './queue.ts'

/** How a job ended, for now. `skipped`: when its turn came there was nothing to do, or no way to. */
export type Outcome = 'done' | 'skipped' | 'failed' | 'blocked' | 'cancelled' | 'held' | 'not-started'

export interface Tries {
  readonly retries: number
  readonly reruns: number
}

export const firstTry: Tries = { retries: 0, reruns: 0 }

/**
 * What an engine does with a job now:
 *
 *   resting ─▶ waiting ─▶ queued ─▶ running ─▶ ended
 *                            ▲         │
 *                            └ retrying ◀ (failed, retries left)
 *
 * resting: its verdict asks for nothing, or nobody does. waiting: stale, a prerequisite is on its way. From ended a new
 * plan or a person takes it back to resting or waiting.
 */
export type State =
  | { readonly status: 'resting' }
  | { readonly status: 'waiting'; readonly tries: Tries }
  | Standby
  | { readonly status: 'running'; readonly tries: Tries; readonly stoppedBy?: string }
  /** `before`: where one that is held stood, and stands again once it is released. */
  | {
      readonly status: 'ended'
      readonly outcome: Outcome
      readonly because?: string
      readonly before?: Standby | undefined
    }

/** Of most jobs most of the time: one for all. */
export const resting: State = { status: 'resting' }

/** Ready to start: at once, or when its retry is due, `dueMs` by the clock that nobody sets. `failedAt`: ISO 8601. */
export type Standby =
  | { readonly status: 'queued'; readonly tries: Tries }
  | {
      readonly status: 'retrying'
      readonly tries: Tries
      readonly retry: Retry
      readonly dueMs: number
      readonly failedAt: string
    }

/**
 * How the last attempt of this engine failed, or was stopped by a person. The journal says the same, unless it could not
 * be written or nothing was started.
 */
export interface Failure {
  readonly outcome: 'failed' | 'cancelled'
  readonly status: JobStatus
  /**
   * Digest of what it was to be made from: as long as that stays the same, a watch leaves it to a person to try again.
   * Undefined where it was not stopped by a person, but with labmake.
   */
  readonly ingredients: string | undefined
}

/** A job in the hands of an engine. */
export interface Entry extends QueueEntry {
  job: Job
  /** Of the graph that it is from. */
  links: Links
  verdict: Verdict
  chosen: boolean
  /** Of its sources when it was last planned: see PlannedJob. */
  sourceBytes: number | undefined
  /** In seconds, where its rule has a past, however short. */
  expectedSeconds: number | undefined
  /** Rises with each plan that knows of jobs that none knew before. */
  readonly came: number
  /** Once it waited until then, in ms, it goes before all that nobody spoke of; undefined if nobody waits for it. */
  dueMs: number | undefined
  estimate: Estimate | undefined
  rank: Rank
  /** Its pools have `-j` among them where that is limited. */
  pools: ReadonlyMap<string, number>
  /** What its attempt under way took, which its rule may ask for no more. */
  held: Held | undefined
  state: State
  /** The last one, whatever came after. */
  outcome: Outcome | undefined
  failure: Failure | undefined
  /** How often it was taken up in this life of the engine. */
  admissions: number
  /** How often a plan found it stale again since its batch last came to rest, for what no job of labmake did. */
  restless: number
  /** It is in no plan any more, and is forgotten when its attempt ends. */
  gone: boolean
}

/** Is it on its way to being made? */
export function isPending({ state }: Entry): boolean {
  return state.status !== 'resting' && state.status !== 'ended'
}

export function runningState({ state }: Entry): State & { status: 'running' } {
  invariant(state.status === 'running', 'a job whose attempt is under way is known to run')
  return state
}

export const triesOf = ({ state }: Entry): Tries => ('tries' in state ? state.tries : firstTry)

/** How a board shows a job that does not run; one that does tells of itself by events. */
export function statusOf(entry: Entry, history: TargetHistory, pendingBefore: string | undefined): JobStatus {
  const { state, verdict } = entry
  switch (state.status) {
    case 'resting':
      return restingStatus(verdict, history)
    case 'waiting':
      return { state: 'waiting', reason: { kind: 'prerequisite', job: pendingBefore ?? entry.id } }
    case 'queued':
    case 'running':
      return { state: 'queued', reason: staleReason(verdict) }
    case 'retrying': {
      const { retry, failedAt: at } = state
      return { state: 'queued', reason: { kind: 'failed-before', cause: retry.cause, at }, retry }
    }
    case 'ended':
      return endedStatus(entry, state, history)
    default:
      return assertNever(state)
  }
}

function endedStatus(
  { verdict, failure }: Entry,
  { outcome, because }: State & { status: 'ended' },
  history: TargetHistory,
): JobStatus {
  switch (outcome) {
    case 'failed':
      if (failure !== undefined) return failure.status
      if (history.failed === undefined) break
      return { state: 'failed', cause: history.failed.cause, last: lastOf(history.failed) }
    case 'cancelled':
      if (failure !== undefined) return failure.status
      if (history.stopped === undefined) break
      return { state: 'cancelled', by: history.stopped.by ?? '', last: lastOf(history.stopped) }
    case 'held': {
      const { by = '', at = '' } = history.held ?? {}
      return { state: 'held', by, atMs: Date.parse(at), reason: staleReason(verdict) }
    }
    case 'blocked':
      return { state: 'blocked', job: because ?? '' }
    case 'not-started':
      if (because === undefined) break
      return { state: 'waiting', reason: { kind: 'prerequisite', job: because } }
    case 'done':
    case 'skipped':
      break
  }
  return restingStatus(verdict, history)
}

function restingStatus(verdict: Verdict, { current }: TargetHistory): JobStatus {
  switch (verdict.state) {
    case 'up-to-date':
      return {
        state: 'done',
        last: current?.type === 'made' ? lastOf(current) : undefined,
        edited: verdict.edited?.path,
      }
    case 'waiting':
      return { state: 'waiting', reason: verdict.reason }
    case 'orphaned':
      return { state: 'orphaned', path: verdict.reason.path }
    case 'protected':
      return { state: 'protected', edited: verdict.edited.path, reason: verdict.reasons[0] }
    case 'stale':
      return { state: 'stale', reason: verdict.reasons[0] }
    default:
      return assertNever(verdict)
  }
}

function lastOf(record: { attempt: number; at: string; seconds: number; log: string }): LastAttempt {
  const { attempt, at, seconds, log } = record
  return { attempt, endedMs: Date.parse(at), seconds, log }
}

function staleReason(verdict: Verdict): StaleReason {
  if (verdict.state === 'stale' || verdict.state === 'protected') return verdict.reasons[0]
  return { kind: 'upstream', job: '' }
}

/** What a build that is over says of a job. One that waited for its retry when it was stopped has failed. */
export function outcomeOf({ state, outcome }: Entry): Outcome {
  if (state.status === 'retrying') return 'failed'
  if (state.status === 'ended') return state.outcome
  return state.status === 'resting' ? (outcome ?? 'skipped') : 'not-started'
}
