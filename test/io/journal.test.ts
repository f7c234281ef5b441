import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatLine, journalPath, openJournal, parseLine } from '../../src/io/journal.ts'
import type { JournalRecord } from '../../src/model/record.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labmake-journal-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const path = () => join(root, journalPath)

function write(bytes: string | Buffer): void {
  mkdirSync(join(root, '.labmake'), { recursive: true })
  writeFileSync(path(), bytes)
}

/** `made` of attempt n, with a target whose name takes more bytes than letters. */
function made(n: number, seconds = 1): JournalRecord {
  const at = new Date(Date.UTC(2026, 0, 5, 8, 0, n)).toISOString()
  const stamps = { 'data/Größe µ.mat': `${n} 1` }
  const provenance = { sources: stamps, uses: {}, targets: {}, recipe: 'r "\\ {x}', params: { omit: '' } }
  const base = { at, job: `denoise/B${n}`, target: `kwd/B${n}.kwd` }
  return { type: 'made', ...base, ...provenance, attempt: n, seconds, sourceBytes: 10, log: 'l' }
}

/** As short as a record can be: a test tries each of its bytes. */
const started = (n: number): JournalRecord => ({ type: 'started', at: '', job: 'd/B', target: 'µ', attempt: n })

const attempts = (records: readonly JournalRecord[]) => records.map((r) => ('attempt' in r ? r.attempt : 0))

async function append(...records: JournalRecord[]): Promise<void> {
  const journal = openJournal(root)
  for (const record of records) await journal.append(record)
  journal.close()
}

test('what was appended is read back as it was', async () => {
  await append(made(1), made(2))
  const journal = openJournal(root)
  expect(journal.records()).toEqual([made(1), made(2)])
  expect(journal.history('kwd/B1.kwd').current).toEqual(made(1))
  expect(journal.faults).toEqual([])
})

test('a workspace without a journal has an empty one, and reading makes no file', () => {
  const journal = openJournal(root)
  expect(journal.records()).toEqual([])
  expect(journal.history('kwd/B1.kwd').attempts).toBe(0)
  expect(() => readFileSync(path())).toThrow('ENOENT')
})

test('cut at any byte it loads, loses at most its last record, and goes on', async () => {
  const lines = [1, 2].map((n) => formatLine(started(n)))
  const whole = Buffer.from(lines.join(''))
  const ends = [Buffer.byteLength(lines[0]!), whole.length]
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    write(whole.subarray(0, bytes))
    // A record without its line end is whole.
    const complete = ends.filter((end) => bytes >= end - 1).length
    const journal = openJournal(root)
    expect(attempts(journal.records()), `${bytes} bytes`).toEqual([1, 2].slice(0, complete))
    expect(journal.faults, `${bytes} bytes`).toEqual([])
    await journal.append(started(9))
    journal.close()
    const after = openJournal(root)
    expect(attempts(after.records()), `${bytes} bytes, then one more`).toEqual([...[1, 2].slice(0, complete), 9])
    expect(after.faults, `${bytes} bytes, then one more`).toEqual([])
  }
})

test('reading a torn journal changes nothing in it', () => {
  const torn = formatLine(made(1)) + formatLine(made(2)).slice(0, 40)
  write(torn)
  openJournal(root).records()
  expect(readFileSync(path(), 'utf8')).toBe(torn)
})

test.each([
  ['a line of something else', (lines: string[]) => lines.splice(1, 0, 'garbage\n')],
  ['a flipped bit', (lines: string[]) => lines.splice(1, 1, lines[1]!.replace('"seconds":1', '"seconds":3'))],
  ['a line that lost its end', (lines: string[]) => lines.splice(1, 1, `${lines[1]!.slice(0, 50)}\n`)],
  ['zeros, as after a crash of the machine', (lines: string[]) => lines.splice(1, 1, `${'\0'.repeat(100)}\n`)],
  ['a check sum that is right for what is no record', (lines: string[]) => lines.splice(1, 0, ',"sum":"00000000"}\n')],
])('%s in the middle is told of with its line, and the rest is kept', (_, damage) => {
  const lines = [1, 2, 3].map((n) => formatLine(made(n)))
  damage(lines)
  write(lines.join(''))
  const journal = openJournal(root)
  expect(attempts(journal.records())).toContain(1)
  expect(attempts(journal.records())).toContain(3)
  expect(journal.faults).toMatchObject([
    { where: `${journalPath}:2`, message: '1 line is damaged (2); the others are used' },
  ])
})

test('much damage is told of once', () => {
  write(Array.from({ length: 7 }, () => 'x\n').join(''))
  expect(openJournal(root).faults).toMatchObject([
    { message: '7 lines are damaged (1, 2, 3, 4, 5, …); the others are used' },
  ])
})

test('an append is seen at once, and by whoever opens the file', async () => {
  const journal = openJournal(root)
  await journal.append(made(1))
  expect(journal.history('kwd/B1.kwd').current).toEqual(made(1))
  expect(attempts(openJournal(root).records())).toEqual([1])
  journal.close()
})

test('a journal that was closed may be appended to again', async () => {
  const journal = openJournal(root)
  await journal.append(made(1))
  journal.close()
  await journal.append(made(2))
  journal.close()
  expect(attempts(openJournal(root).records())).toEqual([1, 2])
})

test('estimates are of the last fifty attempts of a rule', async () => {
  await append(...Array.from({ length: 60 }, (_, i) => made(i + 1, i + 1)))
  const past = openJournal(root).durations().get('denoise')!
  expect(past).toHaveLength(50)
  expect(past[0]!.seconds).toBe(11)
})

test('a journal that cannot be written is a fault of the disk, and nothing is remembered', async () => {
  mkdirSync(join(root, '.labmake'))
  mkdirSync(path())
  expect(() => openJournal(root)).toThrow('cannot read .labmake/journal.jsonl: it is a folder')
})

test('a journal that somebody else appended to meanwhile is not cut', async () => {
  write(`${formatLine(made(1))}torn`)
  const journal = openJournal(root)
  await journal.append(made(2))
  appendFileSync(path(), formatLine(made(3)))
  await journal.append(made(4))
  journal.close()
  expect(attempts(openJournal(root).records())).toEqual([1, 2, 3, 4])
})

test('a line is a record only with its own check sum', () => {
  const line = formatLine(made(1)).trimEnd()
  expect(parseLine(line)).toEqual(made(1))
  expect(parseLine(line.replace('denoise', 'denoize'))).toBeUndefined()
  expect(parseLine(line.slice(0, -1))).toBeUndefined()
  expect(parseLine('')).toBeUndefined()
})
