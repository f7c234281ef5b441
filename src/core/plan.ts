import type { Fault } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Orphan, Plan, PlannedJob, Verdict } from '../model/plan.ts'
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
  const { graph } = input
  // Looked for first: the folders of targets are then known from the lists of their parents, and not asked for one by one.
  const strays = strayTargets(input)
  let needed: ReadonlySet<string> = new Set()
  for (;;) {
    const verdicts = judgeAll(input, needed)
    const more = neededIntermediates(graph, verdicts)
    if (more.every((id) => needed.has(id))) return finishPlan(input, verdicts, strays)
    needed = new Set([...needed, ...more])
  }
}

function judgeAll(input: PlanInput, needed: ReadonlySet<string>): Map<string, Verdict> {
  const { graph, survey } = input
  const verdicts = new Map<string, Verdict>()
  const absent = new Map<string, AbsentTarget>()
  const evidence: Evidence = {
    survey,
    history: input.history,
    ignoreOf: graph.ignoreOf,
    producerOf: graph.producerOf,
    verdictOf: (id) => verdicts.get(id),
    absent: (path) => absent.get(path),
    mayBeAbsent: (job) => job.rule.intermediate && !needed.has(job.id) && graph.consumers.has(job.id),
  }
  for (const job of graph.jobs) {
    const verdict = judge(job, evidence)
    verdicts.set(job.id, verdict)
    if (verdict.state !== 'up-to-date' || !verdict.absent) continue
    for (const { path } of job.targets) absent.set(path, absentTarget(job, path, evidence))
  }
  return verdicts
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

/** Intermediates that are absent although a job that runs needs them. */
function neededIntermediates(graph: Graph, verdicts: ReadonlyMap<string, Verdict>): string[] {
  return graph.jobs.flatMap((job) => {
    const verdict = verdicts.get(job.id)
    if (verdict?.state !== 'up-to-date' || !verdict.absent) return []
    const needed = graph.consumers.get(job.id)?.some((id) => verdicts.get(id)?.state === 'stale')
    return needed ? [job.id] : []
  })
}

function finishPlan(input: PlanInput, verdicts: ReadonlyMap<string, Verdict>, strays: readonly Orphan[]): Plan {
  const { graph } = input
  const jobs: PlannedJob[] = graph.jobs.map((job) => {
    const verdict = verdicts.get(job.id)!
    return { job, verdict, sourceBytes: verdict.state === 'stale' ? sourceBytes(job, input) : undefined }
  })
  return {
    jobs,
    byId: new Map(jobs.map((planned) => [planned.job.id, planned])),
    orphaned: [...strays, ...orphanedTargets(jobs)],
    errors: [...input.faults, ...graph.faults, ...unreadableFaults(input.survey)],
    warnings: futureSources(input, jobs),
  }
}

/** Bytes of all that a job reads; undefined where something is yet to be made. All of it was looked at for the verdict. */
function sourceBytes(job: Job, { survey, graph }: PlanInput): number | undefined {
  let bytes = 0
  for (const source of job.sources) {
    for (const path of source.gathered ?? [source.path]) {
      const snapshot = survey.snapshot(path, { isFolder: source.isFolder, ignore: graph.ignoreOf(path) })
      if (snapshot.status !== 'there') return undefined
      bytes += snapshot.sizeBytes
    }
  }
  return bytes
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

function futureSources({ survey, graph, nowMs }: PlanInput, jobs: readonly PlannedJob[]): Fault[] {
  const limitNs = BigInt(Math.round(nowMs + clockToleranceMs)) * 1_000_000n
  const warned = new Map<string, Fault>()
  for (const { job, verdict } of jobs) {
    if (verdict.state !== 'stale') continue
    for (const source of job.sources) {
      for (const path of source.gathered ?? [source.path]) {
        const snapshot = survey.snapshot(path, { isFolder: source.isFolder, ignore: graph.ignoreOf(path) })
        if (snapshot.status !== 'there' || snapshot.newestNs <= limitNs) continue
        const when = new Date(Number(snapshot.newestNs / 1_000_000n))
        warned.set(snapshot.newestPath, {
          where: snapshot.newestPath,
          message: `it is dated in the future: ${Number.isNaN(when.getTime()) ? 'a time past all calendars' : when.toISOString()}`,
          hint: 'Was a clock wrong? It is built once all the same; touch the file to set its time right.',
        })
      }
    }
  }
  return [...warned.values()]
}

/** Ids of the jobs that run, out of those chosen, with what they come after among these. */
export function jobsToRun(plan: Plan, chosen: ReadonlySet<string>): { planned: PlannedJob; after: string[] }[] {
  const runs = (id: string) => chosen.has(id) && plan.byId.get(id)?.verdict.state === 'stale'
  return plan.jobs
    .filter((planned) => runs(planned.job.id))
    .map((planned) => ({ planned, after: planned.job.prerequisites.filter(runs) }))
}
