import { chosenJob } from './chosen.ts'
import { type Layout, layoutOf } from './layout.ts'
import { bars } from './panes/bars.ts'
import { batchPage } from './panes/batchPage.ts'
import { type Box, overlay } from './panes/box.ts'
import { choiceBox, confirmBox, paletteBox, poolsBox, promptBox } from './panes/boxes.ts'
import { detail } from './panes/detail.ts'
import { firstRun } from './panes/empty.ts'
import { footer } from './panes/footer.ts'
import { header } from './panes/header.ts'
import { history } from './panes/history.ts'
import { inbox } from './panes/inbox.ts'
import { batchList } from './panes/list.ts'
import { logPage } from './panes/logPage.ts'
import { map } from './panes/map.ts'
import { dash } from './panes/parts.ts'
import { textBox } from './panes/textBox.ts'
import { tiny } from './panes/tiny.ts'
import type { Overlay, UiState } from './state.ts'
import { dim, grey, type Line, paintLine, span } from './style.ts'
import { cutLine, fillLine } from './text.ts'
import type { View } from './view.ts'

/** The whole picture: exactly `state.rows` painted lines, none wider than `state.columns`. */
export function frame(state: UiState, view: View): readonly string[] {
  const layout = layoutOf(state, view)
  const lines = layout.kind === 'tiny' ? boxed(tiny(state, view), state, view, state.rows) : full(state, view, layout)
  return exactly(lines, state.rows).map((line) => paintLine(cutLine(line, state.columns, view.style), view.style))
}

function full(state: UiState, view: View, layout: Layout & { readonly kind: 'full' }): readonly Line[] {
  const { columns } = state
  const { rows } = layout.body
  const under = exactly(body(state, view, layout), rows)
  return [
    ...header(state, view),
    ...bars(view, columns, layout.bars),
    [span(dash(view.style).repeat(columns), dim)],
    ...boxed(view.link.state === 'gone' ? under.map(greyed) : under, state, view, rows),
    footer(state, view),
  ]
}

/** The last picture of an engine that is gone: what it says is old. */
function greyed(line: Line): Line {
  return line.map(({ text, look }) => ({ text, look: look?.inverse ? { inverse: true } : grey }) as const)
}

function body(state: UiState, view: View, layout: Layout & { readonly kind: 'full' }): readonly Line[] {
  const page = state.overlays.findLast(({ kind }) => kind === 'log' || kind === 'batch')
  if (page?.kind === 'log') return logPage(state, view, layout.body, page)
  if (page?.kind === 'batch' && chosenJob(state, view) !== undefined) return batchPage(state, view, layout.body)
  switch (state.screen) {
    case 'batches':
      return batches(state, view, layout)
    case 'map':
      return isEmpty(view) ? firstRun(view, layout.body.columns) : map(state, view, layout.body)
    case 'inbox':
      return inbox(state, view, layout.body)
    case 'history':
      return history(state, view, layout.body)
  }
}

const isEmpty = ({ board }: View) => board === undefined || board.jobs.size === 0

function batches(
  state: UiState,
  view: View,
  { list, detail: pane, body: whole }: Layout & { readonly kind: 'full' },
): readonly Line[] {
  if (isEmpty(view)) return firstRun(view, whole.columns)
  const left = list === undefined ? [] : exactly(batchList(state, view, list), list.rows)
  if (pane === undefined) return left
  const right = exactly(detail(state, view, pane), pane.rows)
  if (list === undefined) return right
  if (pane.side) return left.map((line, y) => [...fillLine(line, list.columns, view.style), ...right[y]!])
  return [...left, [span(dash(view.style).repeat(whole.columns), dim)], ...right]
}

/** What lies over the body. */
function boxed(under: readonly Line[], state: UiState, view: View, rows: number): readonly Line[] {
  const top = state.overlays.at(-1)
  const box = top === undefined ? undefined : boxOf(top, state, view, rows)
  return box === undefined ? under : overlay(exactly(under, rows), box, state.columns, rows, view)
}

function boxOf(top: Overlay, state: UiState, view: View, rows: number): Box | undefined {
  switch (top.kind) {
    case 'help':
    case 'message':
      return textBox(top, state, view)
    case 'confirm':
      return confirmBox(top, state, view)
    case 'choice':
      return choiceBox(top, state, view)
    case 'prompt':
      return promptBox(top, state, view)
    case 'pools':
      return poolsBox(top, state, view)
    case 'palette':
      return paletteBox(top, state, rows, view)
    case 'log':
    case 'batch':
      return undefined
  }
}

function exactly(lines: readonly Line[], rows: number): readonly Line[] {
  return Array.from({ length: rows }, (_, y) => lines[y] ?? [])
}
