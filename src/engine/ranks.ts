import { expectedSeconds, pathSeconds, type Rank } from '../core/schedule.ts'
import type { Job } from '../model/job.ts'
import type { Plan } from '../model/plan.ts'
import type { Disk, Journal } from '../model/ports.ts'

export interface Estimates {
  /** Expected seconds of a job; undefined where its rule has too little of a past to tell a person. */
  readonly seconds: ReadonlyMap<string, number | undefined>
  readonly ranks: ReadonlyMap<string, Rank>
}

/** Fewer runs of a rule than this order its jobs, but are not shown as an expected end. */
const runsToTell = 3

/** Ranks the jobs that will run, from what past attempts of their rules took. `jobs` in plan order. */
export function rankJobs(plan: Plan, jobs: readonly Job[], journal: Journal, disk: Disk): Estimates {
  const past = journal.durations()
  const seconds = new Map(jobs.map((job) => [job.id, expectedSeconds(past.get(job.rule.name), sourceBytes(job, disk))]))
  const known = [...seconds.values()].filter((s) => s !== undefined)
  // A rule without a past counts like the mean of the others; with no past at all every job counts one.
  const typical = known.length === 0 ? 1 : known.reduce((a, b) => a + b, 0) / known.length
  const path = pathSeconds(jobs, (job) => seconds.get(job.id) ?? typical)
  const begun = new Set(
    plan.jobs.flatMap(({ job, verdict }) => (verdict.state === 'up-to-date' ? (job.batch ?? []) : [])),
  )
  const ranks = new Map<string, Rank>()
  jobs.forEach((job, place) => {
    const wasBegun = job.batch !== undefined && begun.has(job.batch)
    ranks.set(job.id, {
      priority: job.rule.priority,
      pathSeconds: path.get(job.id)!,
      begun: wasBegun,
      place,
      timed: known.length > 0,
    })
  })
  const told = jobs.map((job): [string, number | undefined] => {
    const enough = (past.get(job.rule.name)?.length ?? 0) >= runsToTell
    return [job.id, enough ? seconds.get(job.id) : undefined]
  })
  return { seconds: new Map(told), ranks }
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
