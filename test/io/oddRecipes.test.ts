import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { isAlive, one, pidIn, startScript } from './recipes.ts'

const isLinux = process.platform === 'linux'

test.skipIf(!isLinux)('what forked away into a session of its own is ended when the recipe is cancelled', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    '(setsid sh -c "trap \\"\\" TERM; echo \\$\\$ >away; sleep 600" &) ; wait; sleep 600',
  )
  const away = await pidIn(ws, 'away')
  running.cancel({ now: false })
  expect(await running.exit).toMatchObject({ status: 'cancelled' })
  await ws.until('what forked away is dead', () => !isAlive(away))
})

test.skipIf(!isLinux)('what forked away is ended at the timeout, though the recipe itself had listened', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    'setsid -f sh -c "trap \\"\\" TERM; echo \\$\\$ >away; exec sleep 600"; sleep 600',
    {
      timeoutMs: 500,
      graceMs: 60_000,
    },
  )
  const away = await pidIn(ws, 'away')
  expect(await running.exit).toMatchObject({ cause: { kind: 'timeout' } })
  await ws.until('what forked away is dead', () => !isAlive(away))
})

test('a recipe that somebody stopped is cancelled all the same, and hears of it', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    'trap "echo saved >saved; exit 0" TERM; kill -STOP $$; while :; do sleep 0.02; done',
    {
      graceMs: 60_000,
    },
  )
  const { pid } = running.process!
  await ws.until(
    'it is stopped',
    () => execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })[0] === 'T',
  )
  running.cancel({ now: false })
  expect(await running.exit).toMatchObject({ status: 'cancelled' })
  expect(ws.read('saved')).toBe('saved\n')
})

test('a recipe that closes its outputs ends as any other', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, 'echo before; exec >&- 2>&-; echo lost; exit 4')
  expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'exit', code: 4, says: 'before' } })
})

test('of what is no text nothing is taken for last words', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, 'echo no license found; head -c 100 /dev/urandom | tr -d "\\n"; echo; exit 4')
  expect(await running.exit).toMatchObject({ cause: { kind: 'exit', code: 4, says: 'no license found' } })
})

test.skipIf(!isLinux)(
  'a recipe that leaves a process behind which still writes its target has not made it',
  async () => {
    await using ws = await workspace({ [`out/.labmake-${one}/B1.kwd`]: '' })
    const running = await startScript(
      ws,
      `(while sleep 0.02; do echo more; done) >out/.labmake-${one}/B1.kwd & echo $! >writer; until [ -s out/.labmake-${one}/B1.kwd ]; do sleep 0.01; done`,
    )
    expect(await running.exit).toMatchObject({
      status: 'failed',
      cause: { kind: 'still-writing', path: 'out/B1.kwd', process: 'bash' },
    })
    await ws.until('it is dead', () => !isAlive(Number(ws.read('writer'))))
  },
)

test('a recipe that leaves a process behind which only reads its target has made it', async () => {
  await using ws = await workspace({ [`out/.labmake-${one}/B1.kwd`]: 'whole' })
  const running = await startScript(ws, `sleep 600 <out/.labmake-${one}/B1.kwd & echo $! >reader`)
  ws.atEnd(() => process.kill(Number(ws.read('reader')), 'SIGKILL'))
  expect(await running.exit).toMatchObject({ status: 'done' })
  expect(isAlive(Number(ws.read('reader')))).toBe(true)
})

/** Lets this process open no more files until the returned function is called. */
async function withoutFiles(): Promise<() => Promise<void>> {
  const open = readdirSync('/proc/self/fd').length
  const limit = (files: string) => `prlimit --pid ${process.pid} --nofile=${files}:`
  const [, before = '1024'] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  // Started before: nothing can be started without files.
  const shell = spawn('sh', ['-s'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const run = (command: string) =>
    new Promise<void>((resolve) => {
      shell.stdout.once('data', () => resolve())
      shell.stdin.write(`${command}; echo done\n`)
    })
  await run(limit(String(open + 2)))
  return async () => {
    await run(limit(before))
    shell.kill()
  }
}

test.skipIf(!isLinux)('where no more files can be opened a recipe is not started, and it is said why', async () => {
  await using ws = await workspace({ log: '' })
  const restore = await withoutFiles()
  const running = await startScript(ws, 'echo ran >ran').finally(restore)
  expect(await running.exit).toMatchObject({
    status: 'failed',
    cause: { kind: 'no-start', problem: expect.stringContaining('too many open files') },
  })
  expect(ws.exists('ran')).toBe(false)
})
