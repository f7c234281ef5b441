import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openLauncher } from '../../src/io/launcher.ts'
import { openStartShell } from '../../src/io/startShell.ts'
import { type Workspace, workspace } from '../workspace.ts'
import { folderOfOne, one, pidIn, startScript, stateOfOne } from './recipes.ts'

const isLinux = process.platform === 'linux'
const mb = 1024 * 1024
/** Until that much memory was seen, MB. */
const measured = (ws: Workspace, size: number) => {
  const peak = `${folderOfOne}/peak`
  return ws.until('it was measured', () => ws.exists(peak) && Number(ws.read(peak)) > size * mb)
}

/** A perl program that holds this many MB, until there is a file `release`. */
const holding = (size: number) =>
  `perl -e '$x = "x" x (${size} << 20); select undef, undef, undef, 0.05 until -e "release"'`

/** A perl program that works for a while, and appends to `spent` how long the processor took for it. */
const working = 'perl -e \'1 for 1 .. 8e6; ($u, $s) = times; open F, ">>spent"; print F $u + $s, "\\n"\''
const spent = (ws: Workspace) =>
  ws
    .read('spent')
    .trim()
    .split('\n')
    .reduce((sum, seconds) => sum + Number(seconds), 0)

test('processor time of all that a recipe waited for is told, to some hundredths of a second', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, `${working} | cat; ${working}`)
  const { use } = await running.exit
  expect(Math.abs(use!.cpuSeconds! - spent(ws))).toBeLessThan(0.06)
})

test.skipIf(!isLinux)('bytes read and written by all that a recipe waited for are told', async () => {
  await using ws = await workspace({ source: 'x'.repeat(5 * mb) })
  const running = await startScript(ws, 'cat source source >target; head -c 1000000 target >/dev/null')
  const { use } = await running.exit
  expect(use?.readBytes).toBeGreaterThan(10 * mb)
  expect(use?.readBytes).toBeLessThan(12 * mb)
  expect(use?.writtenBytes).toBeGreaterThan(10 * mb)
  expect(use?.writtenBytes).toBeLessThan(12 * mb)
})

test.skipIf(!isLinux)('the peak of memory is that of all processes of a recipe together', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, `${holding(60)} & ${holding(90)} & wait`)
  await measured(ws, 150)
  ws.write('release', '')
  const { use } = await running.exit
  expect(use?.peakBytes).toBeGreaterThan(150 * mb)
  // perl itself, bash, and what perl needs to make the text.
  expect(use?.peakBytes).toBeLessThan(360 * mb)
})

test.skipIf(!isLinux)('memory that processes share counts once', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    `perl -e '$x = "x" x (100 << 20); for (1 .. 4) { next if fork; select undef, undef, undef, 0.05 until -e "release"; exit } wait for 1 .. 4'`,
  )
  await measured(ws, 100)
  ws.write('release', '')
  const { use } = await running.exit
  expect(use?.peakBytes).toBeGreaterThan(100 * mb)
  // perl needs it twice to make it; all five of them together seem to have ten times as much.
  expect(use?.peakBytes).toBeLessThan(500 * mb)
})

test.skipIf(!isLinux)('what left the session of a recipe is measured with it', async () => {
  await using ws = await workspace()
  const running = await startScript(
    ws,
    `(setsid ${holding(80)} & echo $! >away) & until [ -e release ]; do sleep 0.05; done`,
  )
  await pidIn(ws, 'away')
  await measured(ws, 80)
  ws.write('release', '')
  expect((await running.exit).use?.peakBytes).toBeGreaterThan(80 * mb)
})

test('a recipe that was cancelled has used what it used until then', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, `${working}; echo worked >worked; sleep 600`)
  await ws.until('it worked', () => ws.exists('worked'))
  running.cancel({ now: true })
  const exit = await running.exit
  expect(exit.status).toBe('cancelled')
  expect(Math.abs(exit.use!.cpuSeconds! - spent(ws))).toBeLessThan(0.06)
})

