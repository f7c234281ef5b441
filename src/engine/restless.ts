import type { LastAttempt } from '../model/board.ts'
import type { Cause, TargetHistory } from '../model/record.ts'
import { type Entry, type Failure, isPending } from './entry.ts'

// An engine that stays takes up what is stale again. Recipes that write to what others, or they themselves, are made from
// would go on for ever that way: each end of one makes the other stale. Such a batch never comes to rest.

/**
 * While the jobs of a batch run, a person may well correct its recording now and then. What is stale for the eleventh time
 * in a row is so for another reason, which more attempts will not end.
 */
const maxRestless = 10

/** Counts that a plan found a job stale again. Returns the cause once that is to be left to a person. */
export function restlessCause(entry: Entry): (Cause & { kind: 'unstable-source' }) | undefined {
  const { verdict, outcome, job } = entry
  if (verdict.state !== 'stale' || (outcome !== 'done' && outcome !== 'failed')) return undefined
  const isByPerson = verdict.reasons.some(
    ({ kind }) => kind === 'recipe-changed' || kind === 'param-changed' || kind === 'rebuild',
  )
  if (isByPerson || ++entry.restless <= maxRestless) return undefined
  const changed = verdict.reasons.find((reason) => reason.kind.startsWith('source-') && 'path' in reason)
  const path = changed !== undefined && 'path' in changed ? changed.path : (job.sources[0] ?? job.targets[0]!).path
  return { kind: 'unstable-source', path }
}

/** As if its last attempt had failed of it. */
export function restlessFailure(cause: Cause, ingredients: string, history: TargetHistory, atMs: number): Failure {
  const { seconds = 0, log = '' } = history.failed ?? (history.current?.type === 'made' ? history.current : {})
  const last: LastAttempt = { attempt: history.attempts, endedMs: atMs, seconds, log }
  return { outcome: 'failed', status: { state: 'failed', cause, last }, ingredients }
}

/** Batches of which nothing is on its way have come to rest. */
export function restBatches(entries: readonly Entry[]): void {
  const pending = new Set(entries.filter(isPending).map(({ batch }) => batch))
  for (const entry of entries) if (!pending.has(entry.batch)) entry.restless = 0
}
