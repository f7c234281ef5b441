import { execFileSync } from 'node:child_process'
import { utimesSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openLauncher } from '../../src/io/launcher.ts'
import type { Exit } from '../../src/model/ports.ts'
import { workspace } from '../workspace.ts'
import { folderOfOne, isAlive, pidIn, startScript as start, stateOfOne } from './recipes.ts'

const done: Exit = { status: 'done' }
const cancelled: Exit = { status: 'cancelled' }

test('what a recipe writes on both outputs goes to its log, below the command', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo "$greeting"; echo trouble >&2')
  expect(await running.exit).toMatchObject(done)
  expect(ws.read('log')).toBe('$ the recipe\nhello $HOME\ntrouble\n')
})

test('the exit code of a recipe is told, and is written down for a later labmake', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'exit 7')
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'exit', code: 7 } })
  expect(ws.read(`${folderOfOne}/exit`)).toMatch(/^exit 7$/m)
})

test('a recipe reads an empty standard input', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'cat; echo read all')
  expect(await running.exit).toMatchObject(done)
  expect(ws.read('log')).toContain('read all')
})

test('a recipe that listens to TERM has the grace to write down where it was', async () => {
  await using ws = await workspace()
  const running = await start(
    ws,
    'trap "echo saved >saved; exit 0" TERM; echo ready >ready; while :; do sleep 0.02; done',
    {
      graceMs: 15_000,
    },
  )
  await ws.until('the recipe is ready', () => ws.exists('ready'))
  running.cancel({ now: false })
  expect(await running.exit).toMatchObject(cancelled)
  expect(ws.read('saved')).toBe('saved\n')
})

test('a recipe that ignores TERM is killed after the grace, with its grandchildren (case 27)', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'trap "" TERM; (trap "" TERM; sleep 600 & echo $! >grandchild; wait) & wait')
  await ws.until('the grandchild runs', () => ws.exists('grandchild') && ws.read('grandchild') !== '')
  const grandchild = Number(ws.read('grandchild'))
  running.cancel({ now: false })
  expect(await running.exit).toMatchObject(cancelled)
  await ws.until('the grandchild is dead', () => !isAlive(grandchild))
})

test('what a recipe leaves running in its group is killed when it is cancelled, though the recipe itself listened', async () => {
  await using ws = await workspace()
  const running = await start(ws, '(trap "" TERM; while :; do sleep 0.05; done) & echo $! >child; wait', {
    graceMs: 15_000,
  })
  await ws.until('the child runs', () => ws.exists('child') && ws.read('child') !== '')
  running.cancel({ now: false })
  expect(await running.exit).toMatchObject(cancelled)
  await ws.until('the child is dead', () => !isAlive(Number(ws.read('child'))))
})

test('a recipe past its timeout is ended, and the timeout is the cause', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'sleep 600', { timeoutMs: 30, graceMs: 15_000 })
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'timeout', timeoutMs: 30 } })
})

test('a recipe past its timeout that ignores TERM is killed after the grace', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'trap "" TERM; while :; do sleep 0.05; done', { timeoutMs: 100 })
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'timeout' } })
})

test('cancelled with now, a recipe is killed without grace', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'trap "" TERM; echo ready >ready; while :; do sleep 0.05; done', { graceMs: 600_000 })
  await ws.until('the recipe is ready', () => ws.exists('ready'))
  running.cancel({ now: true })
  expect(await running.exit).toMatchObject(cancelled)
})

test('a daemon that holds the output of a recipe does not keep it from ending (case 28)', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'sleep 600 & echo $! >daemon')
  ws.atEnd(() => process.kill(Number(ws.read('daemon')), 'SIGKILL'))
  expect(await running.exit).toMatchObject(done)
  expect(isAlive(Number(ws.read('daemon')))).toBe(true)
})

