import { expect, test } from 'vitest'
import { lastWords, tailOfLog } from '../../src/io/logs.ts'
import { workspace } from '../workspace.ts'

const log = 'job.log'
const titled = (text: string) => ({ [log]: `$ sort data/kwd/B1.kwd\n${text}` })

test('of a traceback the line with the error tells why a recipe failed', async () => {
  await using ws = await workspace(
    titled('Traceback:\n  File "sort.py", line 3\nMemoryError: 80 GiB\nleft: scratch/\n'),
  )
  expect(lastWords(ws.root, log)).toBe('MemoryError: 80 GiB')
})

test('where nothing speaks of an error, the last line tells', async () => {
  await using ws = await workspace(titled('reading\nno license found\n\n'))
  expect(lastWords(ws.root, log)).toBe('no license found')
})

test("a recipe that said nothing has no last words: the first line is labmake's own", async () => {
  await using ws = await workspace(titled(''))
  expect(lastWords(ws.root, log)).toBeUndefined()
})

test('a progress bar leaves its last state', async () => {
  await using ws = await workspace(titled('  1 %\r 50 %\r 99 %\n'))
  expect(tailOfLog(ws.root, log, 1)).toEqual([' 99 %'])
})

test('of a line that is data its beginning is shown', async () => {
  await using ws = await workspace(titled(`[${'7, '.repeat(20_000)}]\nfatal: ${' '.repeat(600)}no license\n`))
  const [data = '', last = ''] = tailOfLog(ws.root, log, 2)
  expect([data.length, data.endsWith('7, …'), last.length]).toEqual([500, true, 500])
})

test('a log that is not there has no lines', async () => {
  await using ws = await workspace({})
  expect(tailOfLog(ws.root, log, 5)).toEqual([])
})
