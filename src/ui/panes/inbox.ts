import { plural, sizeText } from '../../core/sizes.ts'
import type { Drop } from '../../model/board.ts'
import { dropHint, dropText, sentence } from '../dropWords.ts'
import { dropsOf } from '../facts.ts'
import type { Pane } from '../layout.ts'
import type { UiState } from '../state.ts'
import { bold, dim, type Line, lookOf, type Span, signSpan, span } from '../style.ts'
import { cut, ellipsis, fill, fillMiddle, padStart, plain, wrapWords } from '../text.ts'
import { elapsed } from '../times.ts'
import type { View } from '../view.ts'
import { selectedLine } from './list.ts'
import { ruler } from './parts.ts'

const sizeColumns = 8
const stateColumns = 12
/** Rows that the selected one gets for all that is to be said of it. */
const detailRows = 6

/** What lies in the inbox: what waits for a person first. */
export function inbox(state: UiState, view: View, pane: Pane): readonly Line[] {
  const drops = dropsOf(view)
  const { style } = view
  if (drops.length === 0) return emptyInbox(view, pane.columns)
  const nameColumns = Math.max(12, Math.min(40, Math.floor(pane.columns * 0.36)))
  const chosen = drops.find((drop) => drop.name === state.inbox.selected)
  const below = chosen !== undefined && pane.rows >= detailRows + 6 ? detailRows : 0
  const heading = `   ${fill('inbox/', nameColumns, style)} ${padStart('size', sizeColumns)}  `
  const lines: Line[] = [[span(heading, bold), span(`${fill('state', stateColumns, style)}why`, dim)]]
  const { top } = state.inbox
  const asked = new Set(state.pending.flatMap(({ action }) => (action.type === 'take' ? [action.drop] : [])))
  for (const drop of drops.slice(top, top + pane.rows - 1 - below)) {
    const line = dropLine(drop, { nameColumns, columns: pane.columns, isAsked: asked.has(drop.name) }, view)
    lines.push(drop === chosen ? selectedLine(line, pane.columns, state.overlays.length === 0, view) : line)
  }
  if (below === 0 || chosen === undefined) return lines
  while (lines.length < pane.rows - below) lines.push([])
  return [...lines, ...dropDetail(chosen, view, pane.columns).slice(0, below)]
}

interface DropColumns {
  readonly nameColumns: number
  readonly columns: number
  /** The engine was asked to take it, and has not answered. */
  readonly isAsked: boolean
}

function dropLine(drop: Drop, { nameColumns, columns, isAsked }: DropColumns, view: View): Line {
  const { style } = view
  const note = columns - 3 - nameColumns - 1 - sizeColumns - 2 - stateColumns
  return [
    span(' '),
    span('  '),
    span(`${fillMiddle(plain(drop.name), nameColumns, style)} `),
    span(`${padStart(sizeText(drop.bytes), sizeColumns)}  `),
    ...stateCell(drop, view),
    span(isAsked ? ellipsis(style) : cut(plain(dropText(drop, view.nowMs)), note, style), dim),
  ]
}

function stateCell({ state }: Drop, { style }: View): Line {
  const word = (text: string, look = {}): Span => span(` ${text.padEnd(stateColumns - 2)}`, look)
  switch (state.kind) {
    case 'refused':
      return [signSpan(style, 'failed'), word('refused', lookOf('failed'))]
    case 'conflict':
      return [signSpan(style, 'blocked'), word('conflict', { color: 'magenta', bold: true })]
    case 'stalled':
      return [span('!', { color: 'yellow', bold: true }), word('stalled', { color: 'yellow' })]
    case 'arriving':
      return [signSpan(style, 'running'), word('arriving')]
    case 'settling':
      return [signSpan(style, 'queued'), word('settling')]
    case 'taking':
      return [signSpan(style, 'running'), word('taking', lookOf('running'))]
  }
}

function dropDetail(drop: Drop, view: View, columns: number): Line[] {
  const hint = dropHint(drop)
  const said = wrapWords(plain(sentence(dropText(drop, view.nowMs))), columns - 2, view.style)
  const advised = hint === undefined ? [] : wrapWords(plain(hint), columns - 2, view.style)
  const title = [span(plain(drop.name), bold)]
  return [
    ruler(columns, view.style, title, [span(`${plural(drop.files, 'file')}, ${sizeText(drop.bytes)}`, dim)]),
    ...said.slice(0, 3).map((line): Line => [span(` ${line}`)]),
    ...advised.slice(0, 2).map((line): Line => [span(` ${line}`, dim)]),
  ]
}

function emptyInbox({ board, style }: View, columns: number): Line[] {
  const quiet = board === undefined ? '' : ` It is taken once it has been still for ${elapsed(board.quietMs / 1000)}.`
  return [
    [span('   inbox/', bold)],
    [],
    [span('   Nothing lies in the inbox.')],
    ...wrapWords(`Drop a recording folder or a manifest into it.${quiet}`, columns - 4, style).map(
      (line): Line => [span(`   ${line}`, dim)],
    ),
  ]
}