test('a recipe leads a session of its own: what ends a terminal does not reach it', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'while [ ! -e release ]; do sleep 0.02; done')
  const { pid } = running.process!
  await ws.until(
    'it leads one',
    () => execFileSync('ps', ['-o', 'sid=', '-p', String(pid)], { encoding: 'utf8' }).trim() === String(pid),
  )
  ws.write('release', '')
  expect(await running.exit).toMatchObject(done)
})

test('what goes on of a recipe whose leading process was killed is ended, before another attempt starts beside it', async () => {
  await using ws = await workspace()
  const running = await start(ws, '(echo $BASHPID >child; while :; do sleep 0.02; done) & wait')
  const child = await pidIn(ws, 'child')
  process.kill(running.process!.pid, 'SIGKILL')
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'signal', signal: 'SIGKILL' } })
  await ws.until('the recipe is dead', () => !isAlive(child))
})

test('of a recipe that was taken over, and whose leading process was killed, nothing goes on either', async () => {
  await using ws = await workspace()
  const running = await start(ws, '(echo $BASHPID >child; while :; do sleep 0.02; done) & wait')
  const child = await pidIn(ws, 'child')
  const adopted = openLauncher(ws.root).adopt({ ...stateOfOne, process: running.process })
  process.kill(running.process!.pid, 'SIGKILL')
  expect(await adopted?.exit).toMatchObject({ status: 'failed', cause: { kind: 'signal', signal: 'SIGKILL' } })
  await ws.until('the recipe is dead', () => !isAlive(child))
})

test('an attempt of before the machine was started anew is lost, though it wrote down that it ended well', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo made')
  await running.exit
  const pid = ws.read(`${folderOfOne}/pid`)
  ws.write(`${folderOfOne}/pid`, pid.replace(running.process!.bootId, 'the-boot-before'))
  const adopted = openLauncher(ws.root).adopt({ ...stateOfOne, process: running.process })
  expect(await adopted?.exit).toEqual({ status: 'failed', cause: { kind: 'lost' } })
})

test('an attempt whose labmake was killed before it started the recipe is none, however often that is asked', async () => {
  await using ws = await workspace({ [`${folderOfOne}/state.json`]: '{}' })
  expect(openLauncher(ws.root).adopt(stateOfOne)).toBe(undefined)
  expect(openLauncher(ws.root).adopt(stateOfOne)).toBe(undefined)
})

describe.skipIf(process.platform !== 'linux')('of a recipe that is taken over after the clock was set', () => {
  const yearMs = 365 * 86_400_000

  test('a year ahead: its time is not up for that, and how long it ran is true', async () => {
    await using ws = await workspace()
    const running = await start(ws, 'while [ ! -e release ]; do sleep 0.02; done')
    const state = { ...stateOfOne, process: running.process, startedMs: Date.now() - yearMs, timeoutMs: 3_600_000 }
    const adopted = openLauncher(ws.root).adopt(state)
    ws.write('release', '')
    const exit = await adopted!.exit
    expect(exit).toMatchObject({ status: 'done' })
    expect(exit.seconds).toBeLessThan(60)
  })

  test('a year back: its time is up all the same', async () => {
    await using ws = await workspace()
    const running = await start(ws, 'sleep 600')
    const state = { ...stateOfOne, process: running.process, startedMs: Date.now() + yearMs, timeoutMs: 30 }
    const adopted = openLauncher(ws.root, { graceMs: 50 }).adopt(state)
    expect(await adopted?.exit).toMatchObject({ status: 'failed', cause: { kind: 'timeout', timeoutMs: 30 } })
  })
})

test('of a recipe that ended while no labmake was there, the time until then counts, not until somebody came', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo made')
  await running.exit
  const night = { begun: 1_780_000_000, ended: 1_780_000_090 }
  utimesSync(ws.path(`${folderOfOne}/pid`), night.begun, night.begun)
  utimesSync(ws.path(`${folderOfOne}/exit`), night.ended, night.ended)
  const adopted = openLauncher(ws.root).adopt({ ...stateOfOne, process: running.process })
  expect(await adopted?.exit).toMatchObject({ status: 'done', seconds: 90 })
})
