import { amountText } from '../../core/amounts.ts'
import { holdersText, usedText } from '../../core/poolText.ts'
import type { PoolFact } from '../facts.ts'
import { poolsOf } from '../facts.ts'
import { paletteCommands } from '../palette.ts'
import { stepOf } from '../poolKeys.ts'
import type { Choice, ChoiceOption, Confirm, Overlay, Prompt, UiState } from '../state.ts'
import { bold, dim, inverse, type Line, type Look, type Span, span } from '../style.ts'
import { cutMiddle, cutStart, ellipsis, fillLine, padEnd, plain, width, wrapWords } from '../text.ts'
import type { View } from '../view.ts'
import { type Box, type BoxLine, boxLines, gapLine, weights } from './box.ts'
import { gauge } from './parts.ts'

// Small things that lie over the screen.

/** Columns of text in a box on a screen of this width. */
const innerColumns = (columns: number) => Math.max(1, columns - 8)

export function confirmBox({ title, lines, loss, rest, yes }: Confirm, { columns }: UiState, { style }: View): Box {
  const said = (text: string, weight: number, look?: Look) =>
    boxLines(
      wrapWords(plain(text), innerColumns(columns), style).map((line) => [span(line, look)]),
      weight,
    )
  const answers: Line = [span('y', bold), span(` ${yes}    `), span(' n ', inverse), span(' no (enter, esc)', dim)]
  return {
    title: plain(title),
    lines: [
      ...lines.flatMap((line) => said(line, weights.more)),
      gapLine,
      ...said(loss, weights.important, bold),
      ...said(rest, weights.text, dim),
      gapLine,
      { line: answers, weight: weights.needed },
    ],
  }
}

export function choiceBox({ title, lines, options, index }: Choice, { columns }: UiState, { style }: View): Box {
  const chosen = style.unicode ? '▌' : '>'
  const option = ({ key, title: text }: ChoiceOption, i: number): Line => [
    span(i === index ? chosen : ' ', { color: 'cyan', bold: true }),
    span(` ${key}`, bold),
    span(`  ${plain(text)}`, i === index ? bold : undefined),
  ]
  const texts = lines.flatMap((line) => wrapWords(plain(line), innerColumns(columns), style))
  const hint: Line = [
    span('enter', bold),
    span(' chooses   ', dim),
    span('esc', bold),
    span(' leaves it as it is', dim),
  ]
  return {
    title: plain(title),
    lines: [
      ...boxLines(
        texts.map((line) => [span(line)]),
        weights.text,
      ),
      gapLine,
      ...boxLines(options.map(option), weights.needed),
      gapLine,
      { line: hint, weight: weights.more },
    ],
  }
}

export function promptBox({ title, text, problem }: Prompt, { columns }: UiState, { style }: View): Box {
  const hint: Line = [span('enter', bold), span(' takes it   ', dim), span('esc', bold), span(' back', dim)]
  const typed = cutStart(plain(text), innerColumns(columns) - 1, style)
  return {
    title: plain(title),
    columns: 44,
    lines: [
      { line: [span(typed), span(' ', inverse)], weight: weights.needed },
      gapLine,
      problem === undefined
        ? { line: hint, weight: weights.more }
        : { line: [span(plain(problem), { color: 'red', bold: true })], weight: weights.important },
    ],
  }
}

/** Pools with their slots, how many wait, and who changed them. */
export function poolsBox(overlay: Overlay & { readonly kind: 'pools' }, state: UiState, view: View): Box {
  const pools = poolsOf(view)
  const names = Math.max(4, ...pools.map(({ name }) => width(plain(name))))
  const selected = pools.find(({ name }) => name === overlay.selected) ?? pools[0]
  const shares = Math.max(7, ...pools.map((pool) => ownText(pool).length + 1))
  const asked = new Set(state.pending.flatMap(({ action }) => ('pool' in action ? [action.pool] : [])))
  const none: BoxLine[] = [{ line: [span('No rule file declares a pool.', dim)], weight: weights.needed }]
  const keys: Line = [
    ...keyWord('space', selected?.pausedBy === undefined ? 'pause' : 'resume'),
    ...keyWord(
      view.style.unicode ? '+ −' : '+ -',
      selected?.counts === 'bytes' ? amountText(stepOf(selected)) : 'slots',
    ),
    ...keyWord('0', 'as the rules say'),
    ...keyWord('esc', 'back'),
  ]
  const note: Line = [span('Nothing that runs is ended by it. It holds until the engine ends.', dim)]
  return {
    title: 'pools',
    columns: 58,
    lines: [
      ...(pools.length === 0 ? none : []),
      ...pools.map((pool) => ({
        line: poolLine(pool, { names, shares, isSelected: pool === selected, isAsked: asked.has(pool.name) }, view),
        weight: pool === selected ? weights.needed : weights.important,
      })),
      ...adviceLines(state, view),
      gapLine,
      { line: keys, weight: weights.text },
      { line: note, weight: weights.more },
    ],
  }
}

