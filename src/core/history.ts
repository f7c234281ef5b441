import type { JournalRecord, TargetHistory } from '../model/record.ts'

/** What is known of a target that the journal does not name. */
export const noHistory: TargetHistory = { current: undefined, failed: undefined, rebuild: undefined, attempts: 0 }

/** What a record changes in what is known of its target. */
export function nextHistory(before: TargetHistory, record: JournalRecord): TargetHistory {
  switch (record.type) {
    case 'started':
      return { ...before, attempts: Math.max(before.attempts, record.attempt) }
    case 'made':
      return {
        current: record,
        failed: undefined,
        rebuild: undefined,
        attempts: Math.max(before.attempts, record.attempt),
      }
    case 'accepted':
      return { ...before, current: record, failed: undefined, rebuild: undefined }
    case 'failed':
      return { ...before, failed: record }
    case 'rebuild':
      return { ...before, rebuild: record }
    case 'cancelled':
      return before
    default:
      // A newer labmake wrote it: what it means is not known here, and what is known stands.
      return before
  }
}
