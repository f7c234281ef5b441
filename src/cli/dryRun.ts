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
  const run = jobsToRun(plan, chosen)
  const ids = new Set(run.map(({ job }) => job.id))
  return {
    jobs: run.map(({ job, verdict }) => ({
      id: job.id,
      rule: job.rule.name,
      batch: job.batch ?? null,
      sources: shownSources(job),
      targets: job.targets.map(shownPath),
      pools: poolsJson(job.rule),
      command: commandOf(job),
      reason: withText(verdictReason(verdict)),
      after: job.prerequisites.filter((id) => ids.has(id)),
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
  /** Jobs up to date that the plan does not have. */
  readonly others: number
}

/** What would run and why, for a person: jobs by batch, then what does not run, then the counts. */
export function planLines(
  plan: Plan,
  chosen: ReadonlySet<string>,
  { style, verbose, others }: PlanTextOptions,
): string[] {
  const rows = jobsToRun(plan, chosen).map(({ job, verdict }) => ({ job, verdict, name: printable(nameInBatch(job)) }))
  const width = rows.reduce((most, { name }) => Math.max(most, name.length), 0)
  const batches = groupBy(rows, ({ job }) => job.batch)
  const stale = sign(style, 'stale')
  const lines: string[] = []
  for (const [batch, own] of batches) {
    lines.push(batchLine(batch, own, style))
    for (const { job, verdict, name } of own) {
      lines.push(`  ${stale} ${name.padEnd(width)}  ${printable(reasonText(verdictReason(verdict)))}`)
      if (verbose) lines.push(`    ${paint(style, 'dim', printable(shownCommand(commandOf(job))))}`)
    }
  }
  const section = (title: string, rows: readonly string[]) => {
    if (rows.length === 0) return
    if (lines.length > 0) lines.push('')
    lines.push(paint(style, 'bold', title))
    for (const row of rows) lines.push(row)
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
  const named = batches.size - (batches.has(undefined) ? 1 : 0)
  lines.push(closingLine(plan, chosen, { jobs: rows.length, batches: named, others }))
  return lines
}

function batchLine(batch: string | undefined, rows: readonly { readonly job: Job }[], style: Style): string {
  const title = paint(style, 'bold', batch ?? '(all batches)')
  const params = new Map<string, string>()
  for (const { job } of rows) for (const [name, value] of job.params) params.set(name, value)
  const shown = [...params].filter(([, value]) => value !== '').map(([name, value]) => `${name}=${printable(value)}`)
  return shown.length === 0 ? title : `${title}  ${paint(style, 'dim', shown.join(' '))}`
}

function rowsOf(
  plan: Plan,
  chosen: ReadonlySet<string>,
  state: Sign & PlannedJob['verdict']['state'],
  style: Style,
): string[] {
  return plan.jobs
    .filter(({ job, verdict }) => verdict.state === state && chosen.has(job.id))
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

interface RunCounts {
  readonly jobs: number
  readonly batches: number
  readonly others: number
}

function closingLine(plan: Plan, chosen: ReadonlySet<string>, { jobs, batches, others }: RunCounts): string {
  if (plan.jobs.length + others === 0 && plan.errors.length === 0) return emptyText
  const standing = standingOf(plan, chosen)
  const counts = countsText({ ...standing, upToDate: standing.upToDate + others })
  if (jobs === 0) return `Nothing to do: ${counts}.`
  const where = batches > 0 ? ` in ${plural(batches, 'batch')}` : ''
  return `${plural(jobs, 'job')} would run${where}: ${counts}.`
}