/** What past attempts say of the pools: what may go wrong first, and loudest. */
function adviceLines({ columns }: UiState, { advice, style }: View): BoxLine[] {
  const lines = advice.flatMap(({ text, hint, isTooMuch }) => {
    const said = wrapWords(plain(hint === undefined ? text : `${text}. ${hint}`), innerColumns(columns), style)
    const look: Look = isTooMuch ? { color: 'yellow' } : dim
    return boxLines(
      said.map((line) => [span(line, look)]),
      isTooMuch ? weights.text : weights.more,
    )
  })
  return lines.length === 0 ? [] : [gapLine, ...lines]
}

const keyWord = (key: string, word: string): Span[] => [span(key, bold), span(` ${word}   `, dim)]
/** More squares than this are not counted by eye. */
const widestGauge = 12

/** Apart from what others have of it. */
const ownText = ({ used, slots, counts }: PoolFact) => usedText(used, { slots, counts })

interface PoolRow {
  /** Columns of the names, and of what is used. */
  readonly names: number
  readonly shares: number
  readonly isSelected: boolean
  readonly isAsked: boolean
}

function poolLine(pool: PoolFact, { names, shares, isSelected, isAsked }: PoolRow, { style }: View): Line {
  const { name, used, slots, declared, counts, queued, pausedBy, shared } = pool
  const told = (share: number) => (counts === 'bytes' ? amountText(share) : String(share))
  const look = { color: pausedBy === undefined ? 'cyan' : 'yellow' } as const
  const bar = gauge(slots === 0 ? 0 : used / slots, Math.max(1, Math.min(slots, widestGauge)), look, style)
  const notes = [
    queued > 0 ? `${queued} in line` : '',
    pausedBy === undefined ? '' : `paused by ${plain(pausedBy)}`,
    shared === undefined || shared.usedByOthers === 0
      ? ''
      : `${told(shared.usedByOthers)}${plain(holdersText(shared))}`,
    slots === declared ? '' : `the rules say ${told(declared)}`,
  ].filter((note) => note !== '')
  return [
    span(isSelected ? (style.unicode ? '▌' : '>') : ' ', { color: 'cyan', bold: true }),
    span(` ${padEnd(plain(name), names)} `, bold),
    ...fillLine(bar, widestGauge, style),
    span(` ${padEnd(ownText(pool), shares)}`),
    span(isAsked ? `${ellipsis(style)} ` : ''),
    span(notes.join(', '), pausedBy === undefined ? dim : { color: 'yellow' }),
  ]
}

/** All that can be done here, found by typing. */
export function paletteBox(
  overlay: Overlay & { readonly kind: 'palette' },
  state: UiState,
  rows: number,
  view: View,
): Box {
  const { style } = view
  const commands = paletteCommands(state, overlay)
  const room = Math.max(1, rows - 5)
  const from = Math.max(0, Math.min(overlay.index - (room >> 1), commands.length - room))
  const columns = Math.max(20, Math.min(64, state.columns - 8))
  const lines = commands.slice(from, from + room).map(({ title, shown }, i): Line => {
    const isSelected = from + i === overlay.index
    const text = cutMiddle(title, columns - 8, style)
    return [
      span(isSelected ? (style.unicode ? '▌' : '>') : ' ', { color: 'cyan', bold: true }),
      span(` ${padEnd(text, columns - 8)} `, isSelected ? bold : undefined),
      span(shown.padStart(5), dim),
    ]
  })
  return {
    title: 'actions',
    columns,
    lines: [
      {
        line: [span(`:${cutStart(plain(overlay.text), columns - 3, style)}`), span(' ', inverse)],
        weight: weights.needed,
      },
      gapLine,
      ...boxLines(lines.length === 0 ? [[span('  Nothing is called that.', dim)]] : lines, weights.text),
    ],
    foot: commands.length > room ? `${commands.length} actions` : undefined,
  }
}
