import { commands } from '../commands.ts'
import { layoutOf } from '../layout.ts'
import { attention } from '../rows.ts'
import type { Overlay, UiState } from '../state.ts'
import { bold, dim, type Line, lookOf, signSpan, span } from '../style.ts'
import { fillLine, lineWidth, padEnd, plain, width, wrapWords } from '../text.ts'
import type { View } from '../view.ts'
import type { Box } from './box.ts'

type TextOverlay = Overlay & { readonly kind: 'help' | 'message' }

/** Below this the legend stands under the keys. */
const twoColumns = 100

/** Lines of the text, and how many of them are seen. */
export function textRows(
  overlay: TextOverlay,
  state: UiState,
  view: View,
): { readonly count: number; readonly page: number } {
  return { count: content(overlay, state, view).length, page: pageRows(state, view) }
}

/** Text that is only read: help, or a message. */
export function textBox(overlay: TextOverlay, state: UiState, view: View): Box {
  const lines = content(overlay, state, view)
  const page = pageRows(state, view)
  const shown = lines.slice(overlay.top, overlay.top + page)
  const below = lines.length - overlay.top - shown.length
  return {
    title: overlay.kind === 'help' ? 'help' : plain(overlay.title),
    lines: shown,
    foot:
      below > 0 || overlay.top > 0
        ? `${overlay.top + shown.length} of ${lines.length} lines, ↓ scrolls`.replace(
            '↓',
            view.style.unicode ? '↓' : 'j',
          )
        : undefined,
  }
}

/** The box keeps two lines for its frame. */
function pageRows(state: UiState, view: View): number {
  const layout = layoutOf(state, view)
  return layout.kind === 'tiny' ? 1 : Math.max(1, layout.body.rows - 2)
}

function content(overlay: TextOverlay, state: UiState, view: View): readonly Line[] {
  const columns = Math.max(10, state.columns - 8)
  if (overlay.kind === 'help') return help(state, view)
  return overlay.lines
    .flatMap((line) => wrapWords(plain(line), Math.min(columns, 96), view.style))
    .map((line) => [span(line)])
}

function help(state: UiState, view: View): readonly Line[] {
  const keys = keyLines(view)
  const signs = legend(view)
  if (state.columns < twoColumns) return [...keys, [], ...signs]
  const left = Math.max(...keys.map(lineWidth)) + 3
  return Array.from({ length: Math.max(keys.length, signs.length) }, (_, i) => [
    ...fillLine(keys[i] ?? [], left, view.style),
    ...(signs[i] ?? []),
  ])
}

const keyColumns = 16

function keyLines({ style }: View): Line[] {
  const line = (keys: string, text: string): Line => [span(padEnd(keys, keyColumns), bold), span(text)]
  const arrows = style.unicode ? '↑ ↓  j k' : 'up down  j k'
  const moves = [
    line(arrows, 'move'),
    line('g G  home end', 'first, last'),
    line('pgup pgdn ^u ^d', 'a page, half a page'),
    line('esc', 'back; then clears marks, then the filter'),
  ]
  // One line for keys that are a pair.
  const seen = new Set<string>()
  const rest = commands.flatMap(({ shown, title }): Line[] => {
    if (shown === '' || seen.has(shown)) return []
    seen.add(shown)
    return [line(shown, title)]
  })
  const log = [
    [],
    [span('in the log', dim)],
    line('f  G', 'follow; scrolling up ends it'),
    line('/  n N', 'search the whole file'),
    line('w', 'wrap long lines'),
    line('[ ]', 'earlier or later attempt'),
    line('e', 'open it in $PAGER'),
  ]
  return [...moves, ...rest, ...log]
}

const meanings = {
  failed: 'the last attempt failed; its log tells more',
  blocked: 'what it is made from was not made',
  protected: 'a person edited it, and it is stale',
  running: 'it runs now',
  stale: 'to be made anew, and nobody asked for it',
  queued: 'all it needs is there; short of slots',
  held: 'a person holds it back',
  cancelled: 'a person stopped it',
  waiting: 'what it is made from is not there yet',
  orphaned: 'kept, but what it was made from is gone',
  done: 'up to date',
} as const

function legend({ style }: View): Line[] {
  const states = attention.map(
    (state): Line => [
      signSpan(style, state),
      span(`  ${padEnd(state, 11)}`, lookOf(state)),
      span(meanings[state], dim),
    ],
  )
  const filters = [
    ['text  m1*_g0', 'names that hold it, or look so'],
    ['is:failed,running', 'any of these states'],
    ['phy:queued', 'the state of one rule'],
    ['pool:ram  by:ana', 'needs a pool; concerns a person'],
    ['age>2d  took>6h', 'since when; how long'],
    ['tries>1  !m101', 'attempts; not'],
  ] as const
  const wide = Math.max(...filters.map(([text]) => width(text))) + 2
  return [
    ...states,
    [],
    [span('a filter: all of its words must fit', dim)],
    ...filters.map(([text, meaning]): Line => [span(padEnd(text, wide), bold), span(meaning, dim)]),
  ]
}
