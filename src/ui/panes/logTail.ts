import type { BoardJob } from '../../model/board.ts'
import { logOf } from '../chosen.ts'
import { bold, dim, type Line, span } from '../style.ts'
import { plain } from '../text.ts'
import type { View } from '../view.ts'
import { ruler } from './parts.ts'

/** The end of a job's log under a line that names it: `rows` lines in all. */
export function logTail(job: BoardJob, view: View, columns: number, rows: number): readonly Line[] {
  if (rows < 2) return []
  const { style, log } = view
  const newest = logOf(job, view.details.get(job.id))
  const follows = job.status.state === 'running' ? [span(' following', dim)] : []
  const title = [span('log ', bold), span(plain(job.name), bold), ...follows]
  const lines: Line[] = [ruler(columns, style, title, newest === undefined ? [] : [span('l full screen', dim)])]
  if (newest === undefined) return [...lines, [span('It has not run yet.', dim)]]
  if (log === undefined || log.path !== newest.path) return lines
  if (log.state === 'missing') return [...lines, [span('The log is not there any more.', dim)]]
  if (log.lines.length === 0)
    return [...lines, [span(log.state === 'reading' ? '' : 'It has written nothing yet.', dim)]]
  return [...lines, ...log.lines.slice(-(rows - 1)).map((text): Line => [span(plain(text))])]
}
