import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { logFiles } from '../../src/io/logFiles.ts'
import { workspace } from '../workspace.ts'

test('a piece of a log is read where it lies', async () => {
  await using ws = await workspace({ 'a.log': 'one\ntwo\nthree\n' })
  expect(Buffer.from(await logFiles(ws.root).read('a.log', 4, 3)).toString()).toBe('two')
})

test('what lies beyond its end is not there', async () => {
  await using ws = await workspace({ 'a.log': 'one\n' })
  const { read } = logFiles(ws.root)
  expect(Buffer.from(await read('a.log', 2, 100)).toString()).toBe('e\n')
  expect(await read('a.log', 50, 100)).toHaveLength(0)
})

test('a log that is missing has no size and no bytes', async () => {
  await using ws = await workspace({ 'a.log': '' })
  const { stat, read } = logFiles(ws.root)
  expect(await stat('b/c.log')).toBeUndefined()
  expect(await read('b/c.log', 0, 10)).toHaveLength(0)
})

test('another file at that path has another identity; a longer one has not', async () => {
  await using ws = await workspace({ 'a.log': 'one', 'b.log': 'two' })
  const { stat } = logFiles(ws.root)
  const before = await stat('a.log')
  ws.write('a.log', 'one and more')
  expect(await stat('a.log')).toEqual({ sizeBytes: 12, identity: before?.identity })
  rmSync(ws.path('a.log'))
  expect((await stat('b.log'))?.identity).not.toBe(before?.identity)
})

test('a folder in place of a log is a fault, not an empty log', async () => {
  await using ws = await workspace({ 'a.log/x': '' })
  await expect(logFiles(ws.root).read('a.log', 0, 10)).rejects.toThrow('EISDIR')
})
