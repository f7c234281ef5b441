import { estimateFrom, pathSeconds } from '../core/schedule.ts'
import type { Estimate, Rank } from '../model/board.ts'
import type { Job } from '../model/job.ts'
import type { PlannedJob } from '../model/plan.ts'
import type { Disk, PastDuration } from '../model/ports.ts'

/** Durations of past attempts, by rule. */
export type Past = ReadonlyMap<string, readonly PastDuration[]>

export interface Ranking {
  /** None where the rule has too little of a past to tell a person. */
  readonly estimates: ReadonlyMap<string, Estimate>
  readonly ranks: ReadonlyMap<string, Rank>
}

export interface RankInput {
  /** Jobs of the batches that are ranked, also those that are up to date. */
  readonly all: readonly Pick<PlannedJob, 'job' | 'verdict'>[]
  /** Those that will run, prerequisites before what needs them. */
  readonly jobs: readonly Job[]
  /** What the estimates are made from. Ranks can be compared only where they are from one past. */
  readonly past: Past
  /** See sourceBytes. */
  readonly bytesOf: (job: Job) => number
}

/** Fewer runs of a rule than this order its jobs, but are not shown as an expected end. */
const runsToTell = 3

/** The past as it is now, however it goes on. */
export function freezePast(past: Past): Past {
  return new Map([...past].map(([rule, durations]) => [rule, [...durations]]))
}

/** Is so much more known than before that jobs should be ranked anew? After the first runs of a rule, and then ever more rarely. */
export function hasLearned(before: Past, now: Past): boolean {
  return [...now].some(([rule, { length }]) => {
    const known = before.get(rule)?.length ?? 0
    return length >= (known === 0 ? 1 : known < runsToTell ? runsToTell : 2 * known)
  })
}

/** Ranks the jobs that will run, from what past attempts of their rules took. */
export function rankJobs({ all, jobs, past, bytesOf }: RankInput): Ranking {
  const estimates = new Map<string, Estimate>()
  for (const job of jobs) {
    const estimate = estimateFrom(past.get(job.rule.name), bytesOf(job))
    if (estimate !== undefined) estimates.set(job.id, estimate)
  }
  // A rule without a past counts like the mean of the others; with no past at all every job counts one.
  const medians = [...past.values()].flatMap((durations) => estimateFrom(durations, 0)?.seconds ?? [])
  const typical = medians.length === 0 ? 1 : medians.reduce((a, b) => a + b, 0) / medians.length
  const path = pathSeconds(jobs, (job) => estimates.get(job.id)?.seconds ?? typical)
  const begun = new Set(all.flatMap(({ job, verdict }) => (verdict.state === 'up-to-date' ? (job.batch ?? []) : [])))
  const ranks = jobs.map((job): [string, Rank] => {
    const wasBegun = job.batch !== undefined && begun.has(job.batch)
    const { priority } = job.rule
    return [job.id, { say: 0, priority, pathSeconds: path.get(job.id)!, begun: wasBegun, timed: past.size > 0 }]
  })
  const told = [...estimates].filter(([, estimate]) => estimate.runs >= runsToTell)
  return { estimates: new Map(told), ranks: new Map(ranks) }
}

/** Bytes of the plain files among a job's sources, 0 if they are not there yet or are folders: sizes only refine an estimate. */
export function sourceBytes(job: Job, disk: Disk): number {
  let bytes = 0
  for (const source of job.sources) {
    if (source.isFolder) continue
    for (const path of source.gathered ?? [source.path]) bytes += disk.stat(path)?.sizeBytes ?? 0
  }
  return bytes
}

/** Prerequisites before what needs them. */
export function inOrder<T extends { readonly job: Job }>(entries: ReadonlyMap<string, T>): T[] {
  const ordered = new Set<T>()
  const visit = (entry: T) => {
    if (ordered.has(entry)) return
    for (const id of entry.job.prerequisites) {
      const before = entries.get(id)
      if (before !== undefined) visit(before)
    }
    ordered.add(entry)
  }
  for (const entry of entries.values()) visit(entry)
  return [...ordered]
}
