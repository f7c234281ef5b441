import type { Notice, Outbox, Unsent } from '../model/notice.ts'

/** The first wait after a failure: a server that is being restarted is there again. */
export const firstRetryMs = 15_000
/** Waits double up to this: what is down for hours is not down less for being asked more often. */
export const longestRetryMs = 3_600_000
/** A notice of yesterday helps nobody. With the waits above this is about 30 tries. */
export const unsentForMs = 86_400_000
/** A day's worth, when every kind of notice comes every hour; above that the oldest goes. */
export const unsentLimit = 100

const emptyOutbox: Outbox = { unsent: [], failures: 0, notBeforeMs: 0, lost: 0 }

interface Given {
  readonly outbox: Outbox
  /** Notices that will not be sent any more. */
  readonly givenUp: readonly Notice[]
}

export function enqueue(before: Outbox | undefined, notice: Notice, nowMs: number): Given {
  const outbox = before ?? emptyOutbox
  const unsent = [...outbox.unsent, { notice, sinceMs: nowMs, sending: false }]
  if (unsent.length <= unsentLimit) return { outbox: { ...outbox, unsent }, givenUp: [] }
  // The one that is on its way stays: what comes of it is about the first.
  const goes = unsent[0]!.sending ? 1 : 0
  const givenUp = unsent[goes]!.notice
  return { outbox: { ...outbox, unsent: unsent.toSpliced(goes, 1), lost: outbox.lost + 1 }, givenUp: [givenUp] }
}

/** When the first of the outbox may be sent; undefined if there is none, or it is on its way. */
export function dueMs(outbox: Outbox, nowMs: number): number | undefined {
  const first = outbox.unsent[0]
  if (first === undefined || first.sending) return undefined
  // A clock that was set back must not make it wait for ever.
  return outbox.notBeforeMs > nowMs + longestRetryMs ? nowMs : outbox.notBeforeMs
}

/** The first is on its way. */
export function withSending(outbox: Outbox): Outbox {
  const [first, ...rest] = outbox.unsent
  return first === undefined ? outbox : { ...outbox, unsent: [{ ...first, sending: true }, ...rest] }
}

/** The first was sent. */
export function afterSent(outbox: Outbox): Outbox {
  return { ...emptyOutbox, unsent: outbox.unsent.slice(1) }
}

/** The first could not be sent: it is tried again later, or given up. */
export function afterFailure(
  outbox: Outbox,
  nowMs: number,
  retryInMs: number | undefined,
): Given & { retryMs: number } {
  const failures = outbox.failures + 1
  const waitMs = Math.min(longestRetryMs, Math.max(firstRetryMs * 2 ** Math.min(failures - 1, 20), retryInMs ?? 0))
  const old = (unsent: Unsent) => nowMs - unsent.sinceMs >= unsentForMs
  const givenUp = outbox.unsent.filter(old).map((unsent) => unsent.notice)
  const unsent = outbox.unsent.filter((u) => !old(u)).map((u) => ({ ...u, sending: false }))
  const lost = outbox.lost + givenUp.length
  return { outbox: { unsent, failures, notBeforeMs: nowMs + waitMs, lost }, givenUp, retryMs: waitMs }
}

/**
 * The outbox of an engine that ended, without what is too old. What was on its way when the engine was killed may have
 * arrived: it is not sent twice, and the next notice says that one may be missing.
 */
export function afterRestart(outbox: Outbox, nowMs: number): Given {
  const stays = (u: Unsent) => !u.sending && nowMs - u.sinceMs < unsentForMs
  const givenUp = outbox.unsent.filter((u) => !stays(u)).map((u) => u.notice)
  return { outbox: { ...outbox, unsent: outbox.unsent.filter(stays), lost: outbox.lost + givenUp.length }, givenUp }
}
