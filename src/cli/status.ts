import { formatSeconds } from '../core/durations.ts'
import { namedJobs } from '../core/goals.ts'
import { groupBy } from '../core/groupBy.ts'
import { jobsToRun } from '../core/plan.ts'
import { reasonText, verdictReason } from '../core/reasons.ts'
import { leftAttempts } from '../io/attempts.ts'
import { runningEngine } from '../io/lock.ts'
import type { AttemptState } from '../model/attempt.ts'
import { nameInBatch } from '../model/job.ts'
import type { Plan, PlannedJob, Reason } from '../model/plan.ts'
import { countsText, emptyText } from './dryRun.ts'
import { faultLines } from './faults.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { paint, printable, type Sign, type Style, sign, styleOf } from './terminal.ts'
import { openWorkspace } from './workspace.ts'

interface JobStatus {
  readonly planned: PlannedJob
  readonly state: Sign & ('running' | 'failed' | 'blocked' | 'stale' | 'waiting' | 'orphaned' | 'protected' | 'done')
  readonly attempt: AttemptState | undefined
  readonly reason: Reason
}

/** `labmake status [BATCH…]`: one look at every batch. */
export async function statusCommand(batches: readonly string[], options: CommonOptions): Promise<ExitCode> {
  const workspace = await openWorkspace(options.directory)
  const { plan } = workspace.plan()
  const engine = runningEngine(workspace.root)
  const running = new Map(leftAttempts(workspace.root).map((state) => [state.job, state]))
  const named = namedJobs(
    plan,
    workspace.ruleSet.rules,
    batches.map((goal) => workspace.goal(goal)),
  )
  const wanted = plan.jobs.filter(({ job }) => named.has(job.id))
  const failed = new Set(plan.jobs.flatMap(({ job, verdict }) => (failedBefore(verdict) ? [job.id] : [])))
  const jobs = wanted.map((planned): JobStatus => {
    const attempt = running.get(planned.job.id)
    const blocker = planned.job.prerequisites.find((id) => failed.has(id))
    const state = attempt === undefined ? stateOf(planned, failed) : 'running'
    const blocked = state === 'blocked' && blocker !== undefined
    return {
      planned,
      attempt,
      state,
      reason: blocked ? { kind: 'blocked', job: blocker } : verdictReason(planned.verdict),
    }
  })
  if (options.json) {
    const used = new Map<string, number>()
    for (const { pools } of running.values())
      for (const [p, n] of Object.entries(pools)) used.set(p, (used.get(p) ?? 0) + n)
    const pools = [...workspace.ruleSet.pools.values()].map(({ name, slots }) => {
      const queued =
        engine === undefined ? 0 : jobs.filter((j) => j.state === 'stale' && j.planned.job.rule.pools.has(name)).length
      return { name, slots, used: used.get(name) ?? 0, queued }
    })
    const json = {
      engine: engine === undefined ? { running: false } : { running: true, pid: engine.process.pid },
      pools,
      batches: [...groupBy(jobs, (j) => j.planned.job.batch)].map(([batch, list]) => batchJson(batch, list)),
      inbox: [],
      errors: plan.errors,
    }
    process.stdout.write(`${JSON.stringify(json)}\n`)
    return exitCodes.fine
  }
  const style = styleOf(process.stdout, options.color)
  const lines: string[] = []
  const width = Math.max(0, ...jobs.map((j) => printable(nameInBatch(j.planned.job)).length))
  for (const [batch, list] of groupBy(jobs, (j) => j.planned.job.batch)) {
    lines.push(paint(style, 'bold', batch ?? '(all batches)'))
    for (const job of list) lines.push(statusLine(job, width, style))
  }
  for (const fault of plan.errors) lines.push(...faultLines(fault, style))
  const chosen = new Set(wanted.map(({ job }) => job.id))
  lines.push(
    engine === undefined
      ? 'No labmake is at work here.'
      : `${engine.user}'s "${engine.command}" is at work here (process ${engine.process.pid}).`,
    plan.jobs.length === 0 ? emptyText : `${staleText(plan, chosen)}${countsText(plan, chosen)}.`,
  )
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCodes.fine
}

function staleText(plan: Plan, chosen: ReadonlySet<string>): string {
  const stale = jobsToRun(plan, chosen).length
  return stale === 0 ? '' : `${stale} stale, `
}

const failedBefore = (verdict: PlannedJob['verdict']) => {
  return verdict.state === 'stale' && verdict.reasons.some((r) => r.kind === 'failed-before')
}

function stateOf({ job, verdict }: PlannedJob, failed: ReadonlySet<string>): JobStatus['state'] {
  switch (verdict.state) {
    case 'up-to-date':
      return 'done'
    case 'stale':
      if (failed.has(job.id)) return 'failed'
      return job.prerequisites.some((id) => failed.has(id)) ? 'blocked' : 'stale'
    default:
      return verdict.state
  }
}

function batchJson(batch: string | undefined, jobs: readonly JobStatus[]): object {
  const params = Object.fromEntries(jobs.flatMap((j) => [...j.planned.job.params]))
  return {
    batch: batch ?? null,
    params,
    jobs: jobs.map(({ planned: { job }, state, attempt, reason }) => {
      const running =
        attempt === undefined
          ? {}
          : {
              attempt: attempt.attempt,
              startedAt: new Date(attempt.startedMs).toISOString(),
              seconds: (Date.now() - attempt.startedMs) / 1000,
            }
      return {
        id: job.id,
        rule: job.rule.name,
        state,
        reason: { kind: reason.kind, text: reasonText(reason) },
        ...running,
      }
    }),
  }
}

function statusLine(
  { planned: { job, verdict }, state, attempt, reason }: JobStatus,
  width: number,
  style: Style,
): string {
  const text =
    attempt === undefined
      ? printable(reasonText(reason))
      : `attempt ${attempt.attempt}, for ${formatSeconds((Date.now() - attempt.startedMs) / 1000)}`
  const quiet = state === 'done' && verdict.state === 'up-to-date' && verdict.edited === undefined
  return `  ${sign(style, state)} ${printable(nameInBatch(job)).padEnd(width)}  ${state.padEnd(9)}  ${quiet ? '' : text}`.trimEnd()
}
