import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openLauncher } from '../../src/io/launcher.ts'
import { markProcess } from '../../src/io/processes.ts'
import type { AttemptState, ProcessMark } from '../../src/model/attempt.ts'
import type { Exit, Running } from '../../src/model/ports.ts'
import { type Workspace, workspace } from '../workspace.ts'

interface Limits {
  readonly graceMs?: number
  readonly timeoutMs?: number
}

/** Starts a bash script through the launcher of a workspace; what it writes goes to the file `log`. */
function start(ws: Workspace, script: string, { graceMs = 50, timeoutMs }: Limits = {}): Promise<Running> {
  mkdirSync(ws.path('.labmake/running/one'), { recursive: true })
  return openLauncher(ws.root, { graceMs }).start({
    slug: 'one',
    words: ['bash', '-c', script],
    environment: { greeting: 'hello $HOME' },
    log: 'log',
    title: 'the recipe',
    timeoutMs,
  })
}

const isAlive = (pid: number) => markProcess(pid) !== undefined
const done: Exit = { status: 'done' }
const cancelled: Exit = { status: 'cancelled' }

test('what a recipe writes on both outputs goes to its log, below the command', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo "$greeting"; echo trouble >&2')
  expect(await running.exit).toEqual(done)
  expect(ws.read('log')).toBe('$ the recipe\nhello $HOME\ntrouble\n')
})

test('the exit code of a recipe is told, and is written down for a later labmake', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'exit 7')
  expect(await running.exit).toEqual({ status: 'failed', cause: { kind: 'exit', code: 7 } })
  expect(ws.read('.labmake/running/one/exit').trim()).toBe('7')
})

test('a recipe reads an empty standard input', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'cat; echo read all')
  expect(await running.exit).toEqual(done)
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
  expect(await running.exit).toEqual(cancelled)
  expect(ws.read('saved')).toBe('saved\n')
})

test('a recipe that ignores TERM is killed after the grace, with its grandchildren (case 27)', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'trap "" TERM; (trap "" TERM; sleep 600 & echo $! >grandchild; wait) & wait')
  await ws.until('the grandchild runs', () => ws.exists('grandchild') && ws.read('grandchild') !== '')
  const grandchild = Number(ws.read('grandchild'))
  running.cancel({ now: false })
  expect(await running.exit).toEqual(cancelled)
  await ws.until('the grandchild is dead', () => !isAlive(grandchild))
})

test('what a recipe leaves running in its group is killed when it is cancelled, though the recipe itself listened', async () => {
  await using ws = await workspace()
  const running = await start(ws, '(trap "" TERM; while :; do sleep 0.05; done) & echo $! >child; wait', {
    graceMs: 15_000,
  })
  await ws.until('the child runs', () => ws.exists('child') && ws.read('child') !== '')
  running.cancel({ now: false })
  expect(await running.exit).toEqual(cancelled)
  await ws.until('the child is dead', () => !isAlive(Number(ws.read('child'))))
})

test('a recipe past its timeout is ended, and the timeout is the cause', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'sleep 600', { timeoutMs: 30, graceMs: 15_000 })
  expect(await running.exit).toEqual({ status: 'failed', cause: { kind: 'timeout', timeoutMs: 30 } })
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
  expect(await running.exit).toEqual(cancelled)
})

test('a daemon that holds the output of a recipe does not keep it from ending (case 28)', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'sleep 600 & echo $! >daemon')
  ws.atEnd(() => process.kill(Number(ws.read('daemon')), 'SIGKILL'))
  expect(await running.exit).toEqual(done)
  expect(isAlive(Number(ws.read('daemon')))).toBe(true)
})

test('a recipe leads a process group of its own: what ends a terminal does not reach it', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'while [ ! -e release ]; do sleep 0.02; done')
  // Signal 0 only looks: it throws where no group has this number.
  expect(process.kill(-running.process!.pid, 0)).toBe(true)
  ws.write('release', '')
  expect(await running.exit).toEqual(done)
})

test('an attempt whose shim never wrote its process is not started later, once it was given up', async () => {
  await using ws = await workspace()
  mkdirSync(ws.path('.labmake/running/one'), { recursive: true })
  ws.write('.labmake/running/one/pid', 'nobody')
  const running = await start(ws, 'echo ran >ran')
  await running.exit
  expect(ws.exists('ran')).toBe(false)
})

/** As it was written down by the labmake that started it. */
function left(process: ProcessMark | undefined): AttemptState {
  const made = { sources: {}, uses: {}, targets: {}, recipe: '', params: {} }
  const base = {
    slug: 'one',
    job: 'copy/a',
    attempt: 1,
    startedMs: 0,
    sourceBytes: 0,
    timeoutMs: undefined,
    log: 'log',
  }
  return { ...base, process, targets: [], expects: [], ignore: [], pools: {}, before: made, committing: undefined }
}

/** Also where labmake does not: the recipe would go on for ever. */
function endRecipe(ws: Workspace): void {
  ws.atEnd(() => {
    try {
      process.kill(Number(ws.read('recipe')), 'SIGKILL')
    } catch {
      // It has ended, as it should.
    }
  })
}

test('what goes on of a recipe whose shim was killed is ended, before another attempt starts beside it', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo $$ >recipe.new; mv recipe.new recipe; while :; do sleep 0.02; done')
  await ws.until('the recipe runs', () => ws.exists('recipe'))
  endRecipe(ws)
  process.kill(running.process!.pid, 'SIGKILL')
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'signal', signal: 'SIGKILL' } })
  await ws.until('the recipe is dead', () => !isAlive(Number(ws.read('recipe'))))
})

test('of a recipe that was taken over, and whose shim was killed, nothing goes on either', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo $$ >recipe.new; mv recipe.new recipe; while :; do sleep 0.02; done')
  await ws.until('the recipe runs', () => ws.exists('recipe'))
  endRecipe(ws)
  const adopted = openLauncher(ws.root).adopt(left(running.process))
  process.kill(running.process!.pid, 'SIGKILL')
  expect(await adopted?.exit).toEqual({ status: 'failed', cause: { kind: 'lost' } })
  await ws.until('the recipe is dead', () => !isAlive(Number(ws.read('recipe'))))
})

test('an attempt of before the machine was started anew is lost, though it wrote down that it ended well', async () => {
  await using ws = await workspace()
  const running = await start(ws, 'echo made')
  await running.exit
  expect(ws.read('.labmake/running/one/exit').trim()).toBe('0')
  const adopted = openLauncher(ws.root).adopt(left({ pid: 1, startTime: '1', bootId: 'the boot before' }))
  expect(await adopted?.exit).toEqual({ status: 'failed', cause: { kind: 'lost' } })
})

test('an attempt whose labmake was killed before it started the recipe is none, however often that is asked', async () => {
  await using ws = await workspace({ '.labmake/running/one/state.json': '{}' })
  expect(openLauncher(ws.root).adopt(left(undefined))).toBe(undefined)
  expect(openLauncher(ws.root).adopt(left(undefined))).toBe(undefined)
})
