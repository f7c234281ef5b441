import type { PastAttempt } from '../model/detail.ts'
import type { ActionRecord, FailedRecord, JournalRecord, TargetHistory, TargetRecord } from '../model/record.ts'

/** What is known of a target that the journal does not name. */
export const noHistory: TargetHistory = {
  current: undefined,
  failed: undefined,
  failures: 0,
  stopped: undefined,
  stopping: undefined,
  rebuild: undefined,
  wanted: undefined,
  held: undefined,
  attempts: 0,
}

/** What is known of all targets, by the first target of their jobs. */
export interface Histories {
  get(target: string): TargetHistory | undefined
  set(target: string, history: TargetHistory): void
}

/** Takes a record into what is known of all targets. */
export function remember(targets: Histories, record: JournalRecord): void {
  const known = (target: string) => targets.get(target) ?? noHistory
  switch (record.type) {
    case 'drop':
      return
    case 'action':
      for (const target of record.targets) targets.set(target, afterAction(known(target), record))
      return
    default:
      targets.set(record.target, nextHistory(known(record.target), record))
  }
}

/** A person looks back this far, and no further. */
const attemptsKept = 20

/** Takes a record into the past attempts of all targets. */
export function rememberAttempt(attempts: Map<string, PastAttempt[]>, record: JournalRecord): void {
  if (record.type !== 'made' && record.type !== 'failed' && record.type !== 'cancelled') return
  const past = attempts.get(record.target) ?? []
  const { attempt, seconds, log, use } = record
  past.push({
    attempt,
    endedMs: Date.parse(record.at),
    state: record.type === 'made' ? 'done' : record.type,
    seconds,
    cause: record.type === 'failed' ? record.cause : undefined,
    log,
    ...(use && { use }),
  })
  if (past.length > attemptsKept) past.shift()
  attempts.set(record.target, past)
}

/** What a record changes in what is known of its target. */
export function nextHistory(before: TargetHistory, record: TargetRecord): TargetHistory {
  switch (record.type) {
    case 'started':
      return {
        ...before,
        stopping: undefined,
        wanted: undefined,
        attempts: Math.max(before.attempts, record.attempt),
      }
    case 'made':
      return {
        ...noHistory,
        current: record,
        held: before.held,
        attempts: Math.max(before.attempts, record.attempt),
      }
    case 'accepted':
      return { ...noHistory, current: record, held: before.held, attempts: before.attempts }
    case 'failed':
      return {
        ...before,
        // Of one that a power cut left torn the start may be in no journal.
        attempts: Math.max(before.attempts, record.attempt),
        failed: record,
        failures: isSameTry(before, record) ? before.failures + 1 : 1,
        stopped: undefined,
        stopping: undefined,
        wanted: undefined,
      }
    case 'rebuild':
      return { ...before, rebuild: { by: record.by } }
    case 'cancelled':
      // Who stops labmake itself has said nothing of the job.
      return record.by === undefined ? before : { ...before, stopped: record, stopping: undefined, wanted: undefined }
    default:
      // A newer labmake wrote it: what it means is not known here, and what is known stands.
      return before
  }
}

/** Was it the very same that failed before? A person who asks for another attempt begins anew. */
function isSameTry({ failed, failures }: TargetHistory, { ingredients }: FailedRecord): boolean {
  return failures > 0 && ingredients !== undefined && failed?.ingredients === ingredients
}

/** What a person's action changes in what is known of each target that it was done to. */
function afterAction(before: TargetHistory, record: ActionRecord): TargetHistory {
  switch (record.action.type) {
    case 'cancel':
      return { ...before, stopping: { by: record.by } }
    case 'hold':
      return { ...before, held: record }
    case 'release':
      return { ...before, held: undefined }
    case 'retry':
    case 'build':
      return { ...before, wanted: record, failures: 0 }
    case 'rebuild':
      // Whoever asks for it also wants what failed before to be tried again.
      return { ...before, rebuild: { by: record.by }, wanted: record, failures: 0 }
    default:
      return before
  }
}
