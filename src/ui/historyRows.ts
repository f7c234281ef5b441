import { briefCauseText, fullCauseText } from '../core/reasons.ts'
import { plural, sizeText } from '../core/sizes.ts'
import type { JobState } from '../model/board.ts'
import type { DropRecord, JournalRecord } from '../model/record.ts'
import { memo } from './memo.ts'
import { elapsed } from './times.ts'
import type { View } from './view.ts'

/** One line of the history. */
export interface HistoryRow {
  /** Tells it from all others. */
  readonly id: string
  readonly atMs: number
  /** Whose sign it has; undefined for what a person did. */
  readonly state: JobState | undefined
  /** The job, the drop, or who did it. */
  readonly what: string
  /** Undefined where nothing took any time. */
  readonly took: string | undefined
  readonly text: string
  /** What there is to say beyond its line. */
  readonly more: readonly string[]
}

/** Newest first. */
const allRows: (view: View) => readonly HistoryRow[] = memo(
  (view: View) => [view.history],
  ({ history }) => (history ?? []).flatMap((record, i) => rowOf(record, i)).reverse(),
)

/** Those that hold every word of the filter. */
export const historyRows: (filter: string, view: View) => readonly HistoryRow[] = memo(
  (filter: string, view: View) => [filter, allRows(view)],
  (filter, view) => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length === 0) return allRows(view)
    return allRows(view).filter(({ what, text, state }) => {
      const line = `${what} ${text} ${state ?? ''}`.toLowerCase()
      return words.every((word) => (word[0] === '!' ? !line.includes(word.slice(1)) : line.includes(word)))
    })
  },
)

function rowOf(record: JournalRecord, index: number): HistoryRow[] {
  const at = { id: `${index} ${record.at}`, atMs: Date.parse(record.at), took: undefined, more: [] }
  switch (record.type) {
    case 'started':
      return []
    case 'made':
      return [
        {
          ...at,
          state: 'done',
          what: record.job,
          took: elapsed(record.seconds),
          text: record.target,
          more: [`Attempt ${record.attempt}, of ${sizeText(record.sourceBytes)} of sources.`, `Log: ${record.log}`],
        },
      ]
    case 'failed':
      return [
        {
          ...at,
          state: 'failed',
          what: record.job,
          took: elapsed(record.seconds),
          text: briefCauseText(record.cause, record.seconds),
          more: [`Attempt ${record.attempt}: ${fullCauseText(record.cause)}.`, `Log: ${record.log}`],
        },
      ]
    case 'cancelled': {
      const by = record.by ?? 'the end of labmake'
      return [{ ...at, state: 'cancelled', what: record.job, took: elapsed(record.seconds), text: `stopped by ${by}` }]
    }
    case 'accepted':
      return [{ ...at, state: 'protected', what: record.job, text: `${record.by} called it current as it is` }]
    case 'rebuild':
      return [{ ...at, state: 'stale', what: record.job, text: `${record.by} asked for it to be made again` }]
    case 'action':
      return [{ ...at, state: undefined, what: record.by, text: record.text, more: record.targets }]
    case 'drop':
      return [{ ...at, ...dropRow(record) }]
    default:
      return [{ ...at, ...unknownRow(record) }]
  }
}

function dropRow({ drop, outcome }: DropRecord): Pick<HistoryRow, 'state' | 'what' | 'text' | 'more'> {
  const what = `inbox/${drop}`
  switch (outcome.kind) {
    case 'taken': {
      const text = `taken: ${plural(outcome.files, 'file')}, ${sizeText(outcome.bytes)}`
      return { state: 'done', what, text, more: outcome.stored }
    }
    case 'same':
      return {
        state: 'done',
        what,
        text: 'the very same was here already',
        more: [...outcome.as, `Kept in ${outcome.attic}`],
      }
    case 'refused': {
      const hint = outcome.hint === undefined ? [] : [outcome.hint]
      return { state: 'failed', what, text: `refused: ${outcome.why}`, more: [...hint, `It lies in ${outcome.kept}`] }
    }
    case 'conflict': {
      const text = `in conflict with ${outcome.with}: ${outcome.why}`
      return { state: 'blocked', what, text, more: [`It lies in ${outcome.kept}`] }
    }
  }
}

/** In a journal there may be records that only a newer labmake knows. */
function unknownRow(record: never): Pick<HistoryRow, 'state' | 'what' | 'text'> {
  const { type, job } = record as { readonly type: string; readonly job?: string }
  return { state: undefined, what: job ?? '', text: `${type}, says a newer labmake` }
}
