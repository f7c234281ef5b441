import { groupBy } from '../core/groupBy.ts'
import { takeIngredients, takeTargets } from '../core/provenance.ts'
import { reasonText, verdictReason } from '../core/reasons.ts'
import { plural } from '../core/sizes.ts'
import { readFileStamp } from '../core/stamp.ts'
import { surveyDisk } from '../core/survey.ts'
import { usedText } from '../core/use.ts'
import type { Job } from '../model/job.ts'
import type { PlannedJob } from '../model/plan.ts'
import type { TargetHistory } from '../model/record.ts'
import type { Stamp, Stamps } from '../model/stamp.ts'
import { planNamed } from './namedPlan.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'
import { localTime, paint, printable, type Style, styleOf } from './terminal.ts'
import type { OpenWorkspace } from './workspace.ts'

interface Compared {
  readonly path: string
  /** The source or target that it is, or lies in. */
  readonly top: string
  readonly recorded: string | undefined
  readonly now: string | undefined
}

/** `labmake why TARGET…`: the verdict, its reasons, and the stamps that were compared. */
export async function whyCommand(typed: readonly string[], options: CommonOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const goals = typed.map((goal) => workspace.goal(goal))
  const { planned, named } = planNamed(workspace, goals)
  const { plan, graph } = planned
  const jobs = plan.jobs.filter(({ job }) => named.has(job.id))
  const looked = jobs.map((planned) => explain(planned, workspace, graph.ignoreOf))
  if (options.json) process.stdout.write(`${JSON.stringify(looked.map(whyJson))}\n`)
  else
    process.stdout.write(
      `${looked.flatMap((why) => whyLines(why, styleOf(process.stdout, options.color))).join('\n')}\n`,
    )
  return exitCodes.fine
}

interface Why {
  readonly planned: PlannedJob
  readonly history: TargetHistory
  readonly sources: readonly Compared[]
  readonly targets: readonly Compared[]
}

function explain(planned: PlannedJob, workspace: OpenWorkspace, ignoreOf: (path: string) => readonly string[]): Why {
  const { job } = planned
  const survey = surveyDisk(workspace.disk)
  const history = workspace.journal.history(job.targets[0]!.path)
  const now = takeIngredients(job, survey, ignoreOf)
  const { current } = history
  return {
    planned,
    history,
    sources: [...compareAll(current?.sources, now.sources), ...compareAll(current?.uses, now.uses)],
    targets: compareAll(current?.targets, takeTargets(job, survey)),
  }
}

function compareAll(recorded: Stamps | undefined, now: Stamps): Compared[] {
  const before = flatten(recorded ?? {})
  const after = flatten(now)
  return [...new Map([...after, ...before])].map(([path, { top }]) => {
    return { path, top, recorded: before.get(path)?.stamp, now: after.get(path)?.stamp }
  })
}

function flatten(stamps: Stamps): Map<string, { readonly top: string; readonly stamp: string }> {
  return new Map(
    Object.entries(stamps).flatMap(([top, stamp]): [string, { top: string; stamp: string }][] => {
      if (typeof stamp === 'string') return [[top, { top, stamp }]]
      return Object.entries(stamp as Record<string, Stamp>).map(([name, member]) => [
        `${top}/${name}`,
        { top, stamp: String(member) },
      ])
    }),
  )
}

function reasonsOf({ verdict }: PlannedJob): string[] {
  if (verdict.state === 'up-to-date' && verdict.edited === undefined) {
    return verdict.absent ? ['it is an intermediate that nothing needs now, so it may be away'] : []
  }
  const list = verdict.state === 'stale' || verdict.state === 'protected' ? verdict.reasons : [verdictReason(verdict)]
  return [...(verdict.state === 'protected' ? [reasonText(verdict.edited)] : []), ...list.map(reasonText)]
}

