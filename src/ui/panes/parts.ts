import type { Style } from '../../core/signs.ts'
import { plural } from '../../core/sizes.ts'
import { dim, grey, type Line, type Look, type Span, span } from '../style.ts'
import { cutLine, lineWidth } from '../text.ts'

// What several panes are made of.

export const dash = (style: Style): string => (style.unicode ? '─' : '-')

/** A line across, with a title in it, and something at its right end. */
export function ruler(columns: number, style: Style, title: Line = [], right: Line = []): Line {
  const padded = (line: Line): Line => (line.length === 0 ? [] : [span(' '), ...line, span(' ')])
  const left = padded(title)
  const end = padded(right)
  const room = columns - lineWidth(left) - lineWidth(end)
  // Where it is tight the ends go first, then what stands at the right.
  const ends = room >= 6 ? 2 : 0
  if (room < 1) return cutLine([...left, span(dash(style).repeat(columns), dim)], columns, style)
  const flat = (count: number): Span => span(dash(style).repeat(count), dim)
  return [flat(ends), ...left, flat(room - 2 * ends), ...end, flat(ends)]
}

/** A bar of `columns`, of which a share from 0 to 1 is filled: anything at all shows, and only the whole is full. */
export function gauge(share: number, columns: number, look: Look, style: Style): Line {
  const filled = share <= 0 ? 0 : share >= 1 ? columns : Math.min(columns - 1, Math.max(1, Math.round(share * columns)))
  return [
    span((style.unicode ? '■' : '#').repeat(filled), look),
    span((style.unicode ? '□' : '.').repeat(columns - filled), grey),
  ]
}

/** As gauge, drawn thin. */
export function progressBar(share: number, columns: number, look: Look, style: Style): Line {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * columns)
  return [
    span((style.unicode ? '━' : '=').repeat(filled), look),
    span((style.unicode ? '─' : '-').repeat(columns - filled), grey),
  ]
}

/** Pieces with `gap` between them, as many as fit; the rest is counted. */
export function fitPieces(
  pieces: readonly Line[],
  columns: number,
  gap: number,
  rest: (count: number) => string,
): Line {
  const shown: Span[] = []
  let used = 0
  for (const [i, piece] of pieces.entries()) {
    const left = pieces.length - i - 1
    const wide = (i === 0 ? 0 : gap) + lineWidth(piece)
    const keep = left === 0 ? 0 : gap + rest(left).length
    if (used + wide + keep > columns) {
      const text = rest(left + 1)
      return i === 0 || text === '' ? shown : [...shown, span(' '.repeat(gap)), span(text, dim)]
    }
    if (i > 0) shown.push(span(' '.repeat(gap)))
    shown.push(...piece)
    used += wide
  }
  return shown
}

export const moreOf = (noun: string) => (count: number) => `+${plural(count, noun)}`
