import { backoffMs } from '../core/schedule.ts'
import { tooManyFiles } from '../model/ports.ts'
import type { Cause, TargetHistory } from '../model/record.ts'
import type { Rule } from '../model/rule.ts'
import { ingredientsNow } from './asOfNow.ts'
import type { Entry, State } from './entry.ts'
import type { Ports } from './ports.ts'

/** What the machine had no room for just then, it has in a while: with waits that double, up to some minutes. */
const busyRetries = 5

/** How often what failed so is tried again. */
export function retriesOf({ retries }: Rule, cause: Cause): number {
  switch (cause.kind) {
    // Trying again cannot help where nothing but a person can.
    case 'unstable-source':
    case 'edited-meanwhile':
    case 'no-command':
      return 0
    case 'no-start':
      return Math.max(busyRetries, retries)
    case 'disk':
      return cause.problem.startsWith(tooManyFiles) ? Math.max(busyRetries, retries) : retries
    // The machine stopped, which is no fault of the recipe. Once only: the recipe may have stopped the machine.
    case 'lost':
      return Math.max(1, retries)
    default:
      return retries
  }
}

/**
 * Where a job stands that failed, or was stopped by a person, as long as it would be made from the very same as then:
 * undefined if it would not. `journal`: what an earlier engine left; what this one saw is in the entry.
 */
export function stateAfterFailure(
  entry: Pick<Entry, 'job' | 'links' | 'failure'>,
  journal: TargetHistory,
  { disk, clock }: Pick<Ports, 'disk' | 'clock'>,
): State | undefined {
  const { job, failure } = entry
  const last = failure ?? journal.stopped ?? journal.failed
  if (last?.ingredients === undefined) return undefined
  if (last.ingredients !== ingredientsNow(entry, disk)) return undefined
  if (failure !== undefined) return { status: 'ended', outcome: failure.outcome }
  const { failed, failures, stopped } = journal
  if (stopped !== undefined || failed === undefined) return { status: 'ended', outcome: 'cancelled' }
  // The engine ended before all retries were made.
  const of = retriesOf(job.rule, failed.cause)
  if (failures > of) return { status: 'ended', outcome: 'failed' }
  // A clock that was ahead when it failed does not put it off.
  const nowMs = clock.now()
  const atMs = Math.min(Date.parse(failed.at), nowMs) + backoffMs(job.rule.backoffMs, failures + 1, clock.random())
  return {
    status: 'retrying',
    tries: { retries: failures, reruns: 0 },
    retry: { atMs, cause: failed.cause, number: failures, of },
    dueMs: clock.steadyMs() + atMs - nowMs,
    failedAt: failed.at,
  }
}
