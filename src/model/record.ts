import type { Action } from './action.ts'
import type { Stamps } from './stamp.ts'

/** Why an attempt failed, as data; text is made of it in core/reasons. */
export type Cause =
  /** `says`: the line of the log that tells it, if there is one. `because`: what it is known by, or at least likely. */
  | {
      readonly kind: 'exit'
      readonly code: number
      readonly says?: string
      /** `words`: a command had more of them than the system takes. */
      readonly because?: 'space' | 'memory' | 'words'
    }
  /** `killed`: somebody or something did it, and not because memory ran out. */
  | { readonly kind: 'signal'; readonly signal: string; readonly says?: string; readonly because?: 'memory' | 'killed' }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'no-command'; readonly command: string; readonly problem: string }
  /** The machine could not start it just then. */
  | { readonly kind: 'no-start'; readonly problem: string }
  /** It ended well, but a process that it left behind writes on. */
  | { readonly kind: 'still-writing'; readonly path: string; readonly process: string }
  | { readonly kind: 'no-target'; readonly target: string }
  | { readonly kind: 'no-member'; readonly target: string; readonly member: string }
  | { readonly kind: 'wrong-kind'; readonly target: string; readonly expected: 'file' | 'folder' }
  | { readonly kind: 'unstable-source'; readonly path: string }
  | { readonly kind: 'edited-meanwhile'; readonly path: string }
  | { readonly kind: 'disk'; readonly action: string; readonly path: string; readonly problem: string }
  | { readonly kind: 'lost' }

/** What an attempt used, with all that it started. What could not be measured is absent. */
export interface Use {
  /** Processor time, user and system together. */
  readonly cpuSeconds?: number
  /** The most memory that was resident at once, as far as it was seen: memory is looked at again and again. */
  readonly peakBytes?: number
  /** What it asked the system to read and write, whether that came from the disk or was in memory. */
  readonly readBytes?: number
  readonly writtenBytes?: number
}

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
  readonly use?: Use
}

export interface FailedRecord extends RecordBase {
  readonly type: 'failed'
  readonly attempt: number
  readonly seconds: number
  readonly cause: Cause
  readonly log: string
  readonly use?: Use
  /** Digest of what it was to be made from: as long as that stays the same, an engine leaves it to a person to try again. */
  readonly ingredients?: string
}

export interface CancelledRecord extends RecordBase {
  readonly type: 'cancelled'
  readonly attempt: number
  readonly seconds: number
  readonly log: string
  readonly use?: Use
  /** The person who stopped this very job; absent where labmake itself was stopped. */
  readonly by?: string
  /** As of FailedRecord. */
  readonly ingredients?: string
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

/** What a person asked of an engine. One record, however many jobs it concerned. */
export interface ActionRecord {
  readonly type: 'action'
  readonly at: string
  readonly by: string
  readonly action: Action
  /** First targets of the jobs that it was done to. */
  readonly targets: readonly string[]
  /** What it did, in words. */
  readonly text: string
}

/** What became of a drop. */
export interface DropRecord {
  readonly type: 'drop'
  readonly at: string
  readonly drop: string
  readonly outcome:
    | { readonly kind: 'taken'; readonly stored: readonly string[]; readonly files: number; readonly bytes: number }
    /** The very same was here already; the second one is kept in the attic. */
    | { readonly kind: 'same'; readonly as: readonly string[]; readonly attic: string }
    /** It lies in `inbox/rejected/` as `kept`. */
    | { readonly kind: 'refused'; readonly why: string; readonly hint?: string; readonly kept: string }
    | { readonly kind: 'conflict'; readonly why: string; readonly with: string; readonly kept: string }
}

/** A record of one target's life. */
export type TargetRecord = StartedRecord | MadeRecord | FailedRecord | CancelledRecord | AcceptedRecord | RebuildRecord

export type JournalRecord = TargetRecord | ActionRecord | DropRecord

/** What the journal says of one target now. */
export interface TargetHistory {
  /** The last record that says what the target was made from. */
  readonly current: MadeRecord | AcceptedRecord | undefined
  /** The last attempt, if it failed after `current`. */
  readonly failed: FailedRecord | undefined
  /** How often in a row it failed with the same ingredients, since a person last asked for it. */
  readonly failures: number
  /** The last attempt, if a person stopped it after `current`. */
  readonly stopped: CancelledRecord | undefined
  /** A person asked for the attempt that is under way to be ended. */
  readonly stopping: { readonly by: string } | undefined
  /** Asked for after `current`. */
  readonly rebuild: { readonly by: string } | undefined
  /** A person asked for another attempt since the last one. */
  readonly wanted: ActionRecord | undefined
  /** A person holds it back. */
  readonly held: ActionRecord | undefined
  /** Number of the last attempt, 0 if there was none. */
  readonly attempts: number
}