test.skipIf(!isLinux)(
  'of a recipe that is taken over the memory is measured, with the peak that it had before',
  async () => {
    await using ws = await workspace({ [`${folderOfOne}/`]: '' })
    // By a labmake that does not live to see it.
    const script = `perl -e '$x = "x" x (150 << 20); undef $x; open F, ">freed"; select undef, undef, undef, 0.05 until -e "release"'`
    const words = ['/bin/bash', '-c', script]
    await openStartShell(ws.root).begin({
      slug: one,
      log: 'log',
      words,
      environment: {},
      grant: '',
    })
    await ws.until('it has freed its memory', () => ws.exists('freed'))
    const adopted = openLauncher(ws.root).adopt(stateOfOne)
    await measured(ws, 150)
    ws.write('release', '')
    const { use } = (await adopted?.exit)!
    expect(use?.peakBytes).toBeGreaterThan(150 * mb)
    expect(use?.cpuSeconds).toBeDefined()
  },
)

test('of a recipe that ended while nobody was there the times are known, the memory is not', async () => {
  await using ws = await workspace({ [`${folderOfOne}/peak`]: '12345678' })
  const running = await startScript(ws, working)
  await running.exit
  const { use } = (await openLauncher(ws.root).adopt({ ...stateOfOne, process: running.process })?.exit)!
  expect(Math.abs(use!.cpuSeconds! - spent(ws))).toBeLessThan(0.06)
  expect(use?.peakBytes).toBeUndefined()
})

test('a recipe whose last words say that the disk is full failed for that', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, 'echo "write error: No space left on device" >&2; echo cleaning up; exit 1')
  expect(await running.exit).toMatchObject({
    cause: { kind: 'exit', code: 1, because: 'space', says: 'write error: No space left on device' },
  })
})

test('a recipe whose last words say that memory ran out failed for that; memory of a graphics card is another', async () => {
  await using ws = await workspace()
  const numpy = await startScript(
    ws,
    'echo "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 12 GiB"; exit 1',
  )
  expect(await numpy.exit).toMatchObject({ cause: { because: 'memory' } })
  await using another = await workspace()
  const cuda = await startScript(another, 'echo "RuntimeError: CUDA out of memory"; exit 1')
  expect(await cuda.exit).not.toHaveProperty('cause.because')
})

test.skipIf(!isLinux)('a recipe that somebody killed was not killed because memory ran out', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, 'kill -KILL $$')
  expect(await running.exit).toMatchObject({ cause: { kind: 'signal', signal: 'SIGKILL', because: 'killed' } })
})

/** A group of processes that may have so much memory; undefined where none can be made. */
function memoryGroup(limitBytes: number): { readonly procs: string; remove(): void } | undefined {
  for (const [base, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const folder = `${base}/labmake-test-${process.pid}`
    try {
      mkdirSync(folder)
      writeFileSync(`${folder}/${limit}`, String(limitBytes))
      return { procs: `${folder}/cgroup.procs`, remove: () => rmdirSync(folder) }
    } catch {
      // Not this version of control groups, or not ours to make.
      try {
        rmdirSync(folder)
      } catch {
        // It was not made.
      }
    }
  }
  return undefined
}

test('a recipe that the kernel killed because memory ran out was probably killed for that', async (context) => {
  const group = memoryGroup(40 * mb)
  if (group === undefined) return context.skip('no memory limit can be set here')
  await using ws = await workspace()
  ws.atEnd(group.remove)
  const running = await startScript(ws, `echo $$ >${group.procs}; perl -e '$x = "x" x (200 << 20); print length $x'`)
  expect(await running.exit).toMatchObject({ cause: { kind: 'signal', signal: 'SIGKILL', because: 'memory' } })
  await ws.until('nothing runs in it', () => readFileSync(group.procs, 'utf8') === '')
})
