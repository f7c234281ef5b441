import { bold, dim, type Line, span } from '../style.ts'
import { cut, fillLine, lineWidth, sliceLine, width } from '../text.ts'
import type { View } from '../view.ts'

/** Something that lies over the screen. */
export interface Box {
  readonly title: string
  readonly lines: readonly BoxLine[]
  /** Stands in the lower edge. */
  readonly foot?: string | undefined
  /** It is at least so wide, so that it does not jump while one types. */
  readonly columns?: number
}

export interface BoxLine {
  readonly line: Line
  /** Where there is little room the lightest lines go first, and of these the last. */
  readonly weight: number
}

/** What a box may lose before it no longer says what it is for. */
export const weights = { gap: 0, more: 1, text: 2, important: 3, needed: 4 } as const

export const boxLines = (lines: readonly Line[], weight: number): BoxLine[] => lines.map((line) => ({ line, weight }))
export const gapLine: BoxLine = { line: [], weight: weights.gap }

const edges = {
  unicode: { topLeft: '╭', topRight: '╮', bottomLeft: '╰', bottomRight: '╯', flat: '─', side: '│' },
  ascii: { topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', flat: '-', side: '|' },
} as const

/** As many lines as there is room for, in their order. */
function heaviest(lines: readonly BoxLine[], room: number): readonly BoxLine[] {
  const kept = [...lines]
  while (kept.length > room) {
    const least = Math.min(...kept.map(({ weight }) => weight))
    kept.splice(
      kept.findLastIndex(({ weight }) => weight === least),
      1,
    )
  }
  return kept
}

/** Lays a box over the middle of what is there, `rows` lines of `columns`; what has no room in it is cut. */
export function overlay(under: readonly Line[], box: Box, columns: number, rows: number, view: View): readonly Line[] {
  const { style } = view
  const widest = Math.max(
    width(box.title) + 4,
    width(box.foot ?? '') + 4,
    box.columns ?? 0,
    ...box.lines.map(({ line }) => lineWidth(line)),
  )
  const inner = Math.max(1, Math.min(widest, columns - 8))
  const edge = style.unicode ? edges.unicode : edges.ascii
  const content = heaviest(box.lines, Math.max(0, rows - 2))
  const drawn: Line[] = [
    edgeLine(edge.topLeft, edge.topRight, cut(box.title, inner - 2, style), inner),
    ...content.map(
      ({ line }): Line => [
        span(edge.side, dim),
        span(' '),
        ...fillLine(line, inner, style),
        span(' '),
        span(edge.side, dim),
      ],
    ),
    edgeLine(edge.bottomLeft, edge.bottomRight, cut(box.foot ?? '', inner - 2, style), inner),
  ].slice(0, rows)
  const left = Math.max(0, Math.floor((columns - inner - 4) / 2))
  const top = Math.max(0, Math.floor((rows - drawn.length) / 2))
  return under.map((line, y) => {
    const piece = drawn[y - top]
    if (piece === undefined) return line
    const whole = fillLine(line, columns, style)
    const right = left + lineWidth(piece)
    return [...sliceLine(whole, 0, left), ...piece, ...sliceLine(whole, right, columns - right)]
  })

  function edgeLine(start: string, end: string, title: string, inside: number): Line {
    const text = title === '' ? [] : [span(' '), span(title, bold), span(' ')]
    const rest = inside + 2 - 1 - lineWidth(text)
    return [span(start + edge.flat, dim), ...text, span(edge.flat.repeat(Math.max(0, rest)) + end, dim)]
  }
}
