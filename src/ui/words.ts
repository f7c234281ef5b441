import type { Line } from '../core/line.ts'
import { pausedText, shortText } from '../core/poolText.ts'
import { briefCauseText, causeText, reasonText } from '../core/reasons.ts'
import { compareQueued } from '../core/schedule.ts'
import type { Board, BoardJob, JobStatus } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import { elapsed, ordinal, roughly } from './times.ts'

/** What a sentence about a job may rest on. */
export interface Facts {
  readonly board: Board
  readonly nowMs: number
  /** Slots in use by pool. */
  readonly used: ReadonlyMap<string, number>
  readonly line: Line
}

/** Why a job is as it is, and what that waits for: one plain sentence, the most binding cause first. */
export function whyText(job: BoardJob, facts: Facts): string {
  const { status } = job
  switch (status.state) {
    case 'waiting':
      return status.reason.kind === 'prerequisite'
        ? waitsForJob(job, status.reason.job, facts)
        : reasonText(status.reason)
    case 'queued':
      return queuedText(job, status, facts)
    case 'running':
      if (status.stoppedBy !== undefined) return `${status.stoppedBy} stopped it: it is being ended`
      if (status.hasEnded) return 'being put into place: its recipe has ended'
      return status.reason === undefined ? 'an earlier labmake started it, and it goes on' : reasonText(status.reason)
    case 'done':
      return status.edited === undefined ? 'up to date' : `up to date; ${status.edited} was edited since it was made`
    case 'failed':
      return briefCauseText(status.cause, status.last.seconds)
    case 'blocked':
      return blockedText(job, status.job, facts)
    case 'held':
      return `held by ${status.by} for ${elapsed((facts.nowMs - status.atMs) / 1000)}`
    case 'cancelled':
      return `stopped by ${status.by} after ${elapsed(status.last.seconds)}`
    case 'protected':
      return `${status.edited} was edited, and ${reasonText(status.reason)}`
    case 'stale':
      return reasonText(status.reason)
    case 'orphaned':
      return reasonText({ kind: 'orphaned', path: status.path })
    default:
      return assertNever(status)
  }
}

/** What a person may do about it; undefined where labmake goes on by itself. */
export function nextStepText({ status }: BoardJob): string | undefined {
  switch (status.state) {
    case 'failed':
    case 'cancelled':
      return 'r tries it again'
    case 'held':
      return 'h releases it'
    case 'protected':
      return 'R: keep the edited version, or make a new one'
    case 'stale':
      return 'r builds it'
    default:
      return undefined
  }
}

/** The name of another job, as short as it is clear: its rule, where it is of the same batch. */
function nameOf(id: string, beside: BoardJob, board: Board): string {
  const other = board.jobs.get(id)
  return other !== undefined && other.batch === beside.batch ? other.name : id
}

function waitsForJob(job: BoardJob, id: string, { board, nowMs }: Facts): string {
  const name = nameOf(id, job, board)
  const status = board.jobs.get(id)?.status
  if (status?.state === 'running')
    return `waits for ${name}, which runs since ${elapsed((nowMs - status.startedMs) / 1000)}`
  if (status?.state === 'queued') return `waits for ${name}, which is queued`
  return `waits for ${name}`
}

function queuedText(job: BoardJob, { retry }: JobStatus & { readonly state: 'queued' }, facts: Facts): string {
  const { board, nowMs, used } = facts
  if (board.engine.stopping) return 'the engine is ending: nothing more is started'
  if (retry !== undefined && retry.atMs > nowMs) {
    const when = elapsed((retry.atMs - nowMs) / 1000)
    return `retry in ${when} (${ordinal(retry.number)} of ${retry.of}): ${causeText(retry.cause)}`
  }
  const paused = pausedText(job, board.pools)
  if (paused !== undefined) return paused
  const short = shortText(job, board.pools, used)
  const place = facts.line.place.get(job.id)
  const seconds = facts.line.startsInSeconds.get(job.id)
  const rest = [
    place === undefined ? '' : place === 1 ? 'next in line' : `${ordinal(place)} in line`,
    seconds === undefined ? '' : `about ${roughly(seconds)}`,
  ].filter((text) => text !== '')
  // It is played to the second, and told to the minute.
  const isNext = place === undefined || place === 1 || (seconds !== undefined && seconds < 1)
  if (short === undefined) return isNext ? nextText(job, facts) : rest.join(', ')
  return [short, ...rest].join(', ')
}

/** Of one that nothing is in the way of but who waits for longer and needs more. */
function nextText(job: BoardJob, { board, line }: Facts): string {
  for (const pool in job.pools) {
    const ahead = board.jobs.get(line.keptFor.get(pool) ?? '')
    if (ahead?.status.state !== 'queued' || compareQueued(ahead, job) >= 0) continue
    return `${pool} is kept for ${nameOf(ahead.id, job, board)}, which needs more of it than is free`
  }
  return 'about to start'
}

/** What stands in the way, and why that does: the chain is followed to what a person can mend. */
function blockedText(job: BoardJob, id: string, { board }: Facts): string {
  const seen = new Set([job.id])
  let cause = id
  for (;;) {
    const status = board.jobs.get(cause)?.status
    if (status?.state !== 'blocked' || seen.has(cause)) break
    seen.add(cause)
    cause = status.job
  }
  const name = nameOf(cause, job, board)
  const status = board.jobs.get(cause)?.status
  switch (status?.state) {
    case 'failed':
      return `${name} failed: ${briefCauseText(status.cause, status.last.seconds)}`
    case 'held':
      return `${name} is held by ${status.by}`
    case 'cancelled':
      return `${name} was stopped by ${status.by}`
    case 'protected':
      return `${name} is protected: ${status.edited} was edited`
    default:
      return `${name} was not made`
  }
}
