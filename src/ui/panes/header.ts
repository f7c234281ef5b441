import { usedText } from '../../core/poolText.ts'
import { signs } from '../../core/signs.ts'
import { countsOf, dropsOf, needsPerson, type PoolFact, poolsOf } from '../facts.ts'
import { lineOf } from '../lineFacts.ts'
import { attention } from '../rows.ts'
import { screens, type UiState } from '../state.ts'
import { bold, dim, inverse, type Line, type Span, signSpan, span } from '../style.ts'
import { cut, lineWidth, plain, spread } from '../text.ts'
import { clock, dayText, elapsed, roughly, roughlyShort } from '../times.ts'
import type { View } from '../view.ts'
import { fitPieces, gauge, moreOf } from './parts.ts'

/** Wide enough for long words. */
const roomyColumns = 116

/** Below this the tabs need the room of the name. */
const namedColumns = 62

/** Three lines that are always there: tabs, workspace and clock; pools and when all is done; counts, most urgent first. */
export function header(state: UiState, view: View): readonly Line[] {
  return [tabs(state, view), pools(state, view), counts(state, view)]
}

function tabs(state: UiState, view: View): Line {
  const drops = dropsOf(view)
  const left: Span[] = [span(' '), ...(state.columns < namedColumns ? [] : [span('labmake', bold), span(' ')])]
  for (const [i, screen] of screens.entries()) {
    const isOpen = state.screen === screen
    const look = isOpen ? inverse : dim
    left.push(span(` ${i + 1} ${screen} `, look))
    if (screen !== 'inbox' || drops.length === 0) continue
    const waits = drops.some(needsPerson) && !isOpen
    left.push(span(`${drops.length} `, waits ? { color: 'yellow', bold: true } : look))
  }
  const all = alive(view)
  // The sign that the engine is alive stays longer than the time of day.
  const right = lineWidth(left) + lineWidth(all) < state.columns ? all : all.slice(0, 1)
  const room = state.columns - lineWidth(left) - lineWidth(right) - 4
  const root = plain(view.board?.engine.root ?? '')
  const place = room < 8 || root === '' ? [] : [span(lastFolders(root, room, view), dim), span('  ')]
  return spread(left, [...place, ...right], state.columns, view.style)
}

/** As much of the end of a path as fits, from a folder on. */
function lastFolders(path: string, columns: number, { style }: View): string {
  let rest = path
  while (rest.length > columns && rest.indexOf('/', 1) > 0) rest = rest.slice(rest.indexOf('/', 1))
  const short = rest.length < path.length ? rest.slice(1) : rest
  return cut(short, columns, style)
}

function alive({ link, nowMs, style }: View): Line {
  const dot = style.unicode ? '●' : '*'
  const time = span(` ${clock(nowMs)} `, dim)
  switch (link.state) {
    case 'alive':
      return [span(dot, { color: 'green' }), time]
    case 'joining':
      return [span(style.unicode ? '○' : '.', { color: 'yellow' }), time]
    case 'gone':
      return [span(` engine gone ${elapsed((nowMs - link.sinceMs) / 1000)} `, { inverse: true, bold: true }), span(' ')]
  }
}

function pools(state: UiState, view: View): Line {
  const roomy = state.columns >= roomyColumns
  const widest = roomy ? 12 : state.columns < 70 ? 3 : 6
  const pieces = poolsOf(view).map((pool) => poolPiece(pool, widest, view))
  const end = finish(view, roomy)
  const room = state.columns - 2
  const wide = (gap: number) => pieces.reduce((sum, piece) => sum + lineWidth(piece) + gap, 0)
  const gap = wide(3) + lineWidth(end) <= room ? 3 : 2
  // Where pools fit only without it, the end of all gives way to them.
  const hasEnd = roomy || wide(gap) + lineWidth(end) <= room
  const left: Line = [span(' '), ...fitPieces(pieces, room - (hasEnd ? lineWidth(end) + gap : 0), gap, moreOf('pool'))]
  return spread(left, hasEnd ? end : [], state.columns, view.style)
}

function poolPiece(pool: PoolFact, columns: number, { style }: View): Line {
  const { name, used, slots, counts, queued, pausedBy } = pool
  const isPaused = pausedBy !== undefined
  const look = { color: isPaused ? 'yellow' : 'cyan' } as const
  return [
    span(plain(name), bold),
    span(' '),
    // One square for each slot, as long as there are few.
    ...gauge(slots === 0 ? 0 : used / slots, Math.min(Math.max(1, slots), columns), look, style),
    span(' '),
    ...(isPaused
      ? [span(used > 0 ? `paused ${usedText(used, { slots, counts })}` : 'paused', { color: 'yellow' as const })]
      : [span(usedText(used, pool))]),
    ...(queued > 0 ? [span(` +${queued}`, dim)] : []),
  ]
}

function finish(view: View, roomy: boolean): Line {
  const counts = countsOf(view)
  if (view.board === undefined) return []
  if (counts.running + counts.queued === 0) return counts.done > 0 ? [span('idle ', dim)] : []
  const seconds = lineOf(view).allDoneInSeconds
  if (seconds === undefined) return []
  if (!roomy) return [span(`all done in about ${roughlyShort(seconds)} `, dim)]
  const day = seconds < 86_400 ? '' : ` (${dayText(view.nowMs + seconds * 1000)})`
  return [span(`all done in about ${roughly(seconds)}${day} `, dim)]
}

function counts(state: UiState, view: View): Line {
  if (view.board === undefined) return [span(view.link.state === 'joining' ? ' asking the engine' : '', dim)]
  const byState = countsOf(view)
  const pieces = attention
    .filter((s) => byState[s] > 0)
    .map((s): Line => {
      const loud = signs[s].bold && s === 'failed'
      return [
        signSpan(view.style, s),
        span(` ${byState[s]}`, loud ? bold : undefined),
        span(` ${s}`, loud ? bold : dim),
      ]
    })
  if (pieces.length === 0) return [span(' no batch yet', dim)]
  const room = state.columns - 2
  const airy = pieces.reduce((sum, piece) => sum + lineWidth(piece) + 3, -3)
  return [span(' '), ...fitPieces(pieces, room, airy <= room ? 3 : 2, () => '')]
}
