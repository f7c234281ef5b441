import { readingText } from '../../core/readingText.ts'
import type { Board } from '../../model/board.ts'
import { bold, dim, type Line, span } from '../style.ts'
import { plain, wrapWords } from '../text.ts'
import { elapsed } from '../times.ts'
import type { Link, View } from '../view.ts'

/** What a workspace shows that has no batch yet. */
export function firstRun(view: View, columns: number): readonly Line[] {
  const { board, style, link } = view
  if (board === undefined) return [[], [span(joiningText(link), dim)]]
  if (board.rules.length === 0) return noRules(board, columns, view)
  const example = 'cp -r /media/rig/m101_2026-08-01 inbox/'
  const quiet = `It is taken once it has been still for ${elapsed(board.quietMs / 1000)}, then ${chain(board.rules)}.`
  const read = `${board.rules.length === 1 ? '1 rule was' : `${board.rules.length} rules were`} read: ${board.rules.map(plain).join(', ')}.   ? for help`
  const wrap = (text: string) => wrapWords(text, columns - 4, style).map((line): Line => [span(`   ${line}`, dim)])
  return [
    [],
    [span('   Nothing here yet.', bold)],
    [],
    [span('   Drop a recording folder into  '), span('inbox/', bold)],
    [span(`   for example   ${example}`, dim)],
    [],
    ...wrap(quiet),
    ...wrap(read),
  ]
}

/** Of an engine that was just started: of thousands of batches it looks at the files of each. */
function joiningText(link: Link): string {
  if (link.state !== 'joining') return ''
  const { reading } = link
  return reading === undefined ? '   Asking the engine of this workspace.' : `   The engine ${readingText(reading)}.`
}

/** `denoise and phy run`. */
function chain(rules: readonly string[]): string {
  const names = rules.slice(0, 4).map(plain)
  if (names.length === 1) return `${names[0]} runs`
  const last = rules.length > names.length ? 'others' : names.pop()!
  return `${names.join(', ')} and ${last} run`
}

function noRules({ faults }: Board, columns: number, { style }: View): Line[] {
  const why =
    faults.length > 0
      ? 'No rule could be read: the line above says where to look. As soon as the file is mended it is read again.'
      : 'There are no rules yet. Put a rule file into rules/: it is read at once.'
  return [
    [],
    [span('   Nothing here yet.', bold)],
    [],
    ...wrapWords(why, columns - 4, style).map((line): Line => [span(`   ${line}`)]),
  ]
}
