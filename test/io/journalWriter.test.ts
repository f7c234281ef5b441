import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, expect, test } from 'vitest'
import { openJournalWriter } from '../../src/io/journalWriter.ts'
import { workspace } from '../workspace.ts'

const path = '.labmake/journal.jsonl'
const whole = { wholeBytes: undefined, endsInLine: true }
const { fsync } = fs

/** Flushes end when, and as, the test says. */
function holdFlushes(): ((error: Error | null) => void)[] {
  const held: ((error: Error | null) => void)[] = []
  fs.fsync = ((_: number, done: (error: Error | null) => void) => held.push(done)) as unknown as typeof fs.fsync
  syncBuiltinESMExports()
  return held
}

afterEach(() => {
  fs.fsync = fsync
  syncBuiltinESMExports()
})

test('of lines that come at once, those that wait for the first flush share one more', async () => {
  await using ws = await workspace()
  const writer = openJournalWriter(ws.root, path, whole)
  const flushes = holdFlushes()
  const appended = ['a\n', 'b\n', 'c\n'].map((line) => writer.append(line, { mustLast: true }))
  flushes[0]!(null)
  await appended[0]
  await ws.until('the next flush', () => flushes.length === 2)
  flushes[1]!(null)
  await Promise.all(appended)
  expect([ws.read(path), flushes.length]).toEqual(['a\nb\nc\n', 2])
})

test('a line that need not last waits for no flush', async () => {
  await using ws = await workspace()
  const flushes = holdFlushes()
  await openJournalWriter(ws.root, path, whole).append('started\n', { mustLast: false })
  expect([ws.read(path), flushes.length]).toEqual(['started\n', 0])
})

test('lines that could not be flushed are taken back, and others stay', async () => {
  await using ws = await workspace()
  const writer = openJournalWriter(ws.root, path, whole)
  await writer.append('before\n', { mustLast: true })
  const flushes = holdFlushes()
  await writer.append('started\n', { mustLast: false })
  const lost = writer.append('lost\n', { mustLast: true })
  const later = writer.append('later\n', { mustLast: true })
  flushes[0]!(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await expect(lost).rejects.toThrow('cannot write .labmake/journal.jsonl: the disk reports an input/output error')
  await ws.until('the next flush', () => flushes.length === 2)
  flushes[1]!(null)
  await later
  expect(ws.read(path)).toBe('before\nstarted\nlater\n')
})

test('closed under a flush, the line is flushed all the same', async () => {
  await using ws = await workspace()
  const writer = openJournalWriter(ws.root, path, whole)
  const appended = writer.append('a\n', { mustLast: true })
  writer.close()
  await appended
  expect(ws.read(path)).toBe('a\n')
})

test('what came after a torn line is not cut off with it once more when the journal is opened again', async () => {
  await using ws = await workspace({ [path]: 'whole\ntorn' })
  const writer = openJournalWriter(ws.root, path, { wholeBytes: 6, endsInLine: true })
  await writer.append('a\n', { mustLast: true })
  writer.close()
  await writer.append('b\n', { mustLast: true })
  expect(ws.read(path)).toBe('whole\na\nb\n')
})
