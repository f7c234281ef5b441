import { ingredientsDigest } from '../core/provenance.ts'
import { verdictReason } from '../core/reasons.ts'
import { backoffMs } from '../core/schedule.ts'
import type { AttemptState } from '../model/attempt.ts'
import type { JobStatus, LastAttempt } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Job } from '../model/job.ts'
import type { Verdict } from '../model/plan.ts'
import type { DiskFault, Exit } from '../model/ports.ts'
import type { Cause } from '../model/record.ts'
import { ingredientsNow } from './asOfNow.ts'
import {
  type AttemptEnd,
  changedSource,
  diskCause,
  recordFailure,
  type StartedAttempt,
  settleAttempt,
} from './attempt.ts'
import type { JobBook } from './book.ts'
import { type Entry, runningState, triesOf } from './entry.ts'
import { retriesOf } from './failures.ts'
import type { Ports } from './ports.ts'
import type { Room } from './room.ts'

/** A source may change under a running recipe once; the second time the recipe itself is the likely cause. */
const maxReruns = 1

export interface ConclusionsOptions {
  readonly ports: Ports
  readonly book: JobBook
  readonly room: Room
  readonly tell: (event: EngineEvent) => void
  readonly now: () => number
  /** An attempt ended; undefined is no batch. */
  readonly changedBy: (batch: string | undefined) => void
  /** A job failed for good. */
  readonly onFailure: () => void
  readonly isStopping: () => boolean
  /** May what was made stay where it is until there is room for it? */
  readonly mayWaitForRoom: () => boolean
  /** Who runs it: what a stopped build says of its jobs. */
  readonly user: string
}

/** What becomes of a job whose recipe has ended, or never began: in the journal, in the book, and to who listens. */
export class Conclusions {
  private readonly options: ConclusionsOptions

  constructor(options: ConclusionsOptions) {
    this.options = options
  }

  /** Commits what the recipe made or puts it aside, says so in the journal, and to who hangs on it. `job`: as it was started. */
  async conclude(entry: Entry, job: Job, attempt: StartedAttempt, exit: Exit): Promise<void> {
    const end = await this.settle(attempt, exit, runningState(entry).stoppedBy)
    if (end === undefined) return
    const ingredients = ingredientsDigest(attempt.state.before)
    switch (end.status) {
      case 'cancelled': {
        const last = this.tellEnd(entry.id, end)
        const status: JobStatus = { state: 'cancelled', by: this.stopperOf(end), last }
        entry.failure = { outcome: 'cancelled', status, ingredients: end.by === undefined ? undefined : ingredients }
        this.options.book.end(entry, 'cancelled')
        break
      }
      case 'failed':
        this.failed(entry, { ...end, ingredients })
        break
      case 'made':
        await this.made(entry, job, attempt.state, end)
        break
      default:
        assertNever(end)
    }
    // Also after a failure: the rule or a param may have changed while it ran.
    this.options.changedBy(entry.batch)
  }

  /** The same of a job that this engine does not know, of this batch. */
  async concludeStranger(attempt: StartedAttempt, exit: Exit, batch: string | undefined): Promise<void> {
    const end = await this.settle(attempt, exit)
    if (end === undefined) return
    this.tellEnd(attempt.state.job, end)
    this.options.changedBy(batch)
  }

  /** Undefined where there was no room for it to the end: the next labmake settles it. */
  private async settle({ state }: StartedAttempt, exit: Exit, stopper?: string): Promise<AttemptEnd | undefined> {
    const { ports, tell, now, room, mayWaitForRoom } = this.options
    let end = await settleAttempt(state, exit, ports, stopper)
    while (end.status === 'no-room') {
      room.takes(end.fault)
      if (!mayWaitForRoom() || !(await room.wait())) return undefined
      end = await settleAttempt(state, exit, ports, stopper)
    }
    if (end.status === 'made') room.found()
    if (end.trouble !== undefined) tell({ type: 'trouble', atMs: now(), message: end.trouble })
    return end
  }

