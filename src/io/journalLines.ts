import { crc32 } from 'node:zlib'
import type { JournalRecord } from '../model/record.ts'

export const journalPath = '.labmake/journal.jsonl'

/** The byte that ends a line. */
export const lineEnd = 0x0a

const sumOf = (body: string) => crc32(body).toString(16).padStart(8, '0')

/** What ends every line, with the check sum in place of the zeros. */
const sumTail = ',"sum":"00000000"}'

/** A record as a line of the journal, its end included. */
export function formatLine(record: JournalRecord): string {
  const body = JSON.stringify(record).slice(0, -1)
  return `${body}${sumTail.replace('00000000', sumOf(body))}\n`
}

/** The record of a line, or undefined if the check sum does not agree. */
export function parseLine(line: string): JournalRecord | undefined {
  const text = recordText(line)
  return text === undefined ? undefined : (JSON.parse(text) as JournalRecord)
}

/** The record of a line as JSON, or undefined if the check sum does not agree. */
export function recordText(line: string): string | undefined {
  // The tail has a fixed length: no search through what may be a long line.
  const body = line.slice(0, -sumTail.length)
  if (!body.startsWith('{') || !line.endsWith(`${sumOf(body)}"}`) || !line.startsWith(',"sum":"', body.length))
    return undefined
  return `${body}}`
}

const knownTypes: Readonly<Record<JournalRecord['type'], true>> = {
  started: true,
  made: true,
  failed: true,
  cancelled: true,
  accepted: true,
  rebuild: true,
  action: true,
  drop: true,
}

/**
 * A newer labmake may say more than this one understands: that is no damage. What it says of a job is shown as such; what
 * is of another kind altogether is passed over.
 */
export function isReadable(record: JournalRecord): boolean {
  if (Object.hasOwn(knownTypes, record.type)) return true
  const { type, at, job, target } = record as unknown as Readonly<Record<string, unknown>>
  return [type, at, job, target].every((text) => typeof text === 'string')
}
