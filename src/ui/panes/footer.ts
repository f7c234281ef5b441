import { markedBatches, targetJobs } from '../chosen.ts'
import { type Command, commandsAt, placeOf } from '../commands.ts'
import { dropsOf } from '../facts.ts'
import { historyRows } from '../historyRows.ts'
import { chosenDrop } from '../inboxKeys.ts'
import { shownRows } from '../order.ts'
import type { LogOverlay, Overlay, UiState } from '../state.ts'
import { bold, dim, inverse, type Line, type Span, span } from '../style.ts'
import { cutLine, cutStart, lineWidth, plain, spread } from '../text.ts'
import type { View } from '../view.ts'

/** The last line: what is typed, what was said, or the keys that work here and now. */
export function footer(state: UiState, view: View): Line {
  const { columns } = state
  const line = typing(state, view) ?? said(state) ?? keys(state, view)
  return cutLine(line, columns, view.style)
}

function typing(state: UiState, view: View): Line | undefined {
  const top = state.overlays.at(-1)
  if (top?.kind === 'log' && top.search.before !== undefined) return searchLine(top, state, view)
  if (top !== undefined) return undefined
  if (state.screen === 'history' && state.history.filter.before !== undefined) {
    const { text } = state.history.filter
    return [
      ...field(text, state, view),
      span(`${historyRows(text, view).length} fit`, dim),
      ...hints('enter keeps  esc back   !word  is not in it'),
    ]
  }
  const { filter } = state.batches
  if (filter.before === undefined) return undefined
  const count = span(`${shownRows(state, view).length} fit`, dim)
  if (filter.problem !== undefined)
    return [
      ...field(filter.text, state, view),
      span(plain(filter.problem), { color: 'red', bold: true }),
      span('   '),
      count,
    ]
  return [...field(filter.text, state, view), count, ...hints('enter keeps  esc back   is:failed  phy:queued  !m101')]
}

/** Of the width, what is typed gets at most this: beside it stands what it does. */
const fieldShare = 0.5

const field = (text: string, { columns }: UiState, { style }: View): Line => [
  span(' /', bold),
  span(cutStart(plain(text), Math.floor(columns * fieldShare), style)),
  span(' ', inverse),
  span('  '),
]
const hints = (text: string): Line => [span(`   ${text}`, dim)]

function searchLine({ search }: LogOverlay, state: UiState, view: View): Line {
  return [...field(search.text, state, view), ...hints('enter searches the whole file  esc back')]
}

function said({ toast }: UiState): Line | undefined {
  if (toast === undefined) return undefined
  const look = toast.tone === 'bad' ? ({ color: 'red', bold: true } as const) : undefined
  const offer: Line = toast.undo === undefined ? [] : [span('   '), span('u', bold), span(' undo', dim)]
  return [span(' '), span(plain(toast.text), look), ...offer]
}

function keys(state: UiState, view: View): Line {
  const top = state.overlays.at(-1)
  const leave: Line = [span('q', bold), span(state.columns >= 100 ? ' leave (jobs go on) ' : ' leave ', dim)]
  // In a question or where one types, q is an answer or a letter.
  const right = top === undefined || isPage(top) ? leave : []
  const pairs = keyWords(top, state, view)
  const marked = markedBatches(state, view).size
  const left: Span[] = [span(' ')]
  if (marked > 0 && top === undefined) left.push(span(`${marked} marked: `, bold))
  for (const [key, word] of pairs) {
    const piece = [span(key, bold), span(` ${word}  `, dim)]
    if (lineWidth(left) + lineWidth(piece) + lineWidth(right) >= state.columns) break
    left.push(...piece)
  }
  return spread(left, right, state.columns, view.style)
}

function keyWords(top: Overlay | undefined, state: UiState, view: View): readonly KeyWord[] {
  switch (top?.kind) {
    case undefined:
    case 'batch':
      return hereKeys(state, view)
    case 'log':
      return [...logKeys(top), ...hereKeys(state, view).filter(([key]) => key === 'r' || key === 'x')]
    case 'confirm':
      return [
        ['y', top.yes],
        ['n', 'no'],
      ]
    default:
      return [['esc', 'back']]
  }
}

const isPage = ({ kind }: Overlay) => kind === 'log' || kind === 'batch' || kind === 'pools'

type KeyWord = readonly [key: string, word: string]

function logKeys({ follow, wrap }: LogOverlay): readonly KeyWord[] {
  return [
    ['esc', 'back'],
    ['f', follow ? 'stay here' : 'follow'],
    ['/', 'search'],
    ['w', wrap ? 'cut' : 'wrap'],
    ['[ ]', 'attempts'],
    ['e', 'pager'],
  ]
}

/** In order of use; what would do nothing to what is chosen is left out. */
const order = ['enter', 't', '/', 'space', 'r', 'x', 'h', '+', 'p', 'l', ':', '?']

function hereKeys(state: UiState, view: View): readonly KeyWord[] {
  const commands = commandsAt(state).filter((command) => isOfUse(command, state, view))
  const pairs = order.flatMap((key): KeyWord[] => {
    const found = commands.find(({ keys }) => keys.includes(key))
    return found === undefined ? [] : [[found.shown, wordOf(found, state, view)]]
  })
  return placeOf(state) === 'batch' ? [['esc', 'back'], ...pairs] : pairs
}

function isOfUse({ short, places }: Command, state: UiState, view: View): boolean {
  if (places.includes('inbox') && places.length === 1)
    return short === 'take' ? canTake(state, view) : dropsOf(view).length > 0
  if (['open', 'filter', 'mark'].includes(short) && state.screen !== 'history' && shownRows(state, view).length === 0)
    return short === 'filter' && state.batches.filter.good !== ''
  if (!['retry', 'stop', 'hold', 'earlier', 'log'].includes(short)) return true
  const states = new Set(targetJobs(state, view).map(({ status }) => status.state))
  const has = (...wanted: readonly string[]) => wanted.some((s) => (states as ReadonlySet<string>).has(s))
  switch (short) {
    case 'retry':
      return has('failed', 'cancelled', 'stale')
    case 'stop':
      return has('running')
    case 'hold':
      return has('queued', 'waiting', 'blocked', 'stale', 'held')
    case 'earlier':
      return has('queued')
    default:
      return has('running', 'done', 'failed', 'cancelled')
  }
}

function canTake(state: UiState, view: View): boolean {
  const kind = chosenDrop(state, view)?.state.kind
  return kind !== undefined && kind !== 'refused' && kind !== 'taking'
}

function wordOf({ short }: Command, state: UiState, view: View): string {
  if (short === 'hold' && targetJobs(state, view).some(({ status }) => status.state === 'held')) return 'release'
  return short
}
