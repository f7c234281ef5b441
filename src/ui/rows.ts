import { byName } from '../core/names.ts'
import type { Board, BoardJob, JobState } from '../model/board.ts'
import { memo } from './memo.ts'
import { allBatches } from './state.ts'
import type { View } from './view.ts'

/** One batch: its jobs, in the order of their rules. */
export interface Row {
  /** The batch; allBatches for jobs of rules without {batch}. */
  readonly batch: string
  readonly jobs: readonly BoardJob[]
  /** The one that needs attention most. */
  readonly urgent: BoardJob
}

/** Trouble first, then what goes on, then what is still to come; done is last. */
export const attention: readonly JobState[] = [
  'failed',
  'blocked',
  'protected',
  'running',
  'stale',
  'queued',
  'held',
  'cancelled',
  'waiting',
  'orphaned',
  'done',
]
const ranks = Object.fromEntries(attention.map((state, i) => [state, i])) as Record<JobState, number>

/** 0 is the most urgent. */
export const attentionOf = (state: JobState): number => ranks[state]

/** Changes when what rows and counts are made of does: jobs may be changed in the board that is there already. */
export const jobsKey = (view: View): readonly unknown[] => [view.board?.jobs, view.jobsVersion]

/** All batches by name. */
export const rowsOf: (view: View) => readonly Row[] = memo(jobsKey, ({ board }) =>
  board === undefined ? [] : gather(board),
)

/** Ten thousand jobs, several times a second: plain loops, and nothing is sorted that is in order. */
function gather({ jobs, rules }: Board): readonly Row[] {
  const ruleIndex = new Map(rules.map((rule, i) => [rule, i]))
  const byBatch = new Map<string, BoardJob[]>()
  for (const job of jobs.values()) {
    const batch = job.batch ?? allBatches
    const there = byBatch.get(batch)
    if (there === undefined) byBatch.set(batch, [job])
    else there.push(job)
  }
  const compare = (a: BoardJob, b: BoardJob) =>
    (ruleIndex.get(a.rule) ?? rules.length) - (ruleIndex.get(b.rule) ?? rules.length) || byName(a.name, b.name)
  const rows: Row[] = []
  for (const batch of sortedNames(byBatch)) {
    const members = byBatch.get(batch)!
    for (let i = 1; i < members.length; i++) {
      if (compare(members[i - 1]!, members[i]!) <= 0) continue
      members.sort(compare)
      break
    }
    rows.push({ batch, jobs: members, urgent: urgentOf(members) })
  }
  return rows
}

/** The first of the most urgent; of a batch that is done, its last result is what a person looks at. */
function urgentOf(jobs: readonly BoardJob[]): BoardJob {
  let urgent = jobs[jobs.length - 1]!
  let least = attentionOf(urgent.status.state)
  for (let i = jobs.length - 2; i >= 0; i--) {
    const { state } = jobs[i]!.status
    const rank = attentionOf(state)
    if (rank > least || state === 'done') continue
    urgent = jobs[i]!
    least = rank
  }
  return urgent
}

let lastOrder: ReadonlySet<string> = new Set()

/** Collating 5,000 names takes longer than all the rest, and names hardly ever change: their order is kept. */
function sortedNames(byBatch: ReadonlyMap<string, unknown>): Iterable<string> {
  let isKnown = byBatch.size === lastOrder.size
  for (const name of byBatch.keys()) isKnown &&= lastOrder.has(name)
  if (!isKnown) lastOrder = new Set([...byBatch.keys()].sort(byName))
  return lastOrder
}

/** The row of each batch. */
export const rowByBatch: (view: View) => ReadonlyMap<string, Row> = memo(
  (view: View) => [rowsOf(view)],
  (view) => new Map(rowsOf(view).map((row) => [row.batch, row])),
)