function whyJson({ planned, history, sources, targets }: Why): object {
  const { job, verdict } = planned
  return {
    id: job.id,
    state: verdict.state,
    reasons: reasonsOf(planned),
    made: history.current?.at ?? null,
    use: history.failed?.use ?? (history.current?.type === 'made' ? history.current.use : undefined) ?? null,
    after: job.prerequisites,
    sources,
    targets,
  }
}

function whyLines(why: Why, style: Style): string[] {
  const { planned, history } = why
  const { job, verdict } = planned
  const lines = [
    `${paint(style, 'bold', job.id)} is ${verdict.state === 'up-to-date' ? 'up to date' : verdict.state}`,
    ...reasonsOf(planned).map((text) => `  because ${printable(text)}`),
  ]
  lines.push(`  ${madeText(history)}`)
  const used = lastUsedText(history)
  if (used !== '') lines.push(`  ${used}`)
  for (const text of paramTexts(job)) lines.push(`  ${text}`)
  if (job.prerequisites.length > 0) lines.push(`  after: ${job.prerequisites.join(', ')}`)
  lines.push('  sources', ...rows(why.sources, why, style), '  targets', ...rows(why.targets, why, style))
  return lines
}

function madeText({ current, failed }: TargetHistory): string {
  const base =
    current === undefined
      ? 'nothing is recorded of it, so file times decide, as with make'
      : current.type === 'made'
        ? `made ${localTime(Date.parse(current.at))}, attempt ${current.attempt}, log ${printable(current.log)}`
        : `accepted as it is by ${current.by}, ${localTime(Date.parse(current.at))}`
  return failed === undefined
    ? base
    : `${base}; last attempt failed ${localTime(Date.parse(failed.at))}, log ${printable(failed.log)}`
}

/** What the last attempt used that ran to its end. */
function lastUsedText({ current, failed }: TargetHistory): string {
  const use = failed?.use ?? (current?.type === 'made' ? current.use : undefined)
  const text = use === undefined ? '' : usedText(use)
  return text === '' ? '' : `it used ${text}`
}

const paramTexts = (job: Job) => [...job.params].map(([name, value]) => `${name} = "${printable(value)}"`)

/** Of a folder in which very many files differ, more rows than this help nobody. */
const rowsShown = 20

function rows(compared: readonly Compared[], { history }: Why, style: Style): string[] {
  if (compared.length === 0) return ['    nothing there']
  const isSame = ({ recorded, now }: Compared) =>
    recorded === now || (history.current === undefined && now !== undefined)
  const word = history.current === undefined ? 'nothing recorded' : 'as recorded'
  const lines: string[] = []
  for (const [top, group] of groupBy(compared, (row) => row.top)) {
    const same = group.filter(isSame)
    if (group.length === 1 && group[0]!.path === top && same.length === 1) {
      lines.push(`      ${printable(top)}  ${paint(style, 'dim', `${stampText(group[0]!.now)}, ${word}`)}`)
      continue
    }
    for (const row of group.filter((r) => !isSame(r))) {
      const text = `recorded ${stampText(row.recorded)}, now ${stampText(row.now)}`
      lines.push(`    ${paint(style, 'yellow', '!')} ${printable(row.path)}  ${text}`)
    }
    if (same.length > 0)
      lines.push(`      ${printable(top)}/  ${paint(style, 'dim', `${plural(same.length, 'file')} ${word}`)}`)
  }
  const more = lines.length - rowsShown
  return more > 0 ? [...lines.slice(0, rowsShown), `      … and ${more} more rows: see --json`] : lines
}

function stampText(stamp: string | undefined): string {
  if (stamp === undefined) return 'not there'
  if (!/ -?\d+$/.test(stamp) || /^\d+ [0-9a-f]{16}$/.test(stamp)) return stamp
  const { sizeBytes, mtimeNs, link } = readFileStamp(stamp)
  const ns = mtimeNs % 1_000_000_000n
  const time = localTime(Number(mtimeNs / 1_000_000n)).replace(/([+-]\d\d:\d\d)$/, `.${String(ns).padStart(9, '0')}$1`)
  return `${link === undefined ? '' : `-> ${link} `}${sizeBytes} bytes, ${time}`
}
