import { appendFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { boundLog, keptHeadBytes, keptTailBytes, longestLogBytes } from '../../src/io/logBound.ts'
import { lastWords } from '../../src/io/logs.ts'
import { workspace } from '../workspace.ts'
import { startScript } from './recipes.ts'

const mb = 1024 * 1024
const note =
  /\n\[labmake left out (\d+) bytes here: of a log that grows without end the first and the last MB are kept\]\n/

test('a log that is not too long stays as it is', async () => {
  await using ws = await workspace({ log: 'x'.repeat(longestLogBytes) })
  boundLog(ws.path('log'))
  expect(statSync(ws.path('log')).size).toBe(longestLogBytes)
})

test('of a log that grew too long the head and the tail are kept, and it says how much was left out', async () => {
  const middle = longestLogBytes - keptHeadBytes
  await using ws = await workspace({ log: 'h'.repeat(keptHeadBytes) + 'm'.repeat(middle) + 't'.repeat(keptTailBytes) })
  boundLog(ws.path('log'))
  const log = ws.read('log')
  expect(log.slice(0, keptHeadBytes)).toBe('h'.repeat(keptHeadBytes))
  expect(log.slice(-keptTailBytes)).toBe('t'.repeat(keptTailBytes))
  expect(note.exec(log)).toMatchObject({ index: keptHeadBytes, 1: String(middle) })
  expect(log.length).toBeLessThan(keptHeadBytes + keptTailBytes + 200)
})

test('a log that is shortened again and again says in one line how much was left out in all', async () => {
  await using ws = await workspace({ log: '' })
  let written = 0
  for (let i = 0; i < 30; i++) {
    appendFileSync(ws.path('log'), Buffer.alloc(8 * mb, 97 + (i % 26)))
    written += 8 * mb
    boundLog(ws.path('log'))
  }
  const log = ws.read('log')
  const line = note.exec(log)!
  expect(log.match(/labmake left out/g)).toHaveLength(1)
  expect(log.length - line[0].length + Number(line[1])).toBe(written)
})

test('a recipe that floods its log goes on undisturbed; its first and its last words are kept', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    'echo first words; head -c 400000000 /dev/urandom; size() { stat -c %s log; }; until [ $(size) -lt 67108865 ] && [ $(size) -gt 16777216 ]; do sleep 0.05; done; echo; echo last words; exit 3',
  )
  expect(await running.exit).toMatchObject({ cause: { kind: 'exit', code: 3, says: 'last words' } })
  expect(statSync(ws.path('log')).size).toBeLessThan(longestLogBytes)
  expect(ws.read('log').startsWith('$ the recipe\nfirst words\n')).toBe(true)
  expect(lastWords(ws.root, 'log')).toBe('last words')
})
