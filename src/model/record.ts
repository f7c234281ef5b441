import type { Stamps } from './stamp.ts'

/** Why an attempt failed, as data; text is made of it in core/reasons. */
export type Cause =
  /** `says`: the line of the log that tells it, if there is one. */
  | { readonly kind: 'exit'; readonly code: number; readonly says?: string }
  | { readonly kind: 'signal'; readonly signal: string; readonly says?: string }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'no-command'; readonly command: string; readonly problem: string }
  | { readonly kind: 'no-target'; readonly target: string }
  | { readonly kind: 'no-member'; readonly target: string; readonly member: string }
  | { readonly kind: 'wrong-kind'; readonly target: string; readonly expected: 'file' | 'folder' }
  | { readonly kind: 'unstable-source'; readonly path: string }
  | { readonly kind: 'edited-meanwhile'; readonly path: string }
  | { readonly kind: 'disk'; readonly action: string; readonly path: string; readonly problem: string }
  | { readonly kind: 'lost' }

interface RecordBase {
  /** ISO 8601 time, UTC. */
  readonly at: string
  readonly job: string
  /** First target of the job: what the record is found by, so that a renamed rule keeps its history. */
  readonly target: string
}

/** What a target was made from. */
export interface Provenance {
  /** As they were before the recipe started. */
  readonly sources: Stamps
  readonly uses: Stamps
  /** As the recipe left them. */
  readonly targets: Stamps
  readonly recipe: string
  readonly params: Readonly<Record<string, string>>
}

export interface StartedRecord extends RecordBase {
  readonly type: 'started'
  readonly attempt: number
}

export interface MadeRecord extends RecordBase, Provenance {
  readonly type: 'made'
  readonly attempt: number
  readonly seconds: number
  readonly sourceBytes: number
  readonly log: string
}

export interface FailedRecord extends RecordBase {
  readonly type: 'failed'
  readonly attempt: number
  readonly seconds: number
  readonly cause: Cause
  readonly log: string
}

export interface CancelledRecord extends RecordBase {
  readonly type: 'cancelled'
  readonly attempt: number
  readonly seconds: number
  readonly log: string
}

/** A person declared the target current as it is. */
export interface AcceptedRecord extends RecordBase, Provenance {
  readonly type: 'accepted'
  readonly by: string
  /** It holds a person's work, or may: it is current now, and still never overwritten unasked once it is stale. */
  readonly edited: boolean
}

/** A person asked for the target to be made again, whatever it holds. */
export interface RebuildRecord extends RecordBase {
  readonly type: 'rebuild'
  readonly by: string
}

export type JournalRecord = StartedRecord | MadeRecord | FailedRecord | CancelledRecord | AcceptedRecord | RebuildRecord

/** What the journal says of one target now. */
export interface TargetHistory {
  /** The last record that says what the target was made from. */
  readonly current: MadeRecord | AcceptedRecord | undefined
  /** The last attempt, if it failed after `current`. */
  readonly failed: FailedRecord | undefined
  /** Asked for after `current`. */
  readonly rebuild: RebuildRecord | undefined
  /** Number of the last attempt, 0 if there was none. */
  readonly attempts: number
}
