import { formatSeconds } from '../core/durations.ts'
import { fullCauseText } from '../core/reasons.ts'
import { briefUsedText } from '../core/use.ts'
import type {
  CancelledRecord,
  DropRecord,
  FailedRecord,
  JournalRecord,
  MadeRecord,
  TargetRecord,
} from '../model/record.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { localTime, printable, type Style, sign, styleOf } from './terminal.ts'
import { openWorkspace } from './workspace.ts'

export interface HistoryOptions extends CommonOptions {
  readonly limit: number
}

/** `labmake history [BATCH, RULE or TARGET…]`: what was made, when, and how long it took, newest last. */
export async function historyCommand(goals: readonly string[], options: HistoryOptions): Promise<ExitCode> {
  const workspace = await openWorkspace(options.directory)
  const wanted = goals.map((goal) => workspace.goal(goal).replace(/\/$/, ''))
  const records = workspace.journal
    .records()
    .filter((record) => record.type !== 'started')
    .filter((record) => wanted.length === 0 || wanted.some((goal) => concerns(record, goal)))
    .slice(-options.limit)
  if (options.json) {
    process.stdout.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    return exitCodes.fine
  }
  const style = styleOf(process.stdout, options.color)
  const lines = records.map((record) => historyLine(record, style))
  process.stdout.write(lines.length > 0 ? `${lines.join('\n')}\n` : 'Nothing was made here yet.\n')
  return exitCodes.fine
}

/** A job `phy/B1` concerns its target, its own name, its rule and its batch; an action all jobs that it names; a drop its name. */
function concerns(record: JournalRecord, goal: string): boolean {
  if (record.type === 'drop') return record.drop === goal
  if (record.type === 'action') {
    const jobs = 'jobs' in record.action && typeof record.action.jobs !== 'string' ? record.action.jobs : []
    return record.targets.includes(goal) || jobs.some((job) => job === goal || job.split('/').includes(goal))
  }
  return record.target === goal || record.job === goal || record.job.split('/').includes(goal)
}

/** What every record has, also one of a newer labmake. */
type AnyRecord = Pick<TargetRecord, 'at' | 'job' | 'target'> & { readonly type: string }

function historyLine(record: JournalRecord, style: Style): string {
  const when = localTime(Date.parse(record.at))
  if (record.type === 'drop') return `${when}  ${dropText(record, style)}`
  if (record.type === 'action') return `${when}    ${printable(record.by)}: ${printable(record.text)}`
  const job = printable(record.job)
  switch (record.type) {
    case 'made':
      return `${when}  ${sign(style, 'done')} ${job}  ${tookText(record)}  ${printable(record.target)}`
    case 'failed':
      return `${when}  ${sign(style, 'failed')} ${job}  ${tookText(record)}  ${printable(`${printable(fullCauseText(record.cause))}  ${record.log}`)}`
    case 'cancelled':
      return `${when}  ${sign(style, 'cancelled')} ${job}  stopped after ${tookText(record)}${record.by === undefined ? '' : ` by ${printable(record.by)}`}`
    case 'accepted':
      return `${when}  ${sign(style, 'protected')} ${job}  accepted as it is by ${record.by}`
    case 'rebuild':
      return `${when}  ${sign(style, 'stale')} ${job}  ${record.by} asked for it to be made again`
    case 'started':
      return `${when}  ${sign(style, 'running')} ${job}  attempt ${record.attempt}`
    default:
      return `${when}    ${job}  ${printable((record as AnyRecord).type)}, of a newer labmake`
  }
}

/** `1h05`, or `1h05 (cpu 3h20, 11 GB)`. */
function tookText({ seconds, use }: MadeRecord | FailedRecord | CancelledRecord): string {
  const used = use === undefined ? '' : briefUsedText(use)
  return `${formatSeconds(seconds)}${used === '' ? '' : ` (${used})`}`
}

function dropText({ drop, outcome }: DropRecord, style: Style): string {
  const name = printable(`inbox/${drop}`)
  switch (outcome.kind) {
    case 'taken':
      return `${sign(style, 'done')} ${name}  taken: ${printable(outcome.stored.join(', '))}`
    case 'same':
      return `${sign(style, 'done')} ${name}  the same as ${printable(outcome.as.join(', '))}, kept in ${printable(outcome.attic)}`
    case 'refused':
      return `${sign(style, 'failed')} ${name}  refused: ${printable(outcome.why)}`
    case 'conflict':
      return `${sign(style, 'protected')} ${name}  not taken: ${printable(outcome.why)}`
    default:
      return `${name}  ${printable((outcome as { readonly kind: string }).kind)}, says a newer labmake`
  }
}
