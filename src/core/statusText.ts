import type { JobStatus } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import { formatSeconds } from './durations.ts'
import { fullCauseText, reasonText } from './reasons.ts'

/** Why a job stands as it does: a word for programs, and a sentence without its full stop for people. */
export function statusReason(status: JobStatus): { readonly kind: string; readonly text: string } {
  switch (status.state) {
    case 'waiting':
    case 'stale':
      return { kind: status.reason.kind, text: reasonText(status.reason) }
    case 'queued': {
      const { retry, reason } = status
      if (retry === undefined) return { kind: reason.kind, text: reasonText(reason) }
      return { kind: 'retry', text: `${fullCauseText(retry.cause)}; retry ${retry.number} of ${retry.of} to come` }
    }
    case 'running': {
      const { reason, stoppedBy } = status
      if (stoppedBy !== undefined) return { kind: 'stopping', text: `being ended, as ${stoppedBy} asked` }
      return reason === undefined
        ? { kind: 'adopted', text: 'started by an earlier labmake and taken over' }
        : { kind: reason.kind, text: reasonText(reason) }
    }
    case 'done':
      return status.edited === undefined
        ? { kind: 'up-to-date', text: 'up to date' }
        : { kind: 'edited', text: reasonText({ kind: 'edited', path: status.edited }) }
    case 'failed':
      return { kind: 'failed-before', text: `the last attempt failed: ${fullCauseText(status.cause)}` }
    case 'blocked':
      return { kind: 'blocked', text: `${status.job} failed` }
    case 'held':
      return { kind: 'held', text: `held by ${status.by}: ${reasonText(status.reason)}` }
    case 'cancelled': {
      const { by, last } = status
      return { kind: 'cancelled', text: `stopped by ${by} after ${formatSeconds(last.seconds)}` }
    }
    case 'protected':
      return { kind: 'edited', text: reasonText({ kind: 'edited', path: status.edited }) }
    case 'orphaned':
      return { kind: 'orphaned', text: reasonText({ kind: 'orphaned', path: status.path }) }
    default:
      return assertNever(status)
  }
}
