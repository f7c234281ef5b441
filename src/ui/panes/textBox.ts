import { layoutOf } from '../layout.ts'
import { attention } from '../rows.ts'
import type { Overlay, UiState } from '../state.ts'
import { bold, dim, type Line, lookOf, signSpan, span } from '../style.ts'
import { fillLine, lineWidth, padEnd, plain, width, wrapWords } from '../text.ts'
import type { View } from '../view.ts'
import { type Box, boxLines, weights } from './box.ts'

type TextOverlay = Overlay & { readonly kind: 'help' | 'message' }

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
    lines: boxLines(shown, weights.text),
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

/** Within the frame, and the frame within the screen. */
const boxColumns = (state: UiState) => Math.max(10, state.columns - 8)

function content(overlay: TextOverlay, state: UiState, view: View): readonly Line[] {
  if (overlay.kind === 'help') return help(state, view)
  return overlay.lines
    .flatMap((line) => wrapWords(plain(line), Math.min(boxColumns(state), 96), view.style))
    .map((line) => [span(line)])
}

function help(state: UiState, view: View): readonly Line[] {
  const keys = keyLines(view)
  const signs = legend(view)
  const left = Math.max(...keys.map(lineWidth)) + 3
  // Where there is no room for both beside each other the legend stands under the keys.
  if (left + Math.max(...signs.map(lineWidth)) > boxColumns(state)) return [...keys, [], ...signs]
  return Array.from({ length: Math.max(keys.length, signs.length) }, (_, i) => [
    ...fillLine(keys[i] ?? [], left, view.style),
    ...(signs[i] ?? []),
  ])
}

const keyColumns = 17

/** All keys; a test holds them against the table of commands. */
export const helpKeys: readonly (readonly [keys: string, text: string])[] = [
  ['↑ ↓  j k', 'move; ← → on the map'],
  ['g G  ^u ^d', 'first, last, half a page'],
  ['pgup pgdn', 'a page'],
  ['1 2 3 4', 'batches, map, inbox, history'],
  ['enter  esc', 'open; back, then clears marks, then filter'],
  ['tab  z', 'list or pane; give it the whole screen'],
  ['/', 'filter what is shown'],
  ['n N', 'next, previous that failed'],
  ['s S', 'sort by something else, reverse'],
  ['space  v  a', 'mark, a range, all shown'],
  ['r', 'retry what failed or was stopped'],
  ['R', 'make again though up to date (asks)'],
  ['x', 'stop what runs (asks)'],
  ['h', 'hold back what waits, or release it'],
  ['+ -', 'start before, after all others'],
  ['t', 'in the inbox: take it, or decide a conflict'],
  ['p', 'pools: pause them, change their slots'],
  ['l', 'log in full'],
  ['y', 'copy a report'],
  ['u', 'undo what was done last'],
  [':', 'all actions, by name'],
  ['?', 'help'],
  ['q  ^c', 'leave; jobs go on'],
  ['^z', 'go to the shell; fg comes back'],
]

const logKeys: readonly (readonly [keys: string, text: string])[] = [
  ['f', 'follow; scrolling up ends it, G resumes'],
  ['/  n N', 'search the whole file'],
  ['w', 'wrap long lines'],
  ['[ ]', 'earlier, later attempt'],
  ['e', 'open it in $PAGER'],
]

function keyLines({ style }: View): Line[] {
  const shown = (keys: string) => (style.unicode ? keys : keys.replace('↑ ↓', 'up down'))
  const line = ([keys, text]: readonly [string, string]): Line => [
    span(padEnd(shown(keys), keyColumns), bold),
    span(style.unicode ? text : text.replace('← →', 'left right')),
  ]
  return [...helpKeys.map(line), [], [span('in the log', dim)], ...logKeys.map(line)]
}

const meanings = {
  failed: 'the last attempt failed',
  blocked: 'what it is made from was not made',
  protected: 'edited by a person, and stale',
  running: 'it runs now',
  stale: 'stale, and nobody asked for it',
  queued: 'all it needs is there but slots',
  held: 'a person holds it back',
  cancelled: 'a person stopped it',
  waiting: 'what it is made from is not there',
  orphaned: 'kept, though its source is gone',
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
    ['m108  m1*_g0', 'in the name'],
    ['is:failed,running', 'any of these states'],
    ['phy:queued', 'the state of one rule'],
    ['pool:ram  by:ana', 'a pool, a person'],
    ['age>2d  took>6h', 'how old, how long'],
    ['tries>1  !m101', 'attempts; not this'],
  ] as const
  const wide = Math.max(...filters.map(([text]) => width(text))) + 2
  return [
    ...states,
    [],
    [span('in a filter all words must fit', dim)],
    ...filters.map(([text, meaning]): Line => [span(padEnd(text, wide), bold), span(meaning, dim)]),
  ]
}
