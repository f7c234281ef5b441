import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'

const logFolder = '.labmake/logs'
/** More than the last lines of any log that a person wants to see at a glance. */
const tailBytes = 64 * 1024

/** Longer lines are data, and not for persons: their beginning tells what they are. */
const shownOfLine = 500

/** The last lines of a log to be shown; empty if it cannot be read. A progress bar's carriage returns leave its last state. */
export function tailOfLog(root: string, log: string, lines: number): string[] {
  const isLong = (line: string) => line.length > shownOfLine
  return linesAtEnd(root, log, lines).map((line) => (isLong(line) ? `${line.slice(0, shownOfLine - 1)}…` : line))
}

function linesAtEnd(root: string, log: string, lines: number): string[] {
  if (log === '') return []
  let descriptor: number
  try {
    descriptor = openSync(`${root}/${log}`, 'r')
  } catch {
    return []
  }
  try {
    const size = fstatSync(descriptor).size
    const bytes = Buffer.alloc(Math.min(size, tailBytes))
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)
    const text = bytes.toString('utf8').replace(/\n$/, '')
    return text
      .split('\n')
      .slice(-lines)
      .map((line) => line.replace(/\r$/, '').replace(/^.*\r/s, ''))
  } finally {
    closeSync(descriptor)
  }
}

/** Lines at the end of a log among which the one that tells the failure is looked for. */
const lastLines = 10
const wordsKept = 200

/**
 * What a recipe said last, as one line: the last line that matches one of these, in order; else the last line at all.
 * Undefined if it said nothing. The first line of a log is labmake's own.
 */
export function lastWords(
  root: string,
  log: string,
  telling: readonly RegExp[] = [/(error|exception|fatal)\b/i],
): string | undefined {
  const lines = linesAtEnd(root, log, lastLines).filter(
    (line) => line.trim() !== '' && !line.startsWith('$ ') && isText(line),
  )
  const told = telling.map((sign) => lines.findLast((line) => sign.test(line))).find((line) => line !== undefined)
  return (told ?? lines.at(-1))?.trim().slice(0, wordsKept)
}

/** Not what a program wrote there that is no text; colours are. */
const isText = (line: string) => !/[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(line)

/** Numbers of the attempts of a job that have a log, in order. */
export function loggedAttempts(root: string, job: string): number[] {
  try {
    return readdirSync(`${root}/${logFolder}/${job}`)
      .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  } catch {
    return []
  }
}

export function logPath(job: string, attempt: number): string {
  return `${logFolder}/${job}/${attempt}.log`
}
