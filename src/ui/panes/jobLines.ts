import { usedText } from '../../core/use.ts'
import type { BoardJob, Estimate } from '../../model/board.ts'
import type { JobDetail, PastAttempt } from '../../model/detail.ts'
import { factsOf } from '../facts.ts'
import { dim, type Line, lookOf, type Span, signSpan, span } from '../style.ts'
import { lineWidth, plain, wrapWords } from '../text.ts'
import { clockMinutes, elapsed, moment, roughly } from '../times.ts'
import type { View } from '../view.ts'
import { nextStepText, whyText } from '../words.ts'
import { progressBar } from './parts.ts'

/** A line of what is known of a job. */
export interface Fact {
  readonly key: string
  readonly value: Line
}

const keyColumns = 6

export function factLine({ key, value }: Fact): Line {
  return [span(key.padEnd(keyColumns), dim), span(' '), ...value]
}

export interface FactOptions {
  readonly columns: number
  /** Lines that a why may take. */
  readonly whyLines: number
}

/** Why it is so, and what to do; how long it takes; and the rest that was loaded of it. */
export function jobFacts(
  job: BoardJob,
  view: View,
  options: FactOptions,
): { readonly first: readonly Fact[]; readonly rest: readonly Fact[] } {
  const detail = view.details.get(job.id)
  return {
    first: [...whyFacts(job, detail, view, options), ...timeFacts(job, view, options.columns - keyColumns - 1)],
    rest: [...triesFacts(job, detail, view), ...usedFacts(detail), ...detailFacts(job, detail)],
  }
}

function whyFacts(
  job: BoardJob,
  detail: JobDetail | undefined,
  view: View,
  { columns, whyLines }: FactOptions,
): Fact[] {
  const step = nextStepText(job)
  const sentences = [whyText(job, factsOf(view)!), ...otherReasons(job, detail)].map(plain)
  const text = wrapWords(sentences.join('; '), columns - keyColumns - 1, view.style)
  const lines = text.slice(0, whyLines)
  // The cut is seen where a line is cut; more lines than may be shown are joined for that.
  if (text.length > whyLines) lines[whyLines - 1] = text.slice(whyLines - 1).join(' ')
  const whys = lines.map((line, i): Fact => ({ key: i === 0 ? 'why' : '', value: [span(line)] }))
  return step === undefined ? whys : [...whys, { key: 'do', value: [span(step, dim)] }]
}

/** What the engine says beyond the first reason, for what is not up to date. */
function otherReasons({ status }: BoardJob, detail: JobDetail | undefined): readonly string[] {
  return status.state === 'stale' || status.state === 'protected' || status.state === 'waiting'
    ? (detail?.why.slice(1) ?? [])
    : []
}

const widestBar = 24

/** How long it has taken, or will take. What is usual stands beside it, or below where there is no room. */
function timeFacts({ status, estimate }: BoardJob, { nowMs, style }: View, columns: number): Fact[] {
  const usual = estimate === undefined ? '' : `(${usualText(estimate, style.unicode ? '–' : '-')})`
  const beside = (key: string, value: Line): Fact[] => {
    if (usual === '') return [{ key, value }]
    if (lineWidth(value) + 2 + usual.length <= columns) return [{ key, value: [...value, span(`  ${usual}`, dim)] }]
    return [
      { key, value },
      { key: '', value: [span(usual, dim)] },
    ]
  }
  if (status.state === 'running') {
    const seconds = Math.max(0, nowMs - status.startedMs) / 1000
    if (estimate === undefined) return [{ key: 'time', value: [span(elapsed(seconds))] }]
    const late = seconds > estimate.high ? ', longer than 9 of 10' : ''
    const text = ` ${elapsed(seconds)} of ~${elapsed(estimate.seconds)}${late}`
    const room = columns - text.length - 2 - usual.length
    const bar = progressBar(
      seconds / estimate.seconds,
      room >= 8 ? Math.min(room, widestBar) : Math.max(4, Math.min(widestBar, columns - text.length)),
      { color: 'cyan' },
      style,
    )
    return beside('time', [...bar, span(text)])
  }
  if ('last' in status && status.last !== undefined) {
    return beside('time', [span(`${elapsed(status.last.seconds)}, ended ${moment(status.last.endedMs, nowMs)}`)])
  }
  return estimate === undefined ? [] : beside('takes', [span(`~${roughly(estimate.seconds)}`)])
}

/** The median stands before it. */
const usualText = ({ low, high, runs }: Estimate, dash: string) =>
  `of ${runs} runs, 8 in 10 take ${elapsed(low)}${dash}${elapsed(high)}`

/** More attempts than this tell nothing new in a line. */
const triesShown = 4

function triesFacts({ status }: BoardJob, detail: JobDetail | undefined, { style }: View): Fact[] {
  const past = (detail?.attempts ?? []).slice(-triesShown)
  const value: Span[] = past.flatMap(
    (attempt): Line => [span(`${attempt.attempt} `), signSpan(style, attempt.state), span(` ${triedText(attempt)}  `)],
  )
  if (status.state === 'running') {
    const pid = status.pid === undefined ? '' : ` pid ${status.pid},`
    value.push(
      span(`${status.attempt} `),
      span(`runs,${pid} since ${clockMinutes(status.startedMs)}`, lookOf('running')),
    )
  }
  return value.length === 0 ? [] : [{ key: 'tries', value }]
}

/** Of the last attempt. */
function usedFacts(detail: JobDetail | undefined): Fact[] {
  const text = usedText(detail?.attempts.at(-1)?.use ?? {})
  return text === '' ? [] : [{ key: 'used', value: [span(text)] }]
}

function triedText({ cause, seconds }: PastAttempt): string {
  const time = elapsed(seconds)
  if (cause?.kind === 'exit') return `exit ${cause.code} ${time}`
  return cause?.kind === 'signal' ? `${cause.signal} ${time}` : time
}

/** More paths than this are counted. */
const pathsShown = 4

function detailFacts({ params }: BoardJob, detail: JobDetail | undefined): Fact[] {
  const set = Object.entries(params)
  const given: Fact[] =
    set.length === 0
      ? []
      : [{ key: 'params', value: [span(plain(set.map(([name, value]) => `${name}=${value || '""'}`).join('  ')))] }]
  if (detail === undefined) return given
  return [
    { key: 'cmd', value: [span(plain(detail.command))] },
    ...given,
    { key: 'from', value: [span(paths(detail.sources))] },
    { key: 'makes', value: [span(paths(detail.targets))] },
  ]
}

function paths(all: readonly string[]): string {
  const shown = all.slice(0, pathsShown).map(plain).join('  ')
  return all.length > pathsShown ? `${shown}  and ${all.length - pathsShown} more` : shown
}
