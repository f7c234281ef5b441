import type { Fault } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Orphan, Plan, PlannedJob } from '../model/plan.ts'
import type { TargetHistory } from '../model/record.ts'
import type { Rule } from '../model/rule.ts'
import { bindingKey } from './bindings.ts'
import type { Graph } from './graph.ts'
import { expandPattern } from './pattern.ts'
import type { Survey } from './survey.ts'
import { type AbsentTarget, type Evidence, judge } from './verdict.ts'

export interface PlanInput {
  readonly graph: Graph
  readonly rules: readonly Rule[]
  readonly survey: Survey
  readonly history: (target: string) => TargetHistory
  /** Faults of rule files and manifests. */
  readonly faults: readonly Fault[]
  /** ms since the epoch, to notice sources from the future. */
  readonly nowMs: number
}

/** Clocks of a file server and this machine may differ by this much before a time counts as in the future. */
const clockToleranceMs = 60_000

/** Judges all jobs, prerequisites first. */
export function makePlan(input: PlanInput): Plan {
  const { graph, survey } = input
  // Looked for first: the folders of targets are then known from the lists of their parents, and not asked for one by one.
  const strays = strayTargets(input)
  let needed: ReadonlySet<string> = new Set()
  for (;;) {
    const { byId, absent, future } = judgeAll(input, needed)
    const more = absent.filter((id) => graph.consumers.get(id)?.some((c) => byId.get(c)?.verdict.state === 'stale'))
    if (more.some((id) => !needed.has(id))) {
      needed = new Set([...needed, ...more])
      continue
    }
    const jobs = [...byId.values()]
    return {
      jobs,
      byId,
      orphaned: [...strays, ...orphanedTargets(jobs)],
      errors: [...input.faults, ...graph.faults, ...unreadableFaults(survey)],
      warnings: [...future.values()],
    }
  }
}

interface Judged {
  /** In the order of the graph. */
  readonly byId: ReadonlyMap<string, PlannedJob>
  /** Ids of jobs whose targets are intermediates that are not there, and seem not to be needed. */
  readonly absent: readonly string[]
  /** Sources that are dated in the future, by path. */
  readonly future: ReadonlyMap<string, Fault>
}

/** `needed`: intermediates that are absent although a job that runs needs them. */
function judgeAll(input: PlanInput, needed: ReadonlySet<string>): Judged {
  const { graph, survey } = input
  const byId = new Map<string, PlannedJob>()
  const absent: string[] = []
  const absentTargets = new Map<string, AbsentTarget>()
  const future = new Map<string, Fault>()
  const limitNs = BigInt(Math.round(input.nowMs + clockToleranceMs)) * 1_000_000n
  const evidence: Evidence = {
    survey,
    history: input.history,
    ignoreOf: graph.ignoreOf,
    producerOf: graph.producerOf,
    verdictOf: (id) => byId.get(id)?.verdict,
    absent: (path) => absentTargets.get(path),
    mayBeAbsent: (job) => job.rule.intermediate && !needed.has(job.id) && graph.consumers.has(job.id),
  }
  for (const job of graph.jobs) {
    const verdict = judge(job, evidence)
    const sourceBytes = verdict.state === 'stale' ? measureSources(job, input, { limitNs, future }) : undefined
    byId.set(job.id, { job, verdict, sourceBytes })
    if (verdict.state !== 'up-to-date' || !verdict.absent) continue
    absent.push(job.id)
    for (const { path } of job.targets) absentTargets.set(path, absentTarget(job, path, evidence))
  }
  return { byId, absent, future }
}

function absentTarget(job: Job, path: string, evidence: Evidence): AbsentTarget {
  let newestNs = 0n
  let newestPath = path
  for (const source of job.sources) {
    for (const at of source.gathered ?? [source.path]) {
      const above = evidence.absent(at)
      const snapshot = evidence.survey.snapshot(at, { isFolder: source.isFolder, ignore: evidence.ignoreOf(at) })
      const newest = above ?? (snapshot.status === 'there' ? snapshot : undefined)
      if (newest !== undefined && newest.newestNs > newestNs) ({ newestNs, newestPath } = newest)
    }
  }
  return { stamp: evidence.history(job.targets[0]!.path).current?.targets[path], newestNs, newestPath }
}

interface FutureSources {
  /** What is newer than this is dated in the future. */
  readonly limitNs: bigint
  /** What is found is added to these, by path. */
  readonly future: Map<string, Fault>
}

/** Bytes of all that a job reads; undefined where something is yet to be made. All of it was looked at for the verdict. */
function measureSources(
  job: Job,
  { survey, graph }: PlanInput,
  { limitNs, future }: FutureSources,
): number | undefined {
  let bytes: number | undefined = 0
  for (const { gathered, path: only, isFolder } of job.sources) {
    for (const path of gathered ?? [only]) {
      const snapshot = survey.snapshot(path, { isFolder, ignore: graph.ignoreOf(path) })
      if (snapshot.status !== 'there') bytes = undefined
      else {
        if (bytes !== undefined) bytes += snapshot.sizeBytes
        if (snapshot.newestNs > limitNs) future.set(snapshot.newestPath, futureFault(snapshot))
      }
    }
  }
  return bytes
}

function futureFault({ newestNs, newestPath }: { readonly newestNs: bigint; readonly newestPath: string }): Fault {
  const when = new Date(Number(newestNs / 1_000_000n))
  return {
    where: newestPath,
    message: `it is dated in the future: ${Number.isNaN(when.getTime()) ? 'a time past all calendars' : when.toISOString()}`,
    hint: 'Was a clock wrong? It is built once all the same; touch the file to set its time right.',
  }
}

function unreadableFaults(survey: Survey): Fault[] {
  return [...survey.unreadable()].map(([where, { message, hint }]) => {
    return { where, message, ...(hint === undefined ? {} : { hint }) }
  })
}

/** Targets on disk that a rule could have made, but that no source leads to any more. */
function strayTargets({ rules, survey, graph }: PlanInput): Orphan[] {
  const orphans: Orphan[] = []
  for (const rule of rules) {
    if (rule.wildcards.length === 0) continue
    const seen = new Set<string>()
    for (const { pattern } of rule.targets) {
      for (const { path, binding } of survey.find(pattern)) {
        if (graph.producerOf(path) !== undefined || graph.refused.has(path)) continue
        const key = bindingKey(rule.wildcards, binding)
        if (seen.has(key) || expandPattern(pattern, binding) !== path) continue
        seen.add(key)
        orphans.push({ target: pattern.isFolder ? `${path}/` : path, rule: rule.name, batch: binding.batch })
      }
    }
  }
  return orphans
}

/** Targets of jobs whose sources are gone, though a manifest still names the batch. */
function orphanedTargets(jobs: readonly PlannedJob[]): Orphan[] {
  return jobs.flatMap(({ job, verdict }) => {
    if (verdict.state !== 'orphaned') return []
    return [{ target: verdict.reason.path, rule: job.rule.name, batch: job.batch }]
  })
}

/** The jobs that run, out of those chosen. */
export function jobsToRun(plan: Plan, chosen: ReadonlySet<string>): PlannedJob[] {
  return plan.jobs.filter(({ job, verdict }) => verdict.state === 'stale' && chosen.has(job.id))
}
