import { causeHint, fullCauseText } from '../core/reasons.ts'
import { plural } from '../core/sizes.ts'
import type { BoardJob } from '../model/board.ts'
import { logOf } from './chosen.ts'
import { factsOf } from './facts.ts'
import { clockMinutes, dayText } from './times.ts'
import type { View } from './view.ts'
import { whyText } from './words.ts'

/** A terminal takes no more than a few kilobytes by OSC 52, and nobody reads more jobs than these. */
const jobsReported = 20
const logLines = 20

/** What one pastes into a message to a colleague: plain text, with all that helps to find the fault. */
export function reportText(jobs: readonly BoardJob[], view: View): string {
  const { board, nowMs } = view
  const facts = factsOf(view)
  if (board === undefined || facts === undefined) return ''
  const { root, host, version } = board.engine
  const when = `${dayText(nowMs)} ${new Date(nowMs).getFullYear()} ${clockMinutes(nowMs)}`
  const lines = [`labmake ${version}, ${root} on ${host}, ${when}`]
  for (const job of jobs.slice(0, jobsReported)) lines.push('', ...jobLines(job, whyText(job, facts), view))
  if (jobs.length > jobsReported) lines.push('', `and ${plural(jobs.length - jobsReported, 'job')} more`)
  return `${lines.join('\n')}\n`
}

function jobLines(job: BoardJob, why: string, { details, log }: View): string[] {
  const { status, params, id } = job
  const detail = details.get(id)
  const newest = logOf(job, detail)
  const cause = status.state === 'failed' ? status.cause : undefined
  const hint = cause === undefined ? undefined : causeHint(cause)
  const lines = [
    `${id}: ${status.state}`,
    cause === undefined ? `  why      ${why}` : `  why      ${why}\n           ${fullCauseText(cause)}`,
    hint === undefined ? '' : `           ${hint}`,
    Object.keys(params).length === 0
      ? ''
      : `  params   ${Object.entries(params)
          .map(([name, value]) => `${name}=${value}`)
          .join(' ')}`,
    detail === undefined ? '' : `  command  ${detail.command}`,
    ...(detail?.sources ?? []).map((source) => `  source   ${source}`),
    ...(detail?.targets ?? []).map((target) => `  target   ${target}`),
    newest === undefined ? '' : `  log      ${newest.path} (attempt ${newest.attempt})`,
  ].filter((line) => line !== '')
  // Only the log that is on the screen is read: another one is a path.
  if (newest === undefined || log?.path !== newest.path) return lines
  return [...lines, ...log.lines.slice(-logLines).map((line) => `    | ${line}`)]
}
