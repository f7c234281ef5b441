import { estimateFrom, pathSeconds } from '../core/schedule.ts'
import type { Estimate, Rank } from '../model/board.ts'
import type { Job } from '../model/job.ts'
import type { Plan } from '../model/plan.ts'
import type { Disk, Journal } from '../model/ports.ts'

export interface Ranking {
  /** None where the rule has too little of a past to tell a person. */
  readonly estimates: ReadonlyMap<string, Estimate>
  readonly ranks: ReadonlyMap<string, Rank>
}

/** Fewer runs of a rule than this order its jobs, but are not shown as an expected end. */
const runsToTell = 3

/** Ranks the jobs that will run, from what past attempts of their rules took. `jobs` in plan order. */
export function rankJobs(plan: Plan, jobs: readonly Job[], journal: Journal, disk: Disk): Ranking {
  const past = journal.durations()
  const estimates = new Map<string, Estimate>()
  for (const job of jobs) {
    const estimate = estimateFrom(past.get(job.rule.name), sourceBytes(job, disk))
    if (estimate !== undefined) estimates.set(job.id, estimate)
  }
  // A rule without a past counts like the mean of the others; with no past at all every job counts one.
  const known = [...estimates.values()].map((estimate) => estimate.seconds)
  const typical = known.length === 0 ? 1 : known.reduce((a, b) => a + b, 0) / known.length
  const path = pathSeconds(jobs, (job) => estimates.get(job.id)?.seconds ?? typical)
  const begun = new Set(
    plan.jobs.flatMap(({ job, verdict }) => (verdict.state === 'up-to-date' ? (job.batch ?? []) : [])),
  )
  const ranks = jobs.map((job): [string, Rank] => {
    const wasBegun = job.batch !== undefined && begun.has(job.batch)
    const { priority } = job.rule
    return [job.id, { say: 0, priority, pathSeconds: path.get(job.id)!, begun: wasBegun, timed: past.size > 0 }]
  })
  const told = [...estimates].filter(([, estimate]) => estimate.runs >= runsToTell)
  return { estimates: new Map(told), ranks: new Map(ranks) }
}

/** Bytes of the plain files among a job's sources, 0 if they are not there yet or are folders: sizes only refine an estimate. */
function sourceBytes(job: Job, disk: Disk): number {
  let bytes = 0
  for (const source of job.sources) {
    if (source.isFolder) continue
    for (const path of source.gathered ?? [source.path]) bytes += disk.stat(path)?.sizeBytes ?? 0
  }
  return bytes
}
