import { signs } from '../../core/signs.ts'
import { countsOf } from '../facts.ts'
import { attention } from '../rows.ts'
import type { UiState } from '../state.ts'
import { bold, dim, type Line, signSpan, span } from '../style.ts'
import { cutLine, lineWidth, wrapWords } from '../text.ts'
import { elapsed } from '../times.ts'
import type { View } from '../view.ts'

/** Where there is no room for a table: one sentence, and the counts, most urgent first. */
export function tiny(state: UiState, view: View): readonly Line[] {
  const { columns, rows } = state
  const sentence = wrapWords(sentenceOf(state, view), columns, view.style)
  const counts = countsOf(view)
  const pieces = attention
    .filter((s) => counts[s] > 0)
    .map((s): Line => [signSpan(view.style, s), span(` ${counts[s]} `, bold), span(s, signs[s].bold ? bold : dim)])
  const counted = flow(pieces, columns)
  // Counts tell more than the sentence: they keep their lines.
  const said = sentence.slice(0, Math.max(1, rows - counted.length)).map((line): Line => [span(line)])
  return [...said, ...counted].slice(0, rows).map((line) => cutLine(line, columns, view.style))
}

/** Pieces one after the other, on as many lines as they need. */
function flow(pieces: readonly Line[], columns: number): Line[] {
  const lines: Line[] = []
  for (const piece of pieces) {
    const last = lines.at(-1)
    const longer: Line | undefined = last && [...last, span('  '), ...piece]
    if (longer !== undefined && lineWidth(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(piece)
  }
  return lines
}

function sentenceOf({ columns, rows }: UiState, { link, nowMs, board }: View): string {
  if (link.state === 'gone')
    return `labmake: the engine is gone for ${elapsed((nowMs - link.sinceMs) / 1000)}; jobs go on.`
  if (board === undefined) return 'labmake: asking the engine.'
  return `labmake: a window of ${columns}x${rows} is too small for a list, which needs 50x12.`
}
