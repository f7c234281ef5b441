import { logsOf } from '../chosen.ts'
import type { Pane } from '../layout.ts'
import { logRows } from '../logRows.ts'
import type { LogOverlay, UiState } from '../state.ts'
import { bold, dim, type Line, type Span, signSpan, span } from '../style.ts'
import { cut, plain } from '../text.ts'
import type { View } from '../view.ts'
import { ruler } from './parts.ts'

/** A log on the whole screen, under a line that says of what and where. */
export function logPage(_state: UiState, view: View, pane: Pane, overlay: LogOverlay): readonly Line[] {
  const { style, log } = view
  const job = view.board?.jobs.get(overlay.job)
  const logs = job === undefined ? [] : logsOf(job, view.details.get(overlay.job))
  const shown = overlay.attempt === undefined ? logs.at(-1) : logs.find(({ attempt }) => attempt === overlay.attempt)
  const isShown = log !== undefined && log.path === shown?.path
  const rows = isShown ? logRows(log, overlay, pane.columns, pane.rows - 1) : []
  const attempt =
    shown === undefined ? '' : `  attempt ${shown.attempt}${logs.length > 1 ? ` of ${logs.at(-1)!.attempt}` : ''}`
  const title: Span[] = [
    span('log ', bold),
    ...(job === undefined ? [] : [signSpan(style, job.status.state), span(' ')]),
    span(plain(overlay.job), bold),
    span(attempt, dim),
  ]
  const last = rows.at(-1)
  const place = overlay.follow ? 'following' : `line ${(last?.line ?? 0) + 1} of ${log?.count ?? 0}`
  const lines: Line[] = [ruler(pane.columns, style, title, [span(place, dim)])]
  if (rows.length > 0)
    return [...lines, ...rows.map(({ line, text }) => logLine(text, line === overlay.found, overlay, pane, view))]
  return [...lines, [span(emptyText(view, shown !== undefined, isShown), dim)]]
}

function emptyText({ log, details }: View, hasLog: boolean, isShown: boolean): string {
  if (!hasLog) return details.size === 0 ? '' : ' It has not run yet: there is no log.'
  if (!isShown || log?.state === 'reading') return ' Reading the log.'
  return log?.state === 'missing' ? ' The log is not there any more.' : ' It has written nothing yet.'
}

/** What was searched for is turned over; in the line that the search found, loudly. */
function logLine(text: string, isFound: boolean, { search }: LogOverlay, { columns }: Pane, { style }: View): Line {
  const shown = cut(text, columns, style)
  const wanted = plain(search.text)
  if (wanted === '' || search.before !== undefined) return [span(shown)]
  const spans: Span[] = []
  // As the search does: small letters find capitals too.
  const lower = wanted === wanted.toLowerCase() ? shown.toLowerCase() : shown
  // A letter that is longer in lower case would shift what is found: then nothing is turned over.
  if (lower.length !== shown.length) return [span(shown)]
  let at = 0
  for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
    spans.push(span(shown.slice(at, next)))
    spans.push(
      span(shown.slice(next, next + wanted.length), isFound ? { inverse: true, bold: true } : { underline: true }),
    )
    at = next + wanted.length
  }
  return [...spans, span(shown.slice(at))]
}