  private async made(entry: Entry, job: Job, state: AttemptState, end: AttemptEnd): Promise<void> {
    const { ports, book, tell, now } = this.options
    this.tellEnd(job.id, end)
    const path = changedSource(job, state, entry.links.ignoreOf, ports)
    if (path === undefined) return book.end(entry, 'done')
    tell({ type: 'source-changed', atMs: now(), job: job.id, path })
    const { reruns } = triesOf(entry)
    if (reruns < maxReruns) {
      entry.verdict = { state: 'stale', reasons: [{ kind: 'source-changed', path }] }
      return book.again(entry, { status: 'queued', tries: { retries: 0, reruns: reruns + 1 } })
    }
    const { attempt, seconds, log } = end
    const cause: Cause = { kind: 'unstable-source', path }
    const ingredients = ingredientsNow(entry, ports.disk)
    // The target stands, but a person has to see what is wrong after this labmake too.
    await recordFailure(state, cause, { attempt, seconds, log, ingredients }, ports)
    this.failed(entry, { cause, attempt, seconds, log, ingredients })
  }

  /** It could not be started, and not for want of room. */
  neverBegan(entry: Entry, fault: DiskFault): void {
    const ingredients = ingredientsNow(entry, this.options.ports.disk)
    this.failed(entry, { cause: diskCause(fault), attempt: 0, seconds: 0, log: '', ingredients })
    this.options.changedBy(entry.batch)
  }

  private failed(entry: Entry, end: FailedEnd): void {
    const { book, ports, tell, now, isStopping, onFailure } = this.options
    const { rule } = entry.job
    const { cause, attempt, seconds, log, ingredients } = end
    const { tries, stoppedBy } = runningState(entry)
    const number = tries.retries + 1
    const of = retriesOf(rule, cause)
    const isRetried = number <= of && stoppedBy === undefined && !isStopping() && !entry.gone
    const retryInMs = isRetried ? backoffMs(rule.backoffMs, number + 1, ports.clock.random()) : undefined
    const retry = isRetried ? { retry: { number, of } } : {}
    const atMs = now()
    tell({ type: 'failed', atMs, job: entry.id, cause, attempt, seconds, log, retryInMs, ...retry })
    const last: LastAttempt = { attempt, endedMs: atMs, seconds, log }
    entry.failure = { outcome: 'failed', status: { state: 'failed', cause, last }, ingredients }
    if (retryInMs === undefined) {
      book.end(entry, 'failed')
      onFailure()
      return
    }
    book.again(entry, {
      status: 'retrying',
      tries: { ...tries, retries: number },
      retry: { atMs: atMs + retryInMs, cause, number, of },
      dueMs: ports.clock.steadyMs() + retryInMs,
      failedAt: new Date(atMs).toISOString(),
    })
  }

  /** It need not run, or cannot. */
  skip(entry: Entry, verdict: Verdict): void {
    const { book, tell, now } = this.options
    entry.verdict = verdict
    const waits = verdict.state === 'waiting' || verdict.state === 'orphaned'
    book.end(entry, waits ? 'not-started' : 'skipped', () => {
      const status = book.statusOf(entry)
      tell({ type: 'skipped', atMs: now(), job: entry.id, reason: verdictReason(verdict), status })
    })
  }

  /** Tells of the end of an attempt that left nothing to be decided about. */
  tellEnd(job: string, end: AttemptEnd): LastAttempt {
    const { tell, now } = this.options
    const { attempt, seconds, log } = end
    const base = { atMs: now(), job, attempt, seconds, log }
    if (end.status === 'cancelled') tell({ type: 'cancelled', ...base, by: this.stopperOf(end) })
    else if (end.status === 'failed') tell({ type: 'failed', ...base, cause: end.cause, retryInMs: undefined })
    else tell({ type: 'done', ...base, ...(end.attic === undefined ? {} : { attic: end.attic }) })
    return { attempt, endedMs: base.atMs, seconds, log }
  }

  private stopperOf({ by }: AttemptEnd & { status: 'cancelled' }): string {
    return by ?? this.options.user
  }
}

interface FailedEnd {
  readonly cause: Cause
  readonly attempt: number
  readonly seconds: number
  readonly log: string
  readonly ingredients: string
}
