import type { Action, ActionResult } from '../model/action.ts'
import type { Board } from '../model/board.ts'
import type { Verdict } from '../model/plan.ts'
import type { JobBook, Scope } from './book.ts'
import type { Entry } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import type { UnderWay } from './underWay.ts'

/** What an action may lay hands on. */
export interface Hands {
  readonly ports: Pick<Ports, 'journal' | 'disk' | 'clock'>
  readonly book: JobBook
  readonly pools: Pools
  readonly underWay: Pick<UnderWay, 'cancel' | 'canCancel'>
  readonly board: () => Board
  readonly isStopping: () => boolean
  /** Plans what has changed until now, and finds the jobs that goals name. Rejects with UserError for a goal that nothing matches. */
  readonly named: (goals: readonly string[]) => Promise<readonly Entry[]>
  /** The verdict as of now. */
  readonly judge: (entry: Entry) => Verdict
  readonly replanned: (scope: Scope) => void
  readonly poolChanged: (pool: string) => void
  readonly stop: (jobs: 'leave' | 'end') => void
}

/** Nothing was done: why, and the next step. */
export function nothing(text: string): ActionResult {
  return { done: false, text, count: 0, undo: undefined }
}

interface Said {
  readonly by: string
  /** What it does, in words. */
  readonly text: string
  /** The jobs that it is done to. */
  readonly entries?: readonly Entry[]
}

/** Writes down what is about to be done, before it is. Throws DiskFault. */
export async function record(action: Action, { by, text, entries = [] }: Said, { ports }: Hands): Promise<void> {
  const at = new Date(ports.clock.now()).toISOString()
  const targets = entries.map(({ job }) => job.targets[0]!.path)
  await ports.journal.append({ type: 'action', at, by, action, targets, text })
}

export const idsOf = (entries: readonly Entry[]) => entries.map(({ id }) => id)
export const countJobs = (n: number) => (n === 1 ? '1 job' : `${n} jobs`)
/** `3 jobs are held`, `1 job is held`. */
export const jobsAre = (n: number) => `${countJobs(n)} ${n === 1 ? 'is' : 'are'}`
