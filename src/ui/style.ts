import { type Color, type Style, signs, signText } from '../core/signs.ts'
import type { JobState } from '../model/board.ts'

/** How a piece of text looks. NO_COLOR takes colour and dimness away, and leaves bold, inverse and underline. */
export interface Look {
  readonly color?: Color
  readonly bold?: true
  readonly dim?: true
  readonly inverse?: true
  readonly underline?: true
}

export const bold: Look = { bold: true }
export const dim: Look = { dim: true }
export const grey: Look = { color: 'grey' }
export const inverse: Look = { inverse: true }

/** The look of a state's sign, and of its word where it is loud. */
export function lookOf(state: JobState): Look {
  const { color, bold } = signs[state]
  return { ...(color === undefined ? {} : { color }), ...(bold ? { bold: true } : {}) }
}

/** The quiet states say their word dimly. */
export function wordLook(state: JobState): Look {
  if (state === 'done') return dim
  if (state === 'waiting') return grey
  return state === 'running' || state === 'failed' ? lookOf(state) : {}
}

/** A piece of a line: text without control characters, in one look. */
export interface Span {
  readonly text: string
  readonly look?: Look
}

/** A line of a pane. It is cut, padded and laid over others as data, and painted last. */
export type Line = readonly Span[]

export const span = (text: string, look?: Look): Span => (look === undefined ? { text } : { text, look })

export const signSpan = (style: Style, state: JobState): Span => span(signText(style, state), lookOf(state))

const codes: Readonly<Record<Color, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  grey: 90,
}

/** The line as it is sent: each span opens what it needs and closes it again, so that lines can be painted alone. */
export function paintLine(line: Line, style: Style): string {
  return line.map(({ text, look }) => (look === undefined || text === '' ? text : paint(text, look, style))).join('')
}

function paint(text: string, look: Look, style: Style): string {
  let open = ''
  let close = ''
  if (look.bold) open += '\x1b[1m'
  if (look.dim && style.color) open += '\x1b[2m'
  if (open !== '') close = '\x1b[22m'
  if (look.underline) {
    open += '\x1b[4m'
    close += '\x1b[24m'
  }
  if (look.inverse) {
    open += '\x1b[7m'
    close += '\x1b[27m'
  }
  if (look.color !== undefined && style.color) {
    open += `\x1b[${codes[look.color]}m`
    close += '\x1b[39m'
  }
  return open + text + close
}
