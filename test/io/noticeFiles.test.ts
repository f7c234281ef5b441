import { describe, expect, test } from 'vitest'
import { noNotices } from '../../src/core/notices.ts'
import { diskSpace, openNoticeFiles } from '../../src/io/noticeFiles.ts'
import { workspace } from '../workspace.ts'

test('what is written is read by the next engine', async () => {
  await using ws = await workspace({})
  const state = { ...noNotices, diskIsLow: true, told: { 'refused|B7|1|10|no': 'B7' } }
  await openNoticeFiles(ws.root).write(state)
  expect(openNoticeFiles(ws.root).read()).toEqual(state)
  expect(ws.list('.labmake')).toEqual(['notices.json'])
})

describe('nothing is read from', () => {
  test.each([
    ['a file that is not there', {}],
    ['a damaged one', { '.labmake/notices.json': '{"version":1,"ne' }],
    ['one of another labmake', { '.labmake/notices.json': '{"version":2}' }],
    ['one that holds nothing', { '.labmake/notices.json': 'null' }],
  ])('%s', async (_, files) => {
    await using ws = await workspace(files)
    expect(openNoticeFiles(ws.root).read()).toBeUndefined()
  })
})

test('the log does not grow for ever', async () => {
  await using ws = await workspace({ '.labmake/notices.log': 'x'.repeat(1_000_001) })
  const files = openNoticeFiles(ws.root)
  files.log('one')
  files.log('two')
  expect(ws.read('.labmake/notices.log')).toBe('one\ntwo\n')
  expect(ws.read('.labmake/notices.log.old')).toHaveLength(1_000_001)
})

test('where nothing can be written, nothing stops', async () => {
  await using ws = await workspace({ '.labmake': 'a file, not a folder' })
  const files = openNoticeFiles(ws.root)
  await files.write(noNotices)
  files.log('one')
  expect(ws.read('.labmake')).toBe('a file, not a folder')
})

test('the space of a disk is known, and of a folder that is gone it is not', async () => {
  await using ws = await workspace({})
  const space = await diskSpace(ws.root)
  expect(space!.totalBytes).toBeGreaterThan(0)
  expect(space!.freeBytes).toBeLessThanOrEqual(space!.totalBytes)
  expect(await diskSpace(ws.path('gone'))).toBeUndefined()
})
