import { expect, test } from 'vitest'
import { openAttempts } from '../../src/io/attempts.ts'
import { markProcess } from '../../src/io/processes.ts'
import { workspace } from '../workspace.ts'

const torn = (root: string) => openAttempts(root).torn()

test.each(['', '\0\0\0', '{"slug":"one"'])('an attempt whose state is %j is torn', async (content) => {
  await using ws = await workspace({ '.labmake/running/one/state.json': content })
  expect(torn(ws.root)).toEqual(['one'])
  expect(openAttempts(ws.root).left()).toEqual([])
  expect(ws.list('.labmake/running')).toEqual(['one'])
})

test('an attempt that a kill left half written down never began: it is not torn, and is cleared away', async () => {
  await using ws = await workspace({ '.labmake/running/one/state.json.new': '{"slug":"one"' })
  expect(torn(ws.root)).toEqual([])
  openAttempts(ws.root).left()
  expect(ws.list('.labmake/running')).toEqual([])
})

test('an attempt whose state is gone, and whose recipe began, is torn', async () => {
  await using ws = await workspace({ '.labmake/running/one/pid': '12 13\n' })
  expect(torn(ws.root)).toEqual(['one'])
})

test('an attempt whose state cannot be read, and whose recipe runs, is not torn', async () => {
  const { pid, startTime, bootId } = markProcess(process.pid)!
  const told = process.platform === 'linux' ? `${pid} (x) S ${'0 '.repeat(18)}${startTime}` : startTime
  await using ws = await workspace({
    '.labmake/running/one/state.json': '',
    '.labmake/running/one/pid': `${pid} ${pid}\n${told}\n${pid} ${bootId || '-'} log\n`,
  })
  expect(torn(ws.root)).toEqual([])
})
