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
const rank = new Map(attention.map((state, i) => [state, i]))

/** 0 is the most urgent. */
export const attentionOf = (state: JobState): number => rank.get(state)!

/** Changes when what rows and counts are made of does: jobs may be changed in the board that is there already. */
export const jobsKey = (view: View): readonly unknown[] => [view.board?.jobs, view.jobsVersion]

/** All batches by name. */
export const rowsOf: (view: View) => readonly Row[] = memo(jobsKey, ({ board }) =>
  board === undefined ? [] : gather(board),
)

function gather({ jobs, rules }: Board): readonly Row[] {
  const ruleIndex = new Map(rules.map((rule, i) => [rule, i]))
  const indexOf = (job: BoardJob) => ruleIndex.get(job.rule) ?? rules.length
  const byBatch = new Map<string, BoardJob[]>()
  for (const job of jobs.values()) {
    const batch = job.batch ?? allBatches
    const there = byBatch.get(batch)
    if (there === undefined) byBatch.set(batch, [job])
    else there.push(job)
  }
  const rows: Row[] = []
  for (const batch of sortedNames(byBatch)) {
    const members = byBatch.get(batch)!
    if (members.length > 1) members.sort((a, b) => indexOf(a) - indexOf(b) || byName(a.name, b.name))
    // Of a batch that is done, its last result is what a person looks at.
    let urgent = members.at(-1)!
    for (const job of members.toReversed())
      if (attentionOf(job.status.state) <= attentionOf(urgent.status.state) && job.status.state !== 'done') urgent = job
    rows.push({ batch, jobs: members, urgent })
  }
  return rows
}

let lastOrder: ReadonlySet<string> = new Set()

/** Collating 5,000 names takes longer than all the rest, and names hardly ever change: their order is kept. */
function sortedNames(byBatch: ReadonlyMap<string, unknown>): Iterable<string> {
  const names = [...byBatch.keys()]
  const isKnown = names.length === lastOrder.size && names.every((name) => lastOrder.has(name))
  if (!isKnown) lastOrder = new Set(names.sort(byName))
  return lastOrder
}

/** The row of each batch. */
export const rowByBatch: (view: View) => ReadonlyMap<string, Row> = memo(
  (view: View) => [rowsOf(view)],
  (view) => new Map(rowsOf(view).map((row) => [row.batch, row])),
)
