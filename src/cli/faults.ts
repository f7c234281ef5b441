import { printableLines } from '../core/printable.ts'
import type { Fault, UserError } from '../model/errors.ts'
import { type Color, paint, printable, type Style } from './terminal.ts'

/** A fault as a person reads it: where, what, the line itself, what to do. */
export function faultLines(fault: Fault, style: Style, kind: 'error' | 'warning' = 'error'): string[] {
  const color: Color = kind === 'error' ? 'red' : 'yellow'
  const lines = [
    `${paint(style, color, `${kind}:`)} ${paint(style, 'bold', printable(fault.where))}: ${printableLines(fault.message)}`,
  ]
  const column = /:\d+:(\d+)$/.exec(fault.where)?.[1]
  if (fault.excerpt !== undefined && fault.excerpt.trim() !== '') {
    lines.push(`    | ${printable(fault.excerpt)}`)
    if (column !== undefined) lines.push(`    | ${' '.repeat(Number(column) - 1)}${paint(style, color, '^')}`)
  }
  if (fault.hint !== undefined) lines.push(`    ${paint(style, 'dim', printableLines(fault.hint))}`)
  return lines
}

export function userErrorLines(error: UserError, style: Style): string[] {
  const lines = [`${paint(style, 'red', 'error:')} ${printableLines(error.message)}`]
  if (error.hint !== undefined) lines.push(`    ${paint(style, 'dim', printableLines(error.hint))}`)
  return lines
}
