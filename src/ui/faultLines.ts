import type { Board } from '../model/board.ts'
import type { Fault } from '../model/errors.ts'

/** One fault on one line: `rules/ana.yaml:14 unknown pool "rma" (did you mean ram?)`. */
export function faultText({ where, message, hint }: Fault): string {
  // The column helps only where the line itself is shown.
  const place = where.replace(/:(\d+):\d+$/, ':$1')
  if (hint === undefined || hint === '') return `${place} ${message}`
  const short = hint.replace(/\.$/, '')
  return `${place} ${message} (${short.slice(0, 1).toLowerCase()}${short.slice(1)})`
}

/** All that is wrong with rules and manifests, in full. */
export function faultLines({ faults, warnings }: Board): string[] {
  return [...faults, ...warnings].flatMap(({ where, message, hint, excerpt }) => [
    `${where}: ${message}`,
    ...(excerpt === undefined || excerpt.trim() === '' ? [] : [`    | ${excerpt}`]),
    ...(hint === undefined ? [] : [`    ${hint}`]),
    '',
  ])
}
