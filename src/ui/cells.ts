import stringWidth from 'string-width'

/**
 * A line of text with SGR colours as the cells of a terminal. Nothing of a line but characters that are seen and the styles
 * known here comes out again, so no name, log or file can send the terminal an escape.
 */
export interface Cells {
  /** What each column shows; '' for the columns that a wide character covers beyond its first. Without trailing blanks. */
  readonly texts: readonly string[]
  /** Style of each column, packed; 0 is the default. */
  readonly styles: readonly number[]
  /** Holds a character that terminals are known to disagree about the width of: an emoji, a combining mark. */
  readonly isDoubtful: boolean
}

export const noCells: Cells = { texts: [], styles: [], isDoubtful: false }

const bold = 1
const dim = 2
const underline = 4
const inverse = 8
/** Foreground and background: 0 the default, 1-8 the colours, 9-16 the bright ones. */
const foregroundShift = 4
const backgroundShift = 9
const colorMask = 31

/** Marks of one character beyond this many UTF-16 units are dropped: no script needs them, and one cell could hold a megabyte. */
const longestCluster = 24

const segmenter = new Intl.Segmenter()

/** The cells of `line`, at most `columns`. A wide character that would stand half outside is a blank. */
export function parseCells(line: string, columns: number): Cells {
  const texts: string[] = []
  const styles: number[] = []
  let isDoubtful = false
  let style = 0
  const put = (text: string, width: number) => {
    if (texts.length + width > columns) text = ' '
    texts.push(text)
    styles.push(text === ' ' ? blankStyle(style) : style)
    for (let n = 1; n < width && texts.length < columns; n++) {
      texts.push(text === ' ' ? ' ' : '')
      styles.push(styles[styles.length - 1]!)
    }
  }
  for (let at = 0; at < line.length && texts.length < columns; ) {
    const code = line.charCodeAt(at)
    if (code === 0x1b) {
      const end = endOfSgr(line, at)
      if (end !== undefined) style = nextStyle(style, line.slice(at + 2, end - 1))
      at = end ?? at + 1
    } else if (isPlain(code) && standsAlone(line.charCodeAt(at + 1))) {
      put(line[at]!, 1)
      at++
    } else if (code < 0x20) {
      at++
    } else {
      // Rare: characters that may be wide, or be made of several code points.
      const nextCode = line.indexOf('\x1b', at)
      const end = nextCode < 0 ? line.length : nextCode
      for (const { segment } of segmenter.segment(line.slice(at, end))) {
        if (texts.length >= columns) break
        const width = clusterWidth(segment)
        if (width === 0) continue
        put(clipped(segment), width)
        isDoubtful ||= !isCertain(segment, width)
      }
      at = end
    }
  }
  let length = texts.length
  while (length > 0 && texts[length - 1] === ' ' && styles[length - 1] === 0) length--
  texts.length = length
  styles.length = length
  return { texts, styles, isDoubtful }
}

/** Printable ASCII, Latin letters, punctuation, arrows, boxes and signs that are one column wide wherever they are shown. */
function isPlain(code: number): boolean {
  if (code < 0x7f) return code >= 0x20
  return (code >= 0xa1 && code < 0x300 && code !== 0xad) || isSign(code)
}

/** Ranges of signs that labmake draws with: dashes, dots, arrows, boxes, blocks, shapes, ticks. None has an emoji form. */
const signs = [
  [0x2010, 0x2027],
  [0x2190, 0x2193],
  [0x21ba, 0x21bb],
  [0x2200, 0x22ff],
  [0x2500, 0x25a9],
  [0x25ac, 0x25b5],
  [0x25b7, 0x25bf],
  [0x25c1, 0x25fa],
  [0x2713, 0x2713],
  [0x2717, 0x2717],
] as const

function isSign(code: number): boolean {
  if (code < 0x2010 || code > 0x2717) return false
  return signs.some(([first, last]) => code >= first && code <= last)
}

/** Can this code unit (NaN at the end) not be part of the character before it? */
function standsAlone(next: number): boolean {
  return !(next >= 0x300) || isSign(next)
}

function clusterWidth(segment: string): number {
  return /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(segment) ? 0 : stringWidth(segment)
}

