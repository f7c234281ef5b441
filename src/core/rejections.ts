import type { DropState } from '../model/board.ts'
import type { DropRecord, JournalRecord } from '../model/record.ts'

/** A record of a drop that was not taken. */
export type Rejection = DropRecord & { readonly outcome: { readonly kind: 'refused' | 'conflict' } }

/** What the journal says of what lies in `inbox/rejected/`, by its name there; the newest of each. */
export function rejections(records: Iterable<JournalRecord>): Map<string, Rejection> {
  const found = new Map<string, Rejection>()
  for (const record of records)
    if (record.type === 'drop' && isRejection(record)) found.set(record.outcome.kept, record)
  return found
}

export function isRejection(record: DropRecord): record is Rejection {
  return record.outcome.kind === 'refused' || record.outcome.kind === 'conflict'
}

/** How a drop in `inbox/rejected/` stands. Without a record of it, somebody put it there, or the journal is gone. */
export function rejectedState(rejection: Rejection | undefined): DropState {
  if (rejection === undefined) {
    const hint = 'The text beside it says why, if labmake put it there. Drop it again once all is well.'
    return { kind: 'refused', why: 'it was refused earlier', hint, atMs: 0 }
  }
  const { outcome, at } = rejection
  const atMs = Date.parse(at)
  if (outcome.kind === 'refused') return { kind: 'refused', why: outcome.why, hint: outcome.hint, atMs }
  return { kind: 'conflict', why: outcome.why, with: outcome.with, atMs }
}
