import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openLauncher } from '../../src/io/launcher.ts'
import { markProcess, readProcess } from '../../src/io/processes.ts'
import { type Begun, openStartShell, type StartShell } from '../../src/io/startShell.ts'
import { type Workspace, workspace } from '../workspace.ts'
import { folderOfOne, isAlive, one, startScript, stateOfOne } from './recipes.ts'

function begin(shell: StartShell, ws: Workspace, slug: string, script: string): Promise<Begun> {
  mkdirSync(ws.path(`.labmake/running/${slug}`), { recursive: true })
  return shell.begin({ slug, log: 'log', words: ['/bin/sh', '-c', script], environment: {}, grant: '' })
}

async function leaderPid(begun: Promise<Begun>): Promise<number> {
  const it = await begun
  if (it.status !== 'begun') throw new Error(it.problem)
  return it.leader.mark.pid
}

/** The process that waits for a recipe, and the shell that started both, by what was written down of it. */
function waitingAndShell(ws: Workspace, slug: string): [number, number] {
  const [numbers = '', , keeping = ''] = ws.read(`.labmake/running/${slug}/pid`).split('\n')
  return [Number(numbers.split(' ')[1]), Number(keeping.split(' ')[0])]
}

const ended = (ws: Workspace, slug: string) => ws.until('it ended', () => ws.exists(`.labmake/running/${slug}/exit`))

test('words and values reach a recipe as they are, whatever they hold', async () => {
  await using ws = await workspace()
  const evil = [
    "it's",
    'a;touch PWNED',
    '$(touch PWNED)',
    '`touch PWNED`',
    'two\nlines',
    '*',
    '',
    '\\',
    '"',
    '-n',
    'ümlaut 🙂',
  ]
  mkdirSync(ws.path(folderOfOne), { recursive: true })
  const begun = await openStartShell(ws.root).begin({
    slug: one,
    log: 'log',
    words: ['/bin/sh', '-c', 'printf "<%s>\\n" "$@" "$value"', 'sh', ...evil],
    environment: { value: "'; touch PWNED; '" },
    grant: '',
  })
  expect(begun).toMatchObject({ status: 'begun' })
  await ended(ws, one)
  expect(ws.read('log')).toBe([...evil, "'; touch PWNED; '"].map((word) => `<${word}>\n`).join(''))
  expect(ws.exists('PWNED')).toBe(false)
})

test('values of a recipe hide no name that the shell itself needs', async () => {
  await using ws = await workspace()
  mkdirSync(ws.path(folderOfOne), { recursive: true })
  const names = ['id', 'folder', 'log', 'status', 'pid', 'start', 'mark', 'boot', 'session']
  const begun = await openStartShell(ws.root).begin({
    slug: one,
    log: 'log',
    words: ['/bin/sh', '-c', `echo ${names.map((name) => `$${name}`).join(' ')}`],
    environment: Object.fromEntries(names.map((name) => [name, `my-${name}`])),
    grant: '',
  })
  expect(begun.status === 'begun' && (await begun.exitStatus)).toBe('0')
  expect(ws.read('log')).toBe(`${names.map((name) => `my-${name}`).join(' ')}\n`)
})

/** Of a child that is dead the system tells us, and keeps its number until then. */
function isReaped(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('a shell that is killed takes no recipe with it, and loses no exit; another one starts the next', async () => {
  await using ws = await workspace()
  const launcher = openLauncher(ws.root)
  const running = await startScript(ws, 'until [ -e release ]; do sleep 0.02; done; exit 7', { launcher })
  await ws.until('it was written down', () => ws.exists(`${folderOfOne}/pid`))
  const [, shell] = waitingAndShell(ws, one)
  process.kill(shell, 'SIGKILL')
  await ws.until('we know that the shell is dead', () => isReaped(shell))
  mkdirSync(ws.path('.labmake/running/two'), { recursive: true })
  const second = await launcher.start({
    slug: 'two',
    words: ['true'],
    environment: {},
    log: 'log',
    title: '',
    timeoutMs: undefined,
  })
  expect(await second.exit).toMatchObject({ status: 'done' })
  ws.write('release', '')
  expect(await running.exit).toMatchObject({ cause: { kind: 'exit', code: 7 } })
})

test.skipIf(process.platform !== 'linux')(
  'where the shell is killed with all that waits for recipes, these go on, and are lost once they end',
  async () => {
    await using ws = await workspace()
    const running = await startScript(ws, 'until [ -e release ]; do sleep 0.02; done; echo went on >went')
    const { pid } = running.process!
    await ws.until('it has a session of its own', () => readProcess(pid)?.session === pid)
    process.kill(-waitingAndShell(ws, one)[1], 'SIGKILL')
    ws.write('release', '')
    expect(await running.exit).toMatchObject({ status: 'failed', cause: { kind: 'lost' } })
    expect(ws.read('went')).toBe('went on\n')
  },
)

test('a recipe that was killed with its whole group has its end and its times written down all the same', async () => {
  await using ws = await workspace()
  const running = await startScript(ws, 'while :; do :; done')
  await ws.until(
    'it works',
    () =>
      execFileSync('ps', ['-o', 'time=', '-p', String(running.process!.pid)], { encoding: 'utf8' }).trim() !==
      '00:00:00',
  )
  process.kill(-running.process!.pid, 'SIGKILL')
  const exit = await running.exit
  expect(exit).toMatchObject({ status: 'failed', cause: { kind: 'signal', signal: 'SIGKILL' } })
  expect(exit.use?.cpuSeconds).toBeGreaterThan(0.5)
})

test('a recipe that was given up before it began never begins', async () => {
  await using ws = await workspace({ [`${folderOfOne}/pid`]: 'nobody\n' })
  const pid = await leaderPid(begin(openStartShell(ws.root), ws, one, 'echo ran >ran'))
  await ws.until('the shell knows that it was given up', () => !isAlive(pid))
  expect([ws.exists('ran'), ws.exists(`${folderOfOne}/exit`)]).toEqual([false, false])
})

test('an attempt of an older labmake is taken over by the process that it wrote down', async () => {
  const folder = folderOfOne
  await using ws = await workspace({ [`${folder}/`]: '' })
  const shim = `until [ -e release ]; do sleep 0.02; done; echo 7 >${folder}/exit.new; mv ${folder}/exit.new ${folder}/exit`
  const child = spawn('sh', ['-c', shim], { cwd: ws.root, detached: true, stdio: 'ignore' })
  ws.write(`${folder}/pid`, `${child.pid}\n`)
  const adopted = openLauncher(ws.root).adopt({ ...stateOfOne, process: markProcess(child.pid!) })
  ws.write('release', '')
  expect(await adopted?.exit).toMatchObject({ status: 'failed', cause: { kind: 'exit', code: 7 } })
})

test('no zombies are left of recipes that ended', async () => {
  await using ws = await workspace()
  const shell = openStartShell(ws.root)
  for (const slug of ['a', 'b', 'c', 'd']) {
    const begun = await begin(shell, ws, slug, 'true')
    if (begun.status === 'begun') await begun.exitStatus
  }
  const [, pid] = waitingAndShell(ws, 'd')
  const dead = execFileSync('ps', ['-o', 'state=,ppid=', '-A'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^Z/.test(line) && line.endsWith(` ${pid}`))
  // The last one is cleared away at the next start, and the one before it too, where it was not quite gone.
  expect(dead.length).toBeLessThanOrEqual(2)
})