/** Scripts that terminals have agreed on for decades. */
function isCertain(segment: string, width: number): boolean {
  const code = segment.codePointAt(0)!
  if (segment.length > (code > 0xffff ? 2 : 1)) return false
  if (width === 1) return code < 0x2e80 && !/\p{Emoji}/u.test(segment)
  return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60]$/u.test(
    segment,
  )
}

function clipped(segment: string): string {
  return segment.length <= longestCluster ? segment : segment.slice(0, longestCluster).replace(/[\ud800-\udbff]$/, '')
}

/** Of a blank only what is seen counts: the colour of a letter that is not there makes no difference. */
function blankStyle(style: number): number {
  return (style & (underline | inverse)) === 0 ? style & (colorMask << backgroundShift) : style
}

/** Where the colour code that starts at `at` ends; undefined if it is none. */
function endOfSgr(line: string, at: number): number | undefined {
  if (line[at + 1] !== '[') return undefined
  let end = at + 2
  for (;;) {
    const code = line.charCodeAt(end)
    if (code === 0x6d) return end + 1
    if (!((code >= 0x30 && code <= 0x39) || code === 0x3b)) return undefined
    end++
  }
}

function nextStyle(before: number, parameters: string): number {
  let style = before
  const codes = parameters.split(';')
  for (let n = 0; n < codes.length; n++) {
    const code = Number(codes[n])
    // 256 colours and RGB are not ours; what belongs to them is passed over.
    if (code === 38 || code === 48) n += codes[n + 1] === '5' ? 2 : 4
    else style = styleAfter(style, code)
  }
  return style
}

function styleAfter(style: number, code: number): number {
  const colored = (shift: number, color: number) => (style & ~(colorMask << shift)) | (color << shift)
  if (code >= 30 && code <= 37) return colored(foregroundShift, code - 29)
  if (code >= 90 && code <= 97) return colored(foregroundShift, code - 81)
  if (code >= 40 && code <= 47) return colored(backgroundShift, code - 39)
  if (code >= 100 && code <= 107) return colored(backgroundShift, code - 91)
  switch (code) {
    case 0:
      return 0
    case 1:
      return style | bold
    case 2:
      return style | dim
    case 4:
      return style | underline
    case 7:
      return style | inverse
    case 22:
      return style & ~(bold | dim)
    case 24:
      return style & ~underline
    case 27:
      return style & ~inverse
    case 39:
      return colored(foregroundShift, 0)
    case 49:
      return colored(backgroundShift, 0)
    default:
      return style
  }
}

/** The code that leads from one style to another, the shorter of adding and starting anew. */
export function styleCode(from: number, to: number): string {
  if (from === to) return ''
  if (to === 0) return '\x1b[m'
  const anew = `\x1b[0;${added(0, to).join(';')}m`
  const lost = from & ~to
  const off: number[] = []
  if ((lost & (bold | dim)) !== 0) off.push(22)
  if ((lost & underline) !== 0) off.push(24)
  if ((lost & inverse) !== 0) off.push(27)
  const kept = off[0] === 22 ? from & ~(bold | dim) : from
  const changed = `\x1b[${[...off, ...added(kept, to)].join(';')}m`
  return changed.length <= anew.length ? changed : anew
}

function added(from: number, to: number): number[] {
  const more = to & ~from
  const codes: number[] = []
  if ((more & bold) !== 0) codes.push(1)
  if ((more & dim) !== 0) codes.push(2)
  if ((more & underline) !== 0) codes.push(4)
  if ((more & inverse) !== 0) codes.push(7)
  const foreground = (to >> foregroundShift) & colorMask
  const background = (to >> backgroundShift) & colorMask
  if (foreground !== ((from >> foregroundShift) & colorMask)) codes.push(colorCode(foreground, 30))
  if (background !== ((from >> backgroundShift) & colorMask)) codes.push(colorCode(background, 40))
  return codes
}

/** `base` 30 for the foreground, 40 for the background. */
function colorCode(color: number, base: 30 | 40): number {
  if (color === 0) return base + 9
  return color <= 8 ? base + color - 1 : base + 60 + color - 9
}
