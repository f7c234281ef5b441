import stringWidth from 'string-width'
import type { Style } from '../core/signs.ts'
import type { Line, Look, Span } from './style.ts'

/** Of these every one is one column wide: measuring a line of a list takes no segmenter. */
const simple = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff…–─│┄╭╮╰╯┌┐└┘■□●○◇◆▌▸►✓✗⊘‖⊖↻×·•→←↑↓━▄]*$/

/** Columns that a text takes. It has no escape sequences: looks are data here. */
export function width(text: string): number {
  return simple.test(text) ? text.length : stringWidth(text)
}

const tame = /^[\x20-\x7e]*$/
const escaped = (c: string) => {
  const code = c.codePointAt(0)!
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/**
 * Text from data, on one line. Control characters, and those that turn the direction or join letters unseen, are shown as
 * what they are; what would only choose between two pictures of a letter goes, since terminals disagree on its width.
 */
export function plain(text: string): string {
  if (tame.test(text)) return text
  return text
    .normalize('NFC')
    .replace(/\t/g, '    ')
    .replace(/\r?\n/g, ' ')
    .replace(/[\ufe00-\ufe0f\u20e3]/g, '')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu, escaped)
}

export function ellipsis(style: Style): string {
  return style.unicode ? '…' : '~'
}

const segmenter = new Intl.Segmenter()
const letters = (text: string): readonly string[] =>
  simple.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)

/** As much of the beginning as fits. */
function head(text: string, columns: number): string {
  if (simple.test(text)) return text.slice(0, Math.max(0, columns))
  let taken = ''
  let used = 0
  for (const letter of letters(text)) {
    used += width(letter)
    if (used > columns) break
    taken += letter
  }
  return taken
}

/** As much of the end as fits. */
function tail(text: string, columns: number): string {
  if (simple.test(text)) return columns <= 0 ? '' : text.slice(-columns)
  let taken = ''
  let used = 0
  for (const letter of letters(text).toReversed()) {
    used += width(letter)
    if (used > columns) break
    taken = letter + taken
  }
  return taken
}

/** At most `columns` wide; an ellipsis stands for the end that was cut. */
export function cut(text: string, columns: number, style: Style): string {
  if (columns <= 0) return ''
  return width(text) <= columns ? text : head(text, columns - 1) + ellipsis(style)
}

/** At most `columns` wide; an ellipsis stands for the beginning that was cut: where one types, the end is seen. */
export function cutStart(text: string, columns: number, style: Style): string {
  if (columns <= 0) return ''
  return width(text) <= columns ? text : ellipsis(style) + tail(text, columns - 1)
}

/** At most `columns` wide, cut in the middle: both ends of a name tell. */
export function cutMiddle(text: string, columns: number, style: Style): string {
  if (columns < 7) return cut(text, columns, style)
  if (width(text) <= columns) return text
  const end = tail(text, Math.floor((columns - 1) / 2))
  return head(text, columns - 1 - width(end)) + ellipsis(style) + end
}

/** A sentence in lines of at most `columns`, broken between words where that is possible. */
export function wrapWords(text: string, columns: number, style: Style): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (width(longer) <= columns) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = cut(word, columns, style)
  }
  return [...lines, line]
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}

/** Exactly `columns` wide. */
export function fill(text: string, columns: number, style: Style): string {
  return padEnd(cut(text, columns, style), columns)
}

/** Exactly `columns` wide, cut in the middle. */
export function fillMiddle(text: string, columns: number, style: Style): string {
  return padEnd(cutMiddle(text, columns, style), columns)
}

export function lineWidth(line: Line): number {
  let sum = 0
  for (const { text } of line) sum += width(text)
  return sum
}

/** At most `columns` wide; the ellipsis looks as what it cuts. */
export function cutLine(line: Line, columns: number, style: Style): Line {
  if (columns <= 0) return []
  if (lineWidth(line) <= columns) return line
  const kept = sliceLine(line, 0, columns - 1)
  return [...kept, { ...kept.at(-1), text: ellipsis(style) }]
}

/** Exactly `columns` wide. */
export function fillLine(line: Line, columns: number, style: Style, look?: Look): Line {
  const kept = cutLine(line, columns, style)
  const room = columns - lineWidth(kept)
  if (room <= 0) return kept
  return [...kept, look === undefined ? { text: ' '.repeat(room) } : { text: ' '.repeat(room), look }]
}

/** Two ends of one line; where both have no room, the right one goes. */
export function spread(left: Line, right: Line, columns: number, style: Style): Line {
  const gap = columns - lineWidth(left) - lineWidth(right)
  return gap < 1 ? cutLine(left, columns, style) : [...left, { text: ' '.repeat(gap) }, ...right]
}

/** Columns from `from` on, `count` of them; a wide letter that is cut in two leaves a space. */
export function sliceLine(line: Line, from: number, count: number): Line {
  const kept: Span[] = []
  let at = 0
  for (const { text, look } of line) {
    const end = at + width(text)
    if (end > from && at < from + count) {
      const taken = sliceText(text, Math.max(0, from - at), Math.min(end, from + count) - Math.max(at, from))
      kept.push(look === undefined ? { text: taken } : { text: taken, look })
    }
    at = end
  }
  return kept
}

function sliceText(text: string, from: number, count: number): string {
  if (simple.test(text)) return text.slice(from, from + count)
  const start = head(text, from)
  const lost = from - width(start)
  const rest = text.slice(start.length)
  // A wide letter lies over the left edge: it goes, and a space keeps its half.
  const body = lost === 0 ? rest : rest.slice(letters(rest)[0]!.length)
  return padEnd(head(' '.repeat(lost) + body, count), count)
}
