import { formatSeconds } from '../core/durations.ts'
import { fullCauseText } from '../core/reasons.ts'
import { shownCommand } from '../core/recipe.ts'
import { plural } from '../core/sizes.ts'
import { countsText } from '../core/standing.ts'
import type { Outcome } from '../engine/entry.ts'
import type { Standing } from '../model/standing.ts'
import { faultLines } from './faults.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { printable, type Style, sign, styleOf } from './terminal.ts'

/** What a build did, beside how its jobs stand after it. */
export interface Ending {
  readonly outcomes: ReadonlyMap<string, Outcome>
  /** Goals were named on the command line. */
  readonly isAsked: boolean
  readonly seconds: number
}

/** Says on standard output how a build ended; returns its exit code. */
export function tellEnding(standing: Standing, ending: Ending, { color }: Pick<CommonOptions, 'color'>): ExitCode {
  for (const line of endingLines(standing, ending, styleOf(process.stdout, color))) process.stdout.write(`${line}\n`)
  return exitCodeOf(standing, ending)
}

/** The end of a build that found nothing to do. */
export const nothingDone: Pick<Ending, 'outcomes' | 'seconds'> = { outcomes: new Map(), seconds: 0 }

/** The exit code of a build: were there faults, is anything left to do? */
export function exitCodeOf(standing: Standing, { outcomes, isAsked }: Ending): ExitCode {
  if (standing.faults.length > 0) return exitCodes.wrong
  const hasBroken = [...outcomes.values()].some((outcome) => outcome === 'failed' || outcome === 'blocked')
  // A batch that waits for its recording is no fault, unless it is what was asked for.
  const isUnfinished = standing.stale + standing.protected.length + (isAsked ? standing.waiting : 0) > 0
  return hasBroken || isUnfinished ? exitCodes.unfinished : exitCodes.fine
}

function endingLines(standing: Standing, ending: Ending, style: Style): string[] {
  const lines = standing.faults.flatMap((fault) => faultLines(fault, style))
  lines.push(...bounded(protectedLines(standing, style)), ...bounded(failedLines(standing, ending, style)))
  lines.push(endingLine(standing, ending))
  return lines
}

/** More rows of one kind than this say nothing new. */
const rowsShown = 10

function bounded(rows: readonly string[]): string[] {
  if (rows.length <= rowsShown) return [...rows]
  return [...rows.slice(0, rowsShown), `  … and ${rows.length - rowsShown} more: labmake -n lists them all`]
}

function protectedLines(standing: Standing, style: Style): string[] {
  return standing.protected.map((id) => {
    const choice = `labmake accept ${printable(id)}, or labmake rebuild ${printable(id)}`
    return `${sign(style, 'protected')} ${printable(id)} was edited by a person and is stale: ${choice}`
  })
}

function failedLines({ failed }: Standing, { outcomes }: Ending, style: Style): string[] {
  return failed.flatMap(({ id, names, cause }) => {
    if (outcomes.get(id) !== 'failed') return []
    const log = printable(shownCommand(['labmake', 'log', ...names]))
    return [`${sign(style, 'failed')} ${printable(id)} failed: ${printable(fullCauseText(cause))}. Its output: ${log}`]
  })
}

function endingLine(standing: Standing, { outcomes, seconds }: Ending): string {
  const { isEmpty, faults, stale } = standing
  if (isEmpty && faults.length === 0) return emptyText
  const counts = countsText(standing)
  if (outcomes.size === 0 && stale === 0) return `Nothing to do: ${counts}.`
  const done = [...outcomes.values()].filter((outcome) => outcome === 'done').length
  const made = `Made ${done} of ${plural(outcomes.size, 'job')} in ${formatSeconds(seconds)}`
  return `${made}: ${counts}${stale > 0 ? `, ${stale} still stale` : ''}.`
}

/** What a person sees in a new workspace. */
export const emptyText =
  'Nothing here yet. Drop a recording (a folder of .mat files) into inbox/, or see rules/ for what is expected.'
