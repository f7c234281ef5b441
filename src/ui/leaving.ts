import { plural } from '../core/sizes.ts'
import type { Board } from '../model/board.ts'
import { countsOf, factsOf } from './facts.ts'
import { attention } from './rows.ts'
import { bold, dim, type Line, paintLine, signSpan, span } from './style.ts'
import { cutLine, plain } from './text.ts'
import type { View } from './view.ts'
import { whyText } from './words.ts'

/** More failures than these are a list of their own. */
const failuresShown = 10

/** What stays on the normal screen after the UI is left: jobs that go on, counts, failures, how to come back. */
export function leavingLines(view: View, columns: number): readonly string[] {
  const { board, style } = view
  const lines = board === undefined ? [[span('labmake', bold), span('  No engine answered.')]] : page(board, view)
  return lines.map((line) => paintLine(cutLine(line, columns, style), style))
}

function page(board: Board, view: View): Line[] {
  const counts = countsOf(view)
  const counted = attention
    .filter((state) => counts[state] > 0)
    .flatMap((state): Line => [span('  '), signSpan(view.style, state), span(` ${counts[state]} ${state}`)])
  return [
    [span('labmake', bold), span(`  ${goesOn(board, view, counts.running)}`)],
    ...(counted.length === 0 ? [] : [counted]),
    ...failures(board, view),
    [
      span('  labmake watch', bold),
      span(' comes back   ', dim),
      span('labmake status', bold),
      span(' lists   ', dim),
      span('labmake engine stop', bold),
      span(' ends it', dim),
    ],
  ]
}

function goesOn({ engine }: Board, { link }: View, running: number): string {
  const jobs = running === 0 ? 'Nothing runs' : running === 1 ? '1 job goes on' : `${running} jobs go on`
  // Last, since it tells least: a line that is cut loses it first.
  const where = `(process ${engine.pid} on ${plain(engine.host)})`
  if (link.state !== 'alive') return `${jobs}, as far as is known: the engine does not answer ${where}.`
  if (engine.mode === 'build') return `${jobs}; the build ends by itself ${where}.`
  return `${jobs}; the engine looks after the inbox ${where}.`
}

function failures(board: Board, view: View): Line[] {
  const facts = factsOf(view)!
  const failed = [...board.jobs.values()].flatMap((job) =>
    job.status.state === 'failed' ? [{ job, endedMs: job.status.last.endedMs }] : [],
  )
  const newest = failed.sort((a, b) => b.endedMs - a.endedMs)
  const shown = newest
    .slice(0, failuresShown)
    .map(
      ({ job }): Line => [
        span('  '),
        signSpan(view.style, 'failed'),
        span(` ${plain(job.id)}  `),
        span(plain(whyText(job, facts)), dim),
      ],
    )
  const rest = failed.length - shown.length
  return rest > 0 ? [...shown, [span(`  and ${plural(rest, 'failure')} more: labmake status`, dim)]] : shown
}
