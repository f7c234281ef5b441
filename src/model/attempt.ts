import type { MadeRecord, Provenance } from './record.ts'

/** A process that can be recognised after labmake itself was started anew. */
export interface ProcessMark {
  readonly pid: number
  /** When it started, in the system's own units: a process id is used again, with its start time it is not. */
  readonly startTime: string
  readonly bootId: string
}

/** Where one target of an attempt is written, and where it belongs. */
export interface StagedTarget {
  readonly path: string
  readonly isFolder: boolean
  /** The staging folder, beside the target. */
  readonly folder: string
  /** The target inside it, with its own base name. */
  readonly staged: string
  /** The target that is replaced may hold a person's work: it goes to the attic. */
  readonly keepOld: boolean
}

/** What is written down of an attempt while it is under way, so that nothing depends on labmake staying alive. */
export interface AttemptState {
  readonly slug: string
  readonly job: string
  readonly attempt: number
  readonly startedMs: number
  readonly timeoutMs: number | undefined
  /** What leads the session of the recipe, once that has begun: written down by itself, not by labmake. */
  readonly process: ProcessMark | undefined
  readonly targets: readonly StagedTarget[]
  readonly expects: readonly string[]
  readonly ignore: readonly string[]
  readonly pools: Readonly<Record<string, number>>
  /** Those of them of which it took bytes; none, for a labmake whose pools all had slots. */
  readonly bytesOf?: readonly string[]
  /** What was granted to it of shared slots, if it takes any. */
  readonly grant?: string
  readonly log: string
  /** Before the recipe started; `targets` are the old ones. */
  readonly before: Provenance
  readonly sourceBytes: number
  /** Set when the new targets are whole and being put into place. */
  readonly committing: MadeRecord | undefined
}
