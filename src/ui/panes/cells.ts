import type { BoardJob, JobState } from '../../model/board.ts'
import { attentionOf } from '../rows.ts'
import { type Line, signSpan, span, wordLook } from '../style.ts'
import { cut, ellipsis, width } from '../text.ts'
import { elapsed } from '../times.ts'
import type { View } from '../view.ts'

/** A state in a narrow cell. */
const shortWords: Partial<Readonly<Record<JobState, string>>> = {
  cancelled: 'stopped',
  protected: 'edited',
  orphaned: 'orphan',
}

export interface CellOptions {
  /** Gap to the right included; undefined: signs alone. */
  readonly columns: number | undefined
  /** The engine was asked to do something with one of these, and has not answered. */
  readonly isPending: boolean
}

/** The jobs of one rule for one batch: nearly always one. */
export function cell(jobs: readonly BoardJob[], { columns, isPending }: CellOptions, view: View): Line {
  const urgent = mostUrgent(jobs)
  if (urgent === undefined) return [span(' '.repeat(columns ?? 2))]
  const { state } = urgent.status
  const sign = signSpan(view.style, state)
  if (columns === undefined) return [sign, span(isPending ? ellipsis(view.style) : ' ')]
  const room = columns - 3
  const word = jobs.length > 1 ? countWord(jobs, state) : stateWord(urgent, room, view)
  const text = cut(isPending ? `${word} ${ellipsis(view.style)}` : word, room, view.style)
  return [sign, span(' '), span(text, wordLook(state)), span(' '.repeat(columns - 2 - width(text)))]
}

export function mostUrgent(jobs: readonly BoardJob[]): BoardJob | undefined {
  let urgent = jobs[0]
  for (const job of jobs) if (attentionOf(job.status.state) < attentionOf(urgent!.status.state)) urgent = job
  return urgent
}

function countWord(jobs: readonly BoardJob[], state: JobState): string {
  return `${jobs.filter(({ status }) => status.state === state).length} of ${jobs.length}`
}

function stateWord({ status }: BoardJob, room: number, { nowMs, style }: View): string {
  switch (status.state) {
    case 'running': {
      const seconds = Math.max(0, nowMs - status.startedMs) / 1000
      return status.stoppedBy === undefined ? elapsed(seconds) : 'ending'
    }
    case 'done':
      return status.last === undefined ? 'done' : elapsed(status.last.seconds)
    case 'failed':
      return status.last.attempt > 1 ? `failed ${style.unicode ? '×' : 'x'}${status.last.attempt}` : 'failed'
    case 'queued': {
      if (status.retry === undefined || status.retry.atMs <= nowMs) return 'queued'
      const left = elapsed((status.retry.atMs - nowMs) / 1000)
      return width(`retry ${left}`) > room ? `in ${left}` : `retry ${left}`
    }
    default:
      return room < status.state.length ? (shortWords[status.state] ?? status.state) : status.state
  }
}
