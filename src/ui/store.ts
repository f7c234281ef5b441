import { nextBoard } from '../core/board.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { MemoryAdvice } from '../model/advice.ts'
import type { Board } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import { UserError } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Reading } from '../model/facade.ts'
import type { JournalRecord } from '../model/record.ts'
import type { Timers } from './timers.ts'
import type { Link, View } from './view.ts'

/** An engine to look at, as cli introduces it. */
export interface EngineLink {
  /**
   * Joins the engine, and tells what it hears until `signal` is aborted or the engine is gone. Resolves then, with a
   * sentence why it is gone, where that is known. Rejects if it could not join: the message is shown, and tried again.
   */
  follow(hearer: EngineHearer, signal: AbortSignal): Promise<string | undefined>
  /** Rejects with a message for the person if the engine did not answer, or refused. */
  act(action: Action): Promise<ActionResult>
  /** Undefined if there is no such job. Rejects as act. */
  detail(job: string): Promise<JobDetail | undefined>
  /** What past attempts say of the pools. Rejects as act. */
  advice(): Promise<readonly MemoryAdvice[]>
  /** The last records of the journal, newest last. Rejects as act. */
  history(): Promise<readonly JournalRecord[]>
}

export interface EngineHearer {
  /** It has begun, and has no board yet. */
  reading(reading: Reading): void
  /** At first, and again after a gap. The board belongs to the hearer. */
  board(board: Board): void
  /** What happened since, in order: as many as came at once. */
  events(events: readonly EngineEvent[]): void
}

/** What the engine said, kept for drawing. A board may change in place: `version` says that it did. */
export interface Store {
  /** Joins the engine, and goes on trying. */
  start(): void
  known(): Known
  act(action: Action): Promise<ActionResult>
  /** Asks for it in a moment: a selection that runs down a list asks for the last one only. */
  loadDetail(job: string): void
  loadHistory(): void
  loadAdvice(): void
  stop(): void
}

export type Known = Pick<View, 'link' | 'board' | 'version' | 'jobsVersion' | 'details' | 'history' | 'advice'>

export interface StoreOptions {
  readonly link: EngineLink
  readonly timers: Timers
  /** `known` has something new. */
  readonly changed: () => void
  /** Each event, once the board holds it. */
  readonly heard: (event: EngineEvent) => void
  /** A question was not answered. */
  readonly failed: (problem: string) => void
}

/** ms until an engine that is gone is tried again, and what the wait doubles up to. */
const firstRetryMs = 1000
const longestRetryMs = 10_000
/** Slower than keys repeat, quicker than a person waits for. */
const detailRestMs = 80
/** As many as a person looks at and comes back to. */
const detailsKept = 100

export function engineStore({ link, timers, changed, heard, failed }: StoreOptions): Store {
  const stopped = new AbortController()
  let state: Link = { state: 'joining', sinceMs: timers.now() }
  let board: Board | undefined
  let version = 0
  let jobsVersion = 0
  let details: ReadonlyMap<string, JobDetail> = new Map()
  let history: readonly JournalRecord[] | undefined
  let advice: readonly MemoryAdvice[] = []
  let retryMs = firstRetryMs
  let stopRetry = () => {}
  let stopRest = () => {}

  const hearer: EngineHearer = {
    reading(reading) {
      if (state.state !== 'joining') return
      state = { ...state, reading }
      version++
      changed()
    },
    board(whole) {
      board = whole
      state = { state: 'alive' }
      retryMs = firstRetryMs
      version++
      jobsVersion++
      changed()
    },
    events(events) {
      for (const event of events) {
        if (board === undefined) return
        board = nextBoard(board, event)
        if (concernsJobs(event)) jobsVersion++
        heard(event)
      }
      version++
      changed()
    },
  }
  const gone = (why: string | undefined, hint?: string) => {
    if (stopped.signal.aborted) return
    // It stays gone since it was first missed, however often it is tried.
    state = { state: 'gone', sinceMs: state.state === 'gone' ? state.sinceMs : timers.now(), why, hint }
    version++
    changed()
    stopRetry = timers.startTimer(retryMs, join)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
  const join = () => {
    // Its end is told to `gone` in every case.
    void link.follow(hearer, stopped.signal).then(
      (why) => gone(why),
      (error: unknown) => gone(messageOf(error), error instanceof UserError ? error.hint : undefined),
    )
  }
  /** Nobody is told of a question to an engine that is known to be gone. */
  const unanswered = (error: unknown) => {
    if (state.state === 'alive' && !stopped.signal.aborted) failed(messageOf(error))
  }
  const keep = (job: string, detail: JobDetail | undefined) => {
    const kept = new Map(details)
    kept.delete(job)
    if (detail !== undefined) kept.set(job, detail)
    if (kept.size > detailsKept) kept.delete(kept.keys().next().value!)
    details = kept
    changed()
  }
  return {
    start: join,
    known: () => ({ link: state, board, version, jobsVersion, details, history, advice }),
    act: (action) => link.act(action),
    loadDetail(job) {
      stopRest()
      stopRest = timers.startTimer(detailRestMs, () => {
        link.detail(job).then((detail) => keep(job, detail), unanswered)
      })
    },
    loadHistory() {
      link.history().then((records) => {
        history = records
        changed()
      }, unanswered)
    },
    loadAdvice() {
      link.advice().then((all) => {
        advice = all
        changed()
      }, unanswered)
    },
    stop() {
      stopped.abort()
      stopRetry()
      stopRest()
    },
  }
}

/** Does it change jobs, pools or rules, so that rows are to be sorted anew? */
function concernsJobs(event: EngineEvent): boolean {
  switch (event.type) {
    case 'drop':
    case 'taken':
    case 'same':
    case 'withdrawn':
    case 'acted':
    case 'idle':
    case 'stopping':
    case 'trouble':
      return false
    default:
      return true
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
