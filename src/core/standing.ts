import type { Job } from '../model/job.ts'
import type { Plan, StaleReason } from '../model/plan.ts'
import type { FailedJob, Standing } from '../model/standing.ts'
import { plural } from './sizes.ts'

/** How the chosen jobs of a plan stand. */
export function standingOf(plan: Plan, chosen: ReadonlySet<string>): Standing {
  const counts = { 'up-to-date': 0, waiting: 0, stale: 0, protected: 0, orphaned: 0 }
  const protectedIds: string[] = []
  const failed: FailedJob[] = []
  let edited = 0
  for (const { job, verdict } of plan.jobs) {
    if (!chosen.has(job.id)) continue
    counts[verdict.state]++
    if (verdict.state === 'up-to-date' && verdict.edited !== undefined) edited++
    if (verdict.state === 'protected') protectedIds.push(job.id)
    if (verdict.state === 'stale') noteFailure(job, verdict.reasons, failed)
  }
  return {
    upToDate: counts['up-to-date'],
    edited,
    waiting: counts.waiting,
    stale: counts.stale,
    protected: protectedIds,
    failed,
    orphaned: plan.orphaned.length,
    faults: plan.errors,
    isEmpty: plan.jobs.length === 0,
  }
}

function noteFailure(job: Job, reasons: readonly StaleReason[], failed: FailedJob[]): void {
  for (const reason of reasons) {
    if (reason.kind !== 'failed-before') continue
    const names = job.id === `${job.rule.name}/${job.batch}` ? [job.batch!, job.rule.name] : [job.id]
    failed.push({ id: job.id, names, cause: reason.cause })
  }
}

/** How many jobs are in which state, in one line; the last sentence of a dry run and a build. */
export function countsText(standing: Standing): string {
  const { upToDate, edited, waiting, orphaned, faults } = standing
  const counts = [
    `${upToDate} up to date${edited > 0 ? ` (${edited} edited)` : ''}`,
    waiting > 0 ? `${waiting} waiting` : '',
    standing.protected.length > 0 ? `${standing.protected.length} protected` : '',
    orphaned > 0 ? `${orphaned} orphaned` : '',
    faults.length > 0 ? plural(faults.length, 'error') : '',
  ]
  return counts.filter(Boolean).join(', ')
}
