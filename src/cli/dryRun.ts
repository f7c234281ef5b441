import { shownSources } from '../core/graph.ts'
import { groupBy } from '../core/groupBy.ts'
import { jobsToRun } from '../core/plan.ts'
import { reasonText, verdictReason } from '../core/reasons.ts'
import { expandRecipe, recipePaths, shownCommand } from '../core/recipe.ts'
import { plural } from '../core/sizes.ts'
import { countsText, standingOf } from '../core/standing.ts'
import { type Job, nameInBatch, shownPath } from '../model/job.ts'
import type { Plan, PlannedJob, Reason } from '../model/plan.ts'
import type { Rule } from '../model/rule.ts'
import { emptyText } from './ending.ts'
import { faultLines } from './faults.ts'
import { paint, printable, type Sign, type Style, sign } from './terminal.ts'

/** The command of a job with its targets as they will be named in the end. */
function commandOf(job: Job): string[] {
  return expandRecipe(
    job,
    recipePaths(job, (path) => path),
  ).words
}

const withText = (reason: Reason) => ({ ...reason, text: reasonText(reason) })

/** What would run and why, as data: the form that others may rely on. */
export function planJson(plan: Plan, chosen: ReadonlySet<string>): object {
  const inState = (state: PlannedJob['verdict']['state']) => {
    return plan.jobs.filter(({ job, verdict }) => chosen.has(job.id) && verdict.state === state)
  }
  const listed = ({ job, verdict }: PlannedJob) => ({
    id: job.id,
    rule: job.rule.name,
    batch: job.batch ?? null,
    reason: withText(verdictReason(verdict)),
  })
  return {
    jobs: jobsToRun(plan, chosen).map(({ planned: { job, verdict }, after }) => ({
      id: job.id,
      rule: job.rule.name,
      batch: job.batch ?? null,
      sources: shownSources(job),
      targets: job.targets.map(shownPath),
      pools: poolsJson(job.rule),
      command: commandOf(job),
      reason: withText(verdictReason(verdict)),
      after,
    })),
    upToDate: inState('up-to-date').length,
    waiting: inState('waiting').map(listed),
    protected: inState('protected').map((planned) => ({
      ...listed(planned),
      stale: planned.verdict.state === 'protected' ? withText(planned.verdict.reasons[0]) : null,
    })),
    orphaned: plan.orphaned.map(({ target, rule, batch }) => ({ target, rule, batch: batch ?? null })),
    errors: plan.errors,
    warnings: plan.warnings,
  }
}

/** `{"ram": {"bytes": 12000000000}, "cpu": 1}` */
function poolsJson({ pools, bytesOf }: Rule): object {
  return Object.fromEntries([...pools].map(([name, slots]) => [name, bytesOf.has(name) ? { bytes: slots } : slots]))
}

export interface PlanTextOptions {
  readonly style: Style
  /** Also show each job's command. */
  readonly verbose: boolean
}

/** What would run and why, for a person: jobs by batch, then what does not run, then the counts. */
export function planLines(plan: Plan, chosen: ReadonlySet<string>, { style, verbose }: PlanTextOptions): string[] {
  const run = jobsToRun(plan, chosen)
  const width = Math.max(0, ...run.map(({ planned }) => printable(nameInBatch(planned.job)).length))
  const lines: string[] = []
  for (const [batch, jobs] of groupBy(run, ({ planned }) => planned.job.batch)) {
    lines.push(
      batchLine(
        batch,
        jobs.map(({ planned }) => planned.job),
        style,
      ),
    )
    for (const { planned } of jobs) lines.push(...jobLines(planned, width, { style, verbose }))
  }
  const section = (title: string, rows: readonly string[]) => {
    if (rows.length > 0) lines.push(...(lines.length > 0 ? [''] : []), paint(style, 'bold', title), ...rows)
  }
  section('waiting', rowsOf(plan, chosen, 'waiting', style))
  section('protected: edited by a person and stale', protectedRows(plan, chosen, style))
  section(
    'orphaned: kept, though what they were made from is gone',
    plan.orphaned.map(({ target, rule }) => `  ${sign(style, 'orphaned')} ${printable(target)}  (rule ${rule})`),
  )
  if (lines.length > 0) lines.push('')
  for (const fault of plan.errors) lines.push(...faultLines(fault, style))
  for (const fault of plan.warnings) lines.push(...faultLines(fault, style, 'warning'))
  lines.push(closingLine(plan, chosen, run))
  return lines
}

function batchLine(batch: string | undefined, jobs: readonly Job[], style: Style): string {
  const params = new Map(jobs.flatMap((job) => [...job.params]))
  const shown = [...params].filter(([, value]) => value !== '').map(([name, value]) => `${name}=${printable(value)}`)
  return [paint(style, 'bold', batch ?? '(all batches)'), paint(style, 'dim', shown.join(' '))]
    .filter(Boolean)
    .join('  ')
}

function jobLines({ job, verdict }: PlannedJob, width: number, { style, verbose }: PlanTextOptions): string[] {
  const lines = [
    `  ${sign(style, 'stale')} ${printable(nameInBatch(job)).padEnd(width)}  ${printable(reasonText(verdictReason(verdict)))}`,
  ]
  if (verbose) lines.push(`    ${paint(style, 'dim', printable(shownCommand(commandOf(job))))}`)
  return lines
}

function rowsOf(
  plan: Plan,
  chosen: ReadonlySet<string>,
  state: Sign & PlannedJob['verdict']['state'],
  style: Style,
): string[] {
  return plan.jobs
    .filter(({ job, verdict }) => chosen.has(job.id) && verdict.state === state)
    .map(
      ({ job, verdict }) =>
        `  ${sign(style, state)} ${printable(job.id)}  ${printable(reasonText(verdictReason(verdict)))}`,
    )
}

function protectedRows(plan: Plan, chosen: ReadonlySet<string>, style: Style): string[] {
  return plan.jobs.flatMap(({ job, verdict }) => {
    if (verdict.state !== 'protected' || !chosen.has(job.id)) return []
    return [
      `  ${sign(style, 'protected')} ${printable(job.id)}  ${printable(reasonText(verdict.edited))}, and ${printable(reasonText(verdict.reasons[0]))}`,
      `      labmake accept ${printable(job.id)} keeps your version; labmake rebuild ${printable(job.id)} makes a new one and puts yours into .labmake/attic/`,
    ]
  })
}

function closingLine(plan: Plan, chosen: ReadonlySet<string>, run: ReturnType<typeof jobsToRun>): string {
  if (plan.jobs.length === 0 && plan.errors.length === 0) return emptyText
  if (run.length === 0) return `Nothing to do: ${countsText(standingOf(plan, chosen))}.`
  const batches = new Set(run.flatMap(({ planned }) => planned.job.batch ?? [])).size
  const where = batches > 0 ? ` in ${plural(batches, 'batch')}` : ''
  return `${plural(run.length, 'job')} would run${where}: ${countsText(standingOf(plan, chosen))}.`
}
