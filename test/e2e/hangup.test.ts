import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { oneBatch } from './lab.ts'

const labmake = fileURLToPath(new URL('../../dist/bin/labmake', import.meta.url))
const recipes = fileURLToPath(new URL('../recipes', import.meta.url))

test('a labmake whose terminal goes away ends no job, says so, and the next one takes over', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const first = ws.start()
  await ws.untilStarted('denoise/B1')
  first.signal('SIGHUP')
  const { code, stderr } = await first.ended
  expect(code).toBe(130)
  expect(stderr).toMatch(/^The terminal is gone, so labmake left\. 1 job goes on; the next labmake takes over\./)
  const next = ws.start()
  await ws.until('the job is taken over', () => next.stdout().includes('adopted'))
  ws.release('denoise/B1')
  expect((await next.ended).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a labmake in a terminal that is torn down leaves its jobs, though it can write to nobody', async ({ skip }) => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  // script gives it a terminal, which is gone once script is killed: what happens where an ssh line drops.
  const terminal = spawn('script', ['-qec', labmake, '/dev/null'], {
    cwd: ws.root,
    env: { PATH: [recipes, process.env.PATH].join(delimiter), HOME: ws.root, TERM: 'xterm', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  ws.atEnd(() => terminal.kill('SIGKILL'))
  const missing = await new Promise<boolean>((resolve) => {
    terminal.once('error', () => resolve(true)).once('spawn', () => resolve(false))
  })
  if (missing) return skip('there is no script here')
  await ws.untilStarted('denoise/B1')
  terminal.kill('SIGKILL')
  await ws.until('labmake has left', () => !ws.exists('.labmake/engine.lock'))
  expect(ws.list('.labmake/running')).toHaveLength(1)
  ws.release('denoise/B1')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(ws.read('.labmake/journal.jsonl')).not.toMatch(/"cancelled"|"failed"/)
})

test('a build that is told to leave gives the terminal back at once, while its job goes on', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.untilStarted('denoise/B1')
  await ws.until('it listens', () => ws.exists('.labmake/engine.sock'))
  expect((await ws.labmake('engine', 'stop')).code).toBe(0)
  const { code, stderr } = await build.ended
  expect([code, stderr]).toEqual([1, expect.stringContaining('labmake left. 1 job goes on')])
  expect(ws.list('.labmake/running')).toHaveLength(1)
})
