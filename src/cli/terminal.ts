import { type Style, signs, signText } from '../core/signs.ts'
import type { JobState } from '../model/board.ts'

export { printable } from '../core/printable.ts'
export type { Style }

export type ColorChoice = 'auto' | 'always' | 'never'

/** Colour where it was asked for, else on a terminal that has it; NO_COLOR is honoured. */
export function styleOf(stream: NodeJS.WriteStream, choice: ColorChoice): Style {
  const env = process.env
  const able = stream.isTTY === true && env.TERM !== 'dumb' && !env.NO_COLOR
  const forced = Boolean(env.FORCE_COLOR) && env.FORCE_COLOR !== '0' && !env.NO_COLOR
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    color: choice === 'always' || (choice === 'auto' && (able || forced)),
    unicode: /utf-?8/i.test(locale) && env.TERM !== 'linux',
  }
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 } as const
export type Color = keyof typeof codes

export function paint(style: Style, color: Color, text: string): string {
  return style.color ? `\x1b[${codes[color]}m${text}\x1b[0m` : text
}

export type Sign = JobState

/** The sign of a state, in its colour. */
export function sign(style: Style, state: Sign): string {
  const { color } = signs[state]
  const text = signText(style, state)
  return color === undefined ? text : paint(style, color, text)
}

/** Cuts plain text to a width in columns (one per character), with an ellipsis. */
export function cut(text: string, width: number, style: Style): string {
  const characters = [...text]
  if (characters.length <= width) return text
  return characters.slice(0, Math.max(0, width - 1)).join('') + (style.unicode ? '…' : '~')
}

/** Local time with its offset from UTC, to the second: `2026-08-10T14:02:12+02:00`. */
export function localTime(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset()
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0')
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, 19)
  return `${local}${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
