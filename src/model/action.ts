/** What a person may ask of a running engine. Jobs are named by id. */
export type Action =
  /** Try again what failed for good or was stopped. */
  | { readonly type: 'retry'; readonly jobs: readonly string[] }
  /** End what runs; the target stays as it was, the log is kept. */
  | { readonly type: 'cancel'; readonly jobs: readonly string[] }
  | { readonly type: 'hold'; readonly jobs: readonly string[] }
  | { readonly type: 'release'; readonly jobs: readonly string[] }
  | { readonly type: 'first'; readonly jobs: readonly string[] }
  | { readonly type: 'later'; readonly jobs: readonly string[] }
  /** Back to the places in line that they had: Rank.say of each. What undoes first and later. */
  | { readonly type: 'reorder'; readonly jobs: readonly string[]; readonly says: readonly number[] }
  | { readonly type: 'accept'; readonly jobs: readonly string[] }
  | { readonly type: 'rebuild'; readonly jobs: readonly string[] }
  | { readonly type: 'pause'; readonly pool: string }
  | { readonly type: 'resume'; readonly pool: string }
  /** Until the engine ends; `declared` is what the rule files say. */
  | { readonly type: 'slots'; readonly pool: string; readonly slots: number | 'declared' }
  /** The same of a pool that counts memory. */
  | { readonly type: 'size'; readonly pool: string; readonly bytes: number | 'declared' }
  /** Take a drop: one that still settles at once, one in conflict in place of the other or under another name. */
  | { readonly type: 'take'; readonly drop: string; readonly how: 'as-it-is' | 'replace' | { readonly as: string } }
  /** Bring these up to date, as a build would: the disk is looked at anew, what failed is tried again. `jobs` are goals as on a command line; none are everything. */
  | { readonly type: 'build'; readonly jobs: readonly string[] }
  /** The engine ends. `leave`: jobs go on, the next engine takes them over. `end`: they are ended. */
  | { readonly type: 'stop'; readonly jobs: 'leave' | 'end' }

export type ActionType = Action['type']

/** What an engine did. Each says so in one sentence, to how many, and what would undo it. */
export interface ActionResult {
  /** False if nothing was done. */
  readonly done: boolean
  /** `Held 3 jobs.`; or why nothing was done, and the next step. */
  readonly text: string
  readonly count: number
  /** Ids of the jobs that it concerned, where whoever asked could not know them. */
  readonly jobs?: readonly string[]
  readonly undo: Action | undefined
}
