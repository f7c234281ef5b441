import { expect, test } from 'vitest'
import { isRunning, markProcess } from '../../src/io/processes.ts'
import { enginePid, type Workspace, workspace } from '../workspace.ts'
import { batches, longParam, oneBatch, oneRule } from './lab.ts'
import { canMount, fill, smallDisk } from './smallDisk.ts'

interface JournalLine {
  readonly type: string
  readonly job: string
  readonly attempt?: number
}

function journal(ws: Workspace): JournalLine[] {
  return ws
    .read('.labmake/journal.jsonl')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

const count = (ws: Workspace, type: string, job: string) =>
  journal(ws).filter((r) => r.type === type && r.job === job).length

/** Process ids of attempts under way, by labmake's own notes. */
function runningPids(ws: Workspace): number[] {
  return ws
    .list('.labmake/running')
    .map((slug) => `.labmake/running/${slug}/pid`)
    .filter((path) => ws.exists(path))
    .map((path) => Number.parseInt(ws.read(path), 10))
    .filter((pid) => pid > 0)
}

const isAlive = (pid: number) => markProcess(pid) !== undefined

/** A labmake whose recipe denoise/B1 is held, killed with SIGKILL. */
async function killedLabmake(ws: Workspace): Promise<void> {
  ws.hold('denoise/B1')
  const first = ws.start()
  await ws.untilStarted('denoise/B1')
  await ws.until('the process is written down', () => runningPids(ws).length === 1)
  first.signal('SIGKILL')
  await first.ended
}

test('a job goes on when labmake is killed, and the next labmake takes it over (case 21)', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const next = ws.start()
  await ws.until('the job is taken over', () => next.stdout().includes('adopted'))
  ws.release('denoise/B1')
  const { code } = await next.ended
  expect(code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(count(ws, 'started', 'denoise/B1')).toBe(1)
  expect(count(ws, 'made', 'denoise/B1')).toBe(1)
  expect(ws.list('.labmake/running')).toEqual([])
})

test('a job that is taken over can be cancelled, with all that it started', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [pid] = runningPids(ws)
  const next = ws.start()
  await ws.until('the job is taken over', () => next.stdout().includes('adopted'))
  next.signal('SIGINT')
  expect((await next.ended).code).toBe(130)
  expect(isAlive(pid!)).toBe(false)
  expect(ws.list('data/kwd')).toEqual([])
})

test('a job that is taken over has its true start, and its output can be followed', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: |', '  . held; echo early; begin copy/a; echo late; cp "$1" "$target"; end'),
    'in/a.txt': 'one',
  })
  ws.hold('copy/a')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('copy/a')
  const [slug] = ws.list('.labmake/running')
  const { startedMs } = JSON.parse(ws.read(`.labmake/running/${slug}/state.json`))
  process.kill(enginePid(ws.root)!, 'SIGKILL')
  await ws.until('the engine is dead', () => !isAlive(enginePid(ws.root)!))
  await ws.labmake('engine', 'start')
  const [job] = (await ws.labmake('status', '--json')).json().batches.flatMap((b: { jobs: object[] }) => b.jobs)
  expect(job).toMatchObject({
    id: 'copy/a',
    state: 'running',
    attempt: 1,
    startedAt: new Date(startedMs).toISOString(),
  })
  const follower = ws.start('log', 'copy/a', '-f')
  await ws.until('it shows what was said before', () => follower.stdout().includes('early'))
  ws.release('copy/a')
  expect((await follower.ended).stdout).toContain('late')
  await ws.until('it is made', () => ws.exists('out/a.txt'))
  expect(count(ws, 'started', 'copy/a')).toBe(1)
})

test('a job that is taken over is ended by the next labmake when its time is up', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('timeout: 3s', 'script: echo $$ >pid; sleep 600'),
    'in/a.txt': 'one',
  })
  const first = ws.start()
  await ws.until('the process is written down', () => runningPids(ws).length === 1 && ws.exists('pid'))
  const [pid] = runningPids(ws)
  first.signal('SIGKILL')
  await first.ended
  const { code, stdout } = await ws.labmake()
  expect([code, stdout]).toEqual([1, expect.stringContaining('it took longer than its timeout of 3')])
  expect(isAlive(pid!)).toBe(false)
})

test('after the machine was started anew what ran is lost, which is said, and it runs again', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [pid] = runningPids(ws)
  const [slug] = ws.list('.labmake/running')
  process.kill(-pid!, 'SIGKILL')
  await ws.until('its end is written down', () => ws.exists(`.labmake/running/${slug}/exit`))
  const boot = JSON.parse(ws.read('.labmake/engine.json')).process.bootId
  for (const path of [`.labmake/running/${slug}/pid`, '.labmake/engine.json'])
    ws.write(path, ws.read(path).replace(boot, 'the-boot-before'))
  // Also where the end that was written down says that all is well.
  ws.write(`.labmake/running/${slug}/exit`, 'exit 0\n')
  ws.release('denoise/B1')
  const { code, stdout } = await ws.labmake()
  expect([code, stdout]).toEqual([0, expect.stringContaining('it was lost when labmake or the machine stopped')])
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B1', 'phy/B1'])
})

/** As labmakes before the small shell wrote it: the process in the state, its number alone in `pid`. */
function asOlderLabmake(ws: Workspace): string {
  const [slug] = ws.list('.labmake/running')
  const folder = `.labmake/running/${slug}`
  const [pid] = runningPids(ws)
  const state = JSON.parse(ws.read(`${folder}/state.json`))
  ws.write(`${folder}/state.json`, JSON.stringify({ ...state, process: markProcess(pid!) }))
  ws.write(`${folder}/pid`, `${pid}\n`)
  return folder
}

test('an engine of a newer version takes over a job that runs, of one that knew no small shell', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  asOlderLabmake(ws)
  const next = ws.start()
  await ws.until('the job is taken over', () => next.stdout().includes('adopted'))
  ws.release('denoise/B1')
  expect((await next.ended).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('an engine of a newer version records what ended meanwhile, of one that wrote the status alone', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const folder = asOlderLabmake(ws)
  ws.release('denoise/B1')
  await ws.until('the recipe ended', () => ws.exists(`${folder}/exit`))
  ws.write(`${folder}/exit`, '  0\n')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(count(ws, 'made', 'denoise/B1')).toBe(1)
})

test('a job that ended while no labmake ran is recorded and not run again (case 22)', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [slug] = ws.list('.labmake/running')
  ws.release('denoise/B1')
  await ws.until('the recipe ended', () => ws.exists(`.labmake/running/${slug}/exit`))
  expect(ws.exists('data/kwd/B1.kwd')).toBe(false)
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(0)
  expect(stdout).toMatch(/done +denoise\/B1/)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(count(ws, 'started', 'denoise/B1')).toBe(1)
})

test('a job that failed while no labmake ran is recorded as failed, and is tried again', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  ws.write('fail/denoise/B1', '')
  const [slug] = ws.list('.labmake/running')
  ws.release('denoise/B1')
  await ws.until('the recipe ended', () => ws.exists(`.labmake/running/${slug}/exit`))
  ws.remove('fail')
  const { code } = await ws.labmake()
  expect(count(ws, 'failed', 'denoise/B1')).toBe(1)
  expect(count(ws, 'made', 'denoise/B1')).toBe(1)
  expect(code).toBe(0)
})

test('labmake and its job both killed: nothing partial is taken, and the job runs anew (case 23)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule(
      'script: |',
      '  . held; printf partial >"$target"; begin copy/a',
      '  cp "$1" "$target"; end',
    ),
    'in/a.txt': 'whole',
  })
  ws.hold('copy/a')
  const first = ws.start()
  await ws.untilStarted('copy/a')
  await ws.until('the process is written down', () => runningPids(ws).length === 1)
  const [pid] = runningPids(ws)
  const [slug] = ws.list('.labmake/running')
  const shell = Number.parseInt(ws.read(`.labmake/running/${slug}/pid`).split('\n')[2]!, 10)
  first.signal('SIGKILL')
  await first.ended
  // Those who wait for recipes first: they would write down that it was killed.
  process.kill(-shell, 'SIGKILL')
  process.kill(-pid!, 'SIGKILL')
  await ws.until('the recipe is dead', () => !isAlive(pid!))
  expect(ws.exists('out/a.txt')).toBe(false)
  ws.release('copy/a')
  const { code } = await ws.labmake()
  expect(code).toBe(0)
  expect(ws.read('out/a.txt')).toBe('whole')
  expect(journal(ws).filter((r) => r.type === 'failed')).toMatchObject([{ job: 'copy/a', cause: { kind: 'lost' } }])
  expect(ws.list('out')).toEqual(['a.txt'])
})

test('what a labmake left that was killed before it had written down an attempt is cleaned away', async () => {
  await using ws = await workspace({ ...oneBatch, '.labmake/running/12ab-1-cd/state.json.new': '{"slug": "12ab' })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.list('.labmake/running')).toEqual([])
})

test.each([
  ['empty', ''],
  ['cut short', '{"slug":"'],
  ['zeros', '\0'.repeat(200)],
])('an attempt whose notes a power cut left %s is lost, cleared away, and made again', async (_, text) => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [pid] = runningPids(ws)
  const [slug] = ws.list('.labmake/running')
  process.kill(-pid!, 'SIGKILL')
  await ws.until('its end is written down', () => ws.exists(`.labmake/running/${slug}/exit`))
  ws.write(`.labmake/running/${slug}/state.json`, text)
  expect((await ws.labmake('doctor')).stdout).toMatch(
    /running\/ holds 1 attempt .* of which a power cut left nothing that can be read\n +Nothing needs to be done/,
  )
  ws.release('denoise/B1')
  const { code, stdout } = await ws.labmake()
  expect([code, stdout]).toEqual([0, expect.stringMatching(/failed +denoise\/B1 +cause=lost/)])
  expect([ws.list('.labmake/running'), ws.list('data/kwd')]).toEqual([[], ['B1.kwd']])
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B1', 'phy/B1'])
})

test('an attempt whose notes cannot be read is let be as long as its recipe runs', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [slug] = ws.list('.labmake/running')
  ws.write(`.labmake/running/${slug}/state.json`, '')
  ws.start()
  await ws.until('another one is started', () => ws.list('.labmake/running').length === 2)
  expect(ws.list('.labmake/running')).toContain(slug)
})

test('a process id that was given to another process is not taken over, nor killed (case 24)', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  const [pid] = runningPids(ws)
  process.kill(-pid!, 'SIGKILL')
  await ws.until('the recipe is dead', () => !isAlive(pid!))
  const [slug] = ws.list('.labmake/running')
  const path = `.labmake/running/${slug}`
  await ws.until('its end is written down', () => ws.exists(`${path}/exit`))
  ws.remove(`${path}/exit`)
  // This very process stands in for the stranger that got the number.
  ws.write(`${path}/pid`, ws.read(`${path}/pid`).replace(String(pid), String(process.pid)))
  ws.release('denoise/B1')
  const { code, stdout } = await ws.labmake()
  expect(stdout).not.toContain('adopted')
  expect(code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B1', 'phy/B1'])
})

test('a second labmake says who is at work and leaves, without starting anything (case 25)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  ws.hold('denoise/B1')
  const first = ws.start()
  await ws.untilStarted('denoise/B1')
  const second = ws.start('B2')
  // After a second the first one lets others join it; on a busy machine the second one may come only then.
  await ws.until('the second one ends, or joins the first', () => {
    return second.hasEnded() || second.stderr().includes('An engine runs here')
  })
  if (second.hasEnded()) {
    const { code, stderr } = await second.ended
    expect(code).toBe(2)
    expect(stderr).toMatch(new RegExp(`"labmake" \\(process ${first.pid} on .*\\) is at work in this workspace`))
    expect(ws.newRuns()).toEqual(['denoise/B1'])
  }
  ws.release('denoise/B1')
  expect((await first.ended).code).toBe(0)
  await second.ended
  expect(ws.newRuns().filter((run) => run === 'denoise/B2')).toHaveLength(1)
})

test('accept and rebuild leave a workspace alone where a labmake is at work', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake('B2')
  ws.hold('denoise/B1')
  ws.start()
  await ws.untilStarted('denoise/B1')
  for (const command of ['accept', 'rebuild']) {
    const { code, stderr } = await ws.labmake(command, 'denoise/B2')
    expect([code, stderr]).toEqual([2, expect.stringContaining('is at work in this workspace')])
  }
})

test('the lock of a labmake that was killed is taken over at once', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  expect(ws.exists('.labmake/engine.lock')).toBe(true)
  ws.release('denoise/B1')
  const { code, stderr } = await ws.labmake()
  expect([code, stderr]).toEqual([0, ''])
})

test('of many labmakes that find the lock of a killed one, one goes to work', async () => {
  await using ws = await workspace(oneBatch)
  await killedLabmake(ws)
  for (let round = 0; round < 4; round++) {
    const several = Array.from({ length: 6 }, () => ws.start())
    await ws.until('all but one have left', () => several.filter((labmake) => labmake.hasEnded()).length === 5)
    const atWork = several.find((labmake) => !labmake.hasEnded())!
    await ws.until('it has taken the job over', () => atWork.stdout().includes('adopted'))
    atWork.signal('SIGKILL')
    const runs = await Promise.all(several.map((labmake) => labmake.ended))
    expect(runs.map((run) => run.code).sort()).toEqual([2, 2, 2, 2, 2, null])
  }
  ws.release('denoise/B1')
  expect((await ws.labmake()).code).toBe(0)
  expect(count(ws, 'started', 'denoise/B1')).toBe(1)
})

test('a labmake whose lock was taken leaves what runs to the one that took it', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const first = ws.start()
  await ws.untilStarted('denoise/B1')
  // proper-lockfile tells locks apart by the second in which they were taken.
  const begun = Math.ceil(Date.now() / 1000)
  await ws.until('the next second has come', () => Date.now() / 1000 > begun + 0.1)
  ws.remove('.labmake/engine.lock')
  const second = ws.start()
  await ws.until('the job is taken over', () => second.stdout().includes('adopted'))
  const { code, stderr } = await first.ended
  expect([code, stderr]).toEqual([1, expect.stringContaining('taken by another labmake')])
  ws.release('denoise/B1')
  expect((await second.ended).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(ws.read('data/kwd/B1.kwd')).toBe('omit=\nspikes')
})

test('a labmake whose lock was removed ends what runs, and says why', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.untilStarted('denoise/B1')
  ws.remove('.labmake/engine.lock')
  const { code, stderr } = await build.ended
  expect([code, stderr]).toEqual([130, expect.stringContaining('was removed, so this labmake stopped')])
  expect(ws.list('.labmake/running')).toEqual([])
})

test('the journal cut at every byte loads, and only what its last record said is made again (case 26)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: echo run >>runs; cp "$1" "$target"'),
    'in/a.txt': 'a',
    'in/b.txt': 'b',
  })
  await ws.labmake()
  const whole = ws.read('.labmake/journal.jsonl')
  // Every cut costs a start of labmake, so not every one is tried here: only places that could be
  // special. The reader itself is tested at every byte.
  const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1
  const cuts = [1, lastLine, whole.length - 2, whole.length - 1]
  for (const cut of cuts) {
    ws.write('.labmake/journal.jsonl', whole.slice(0, cut))
    const { code, json } = await ws.labmake('-n', '--json')
    expect([cut, code, json().errors, json().upToDate]).toEqual([cut, 0, [], 2])
    await ws.labmake('rebuild', 'copy/a')
    expect((await ws.labmake('-n', '--json')).json().errors).toEqual([])
  }
})

test('a damaged line of the journal is reported, and the others are used', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  const lines = ws.read('.labmake/journal.jsonl').split('\n')
  const damaged = lines.findIndex((line) => line.includes('"made"'))
  lines[damaged] = lines[damaged]!.replace('"made"', '"mode"')
  ws.write('.labmake/journal.jsonl', lines.join('\n'))
  const { code, stdout } = await ws.labmake('-n')
  expect(stdout).toContain(`.labmake/journal.jsonl:${damaged + 1}: 1 line is damaged`)
  expect(stdout).toContain('4 up to date')
  expect(code).toBe(2)
})

test('Ctrl-C ends what runs, with exit code 130 and the target as it was', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  const before = ws.read('data/kwd/B1.kwd')
  ws.newRuns()
  ws.write('data/mat/B1/a.mat', 'new spikes')
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.until('the recipe runs', () => runningPids(ws).length === 1)
  const [pid] = runningPids(ws)
  build.signal('SIGINT')
  const { code, stdout } = await build.ended
  expect(code).toBe(130)
  expect(stdout).toMatch(/stopped +B1 +denoise/)
  expect(isAlive(pid!)).toBe(false)
  expect(ws.read('data/kwd/B1.kwd')).toBe(before)
  expect(ws.list('data/kwd')).toEqual(['B1.kwd'])
  expect(ws.list('.labmake/running')).toEqual([])
  expect(count(ws, 'cancelled', 'denoise/B1')).toBe(1)
})

test('a cancelled job is no failure: the next labmake runs it', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.until('the recipe runs', () => runningPids(ws).length === 1)
  build.signal('SIGTERM')
  expect((await build.ended).code).toBe(130)
  expect((await ws.labmake('-n')).stdout).toContain('denoise  data/kwd/B1.kwd is not there yet')
  ws.release('denoise/B1')
  expect((await ws.labmake()).code).toBe(0)
})

test('Ctrl-C twice kills at once a recipe that does not listen', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: . held; trap "" TERM; begin copy/a'),
    'in/a.txt': 'one',
  })
  ws.hold('copy/a')
  const build = ws.start()
  await ws.untilStarted('copy/a')
  await ws.until('the recipe runs', () => runningPids(ws).length === 1)
  const [pid] = runningPids(ws)
  build.signal('SIGINT')
  await ws.until('labmake is stopping', () => build.stdout().includes('stopping'))
  build.signal('SIGINT')
  expect((await build.ended).code).toBe(130)
  await ws.until('the recipe is dead', () => !isAlive(pid!))
})

test('a recipe that leaves a daemon behind, holding its output, ends at once (case 28)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: (sleep 600 & echo $! >daemon); cp "$1" "$target"'),
    'in/a.txt': 'one',
  })
  ws.atEnd(() => process.kill(Number(ws.read('daemon')), 'SIGKILL'))
  expect((await ws.labmake()).code).toBe(0)
  expect(isAlive(Number(ws.read('daemon')))).toBe(true)
})

test('an attempt past its timeout is ended, and a retry that succeeds counts; both logs are kept (case 29)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule(
      'timeout: 300ms',
      'retries: 1',
      'backoff: 10ms',
      'script: |',
      '  if [ ! -e tried ]; then touch tried; echo first try; sleep 600; fi',
      '  echo second try; cp "$1" "$target"',
    ),
    'in/a.txt': 'one',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(0)
  expect(stdout).toMatch(/failed +- +copy\/a .*it took longer than its timeout of 0\.3s.*again in/)
  expect(ws.list('.labmake/logs/copy/a')).toEqual(['1.log', '2.log'])
  expect(ws.read('.labmake/logs/copy/a/1.log')).toContain('first try')
  expect(ws.read('.labmake/logs/copy/a/2.log')).toContain('second try')
  expect((await ws.labmake('log', 'copy/a', '--attempt', '1')).stdout).toContain('first try')
})

test('retries end: the job has failed after the last one', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('retries: 2', 'backoff: 10ms', 'script: echo run >>runs; exit 4'),
    'in/a.txt': 'one',
  })
  const { code } = await ws.labmake()
  expect(code).toBe(1)
  expect(ws.read('runs')).toBe('run\nrun\nrun\n')
})

test('a command that is not there is a failure that names it and is not tried again', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('retries: 3', 'recipe: no-such-sorter {source} {target}'),
    'in/a.txt': 'one',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toContain('no-such-sorter could not be started')
  expect(ws.list('.labmake/logs/copy/a').length).toBeLessThanOrEqual(1)
})

test('a recipe that a signal ended is told by its name', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('script: kill -SEGV $$'), 'in/a.txt': 'one' })
  expect((await ws.labmake()).stdout).toContain('the recipe was killed by SIGSEGV')
})

test('the state of a target is whole after labmake was killed at many moments', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  for (let delayMs = 60; delayMs < 260; delayMs += 20) {
    const build = ws.start('rebuild', 'denoise', 'phy')
    const deadline = Date.now() + delayMs
    await ws.until('it has been at work for a moment', () => Date.now() > deadline)
    build.signal('SIGKILL')
    await build.ended
    for (const batch of ['B1', 'B2']) {
      if (ws.exists(`data/kwd/${batch}.kwd`)) expect(ws.read(`data/kwd/${batch}.kwd`)).toBe(`omit=\nspikes of ${batch}`)
    }
  }
  expect((await ws.labmake()).code).toBe(0)
  for (const batch of ['B1', 'B2']) {
    expect(ws.read(`data/phy/${batch}/spike_times.npy`)).toBe(`omit=\nspikes of ${batch}`)
    // At no time did two attempts of one job run together.
    expect(overlaps(ws, `denoise/${batch}`)).toBe(0)
  }
  expect([ws.list('data/kwd'), ws.list('data/phy'), ws.list('.labmake/running')]).toEqual([
    ['B1.kwd', 'B2.kwd'],
    ['B1', 'B2'],
    [],
  ])
})

/** How often a recipe started while it ran already. */
function overlaps(ws: Workspace, recipe: string): number {
  let running = false
  let overlapping = 0
  for (const note of ws.notes().filter((n) => n.recipe === recipe)) {
    if (note.event === 'start' && running) overlapping++
    running = note.event === 'start'
  }
  return overlapping
}

test.skipIf(!canMount)('a disk that fills while a recipe writes: failed, the old target whole (case 30)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: cat "$1" /dev/zero >"$target"'),
    'in/a.txt': 'one',
  })
  smallDisk(ws, 'out', '256k')
  ws.write('out/a.txt', 'old')
  ws.age('out/a.txt', { seconds: 7200 })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toMatch(/failed +- +copy\/a.*exit code 1/)
  expect(stdout).toContain('No space left on device')
  expect(ws.read('out/a.txt')).toBe('old')
})

test.skipIf(!canMount)(
  'no room for the journal: said in words, nothing runs, targets as they were (case 30)',
  async () => {
    await using ws = await workspace({
      'rules/r.yaml': oneRule('script: cp "$1" "$target"'),
      'in/a.txt': 'new',
      'out/a.txt': 'old',
    })
    ws.age('out', { seconds: 7200 })
    smallDisk(ws, '.labmake', '64k')
    fill(ws, '.labmake/filler')
    const { code, stdout, stderr } = await ws.labmake()
    expect(code).toBe(1)
    expect(stdout + stderr).toContain('no space left on the disk')
    expect(stderr).not.toContain('defect')
    expect(ws.read('out/a.txt')).toBe('old')
    expect(ws.list('out')).toEqual(['a.txt'])
    ws.remove('.labmake/filler')
    expect((await ws.labmake()).code).toBe(0)
    expect(ws.read('out/a.txt')).toBe('new')
  },
)

test.skipIf(!canMount)('no room to record what was made: said, and the old target in place (case 30)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule(longParam, 'script: cat /dev/zero >.labmake/filler 2>/dev/null || cp "$1" "$target"'),
    'in/a.txt': 'new',
    'out/a.txt': 'old',
  })
  ws.age('out', { seconds: 7200 })
  smallDisk(ws, '.labmake', '64k')
  const { code, stdout, stderr } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toContain('no space left on the disk')
  expect(stdout + stderr).not.toMatch(/defect|out of memory/)
  expect(ws.read('out/a.txt')).toBe('old')
  ws.remove('.labmake/filler')
  ws.write('rules/r.yaml', oneRule('script: cp "$1" "$target"'))
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('out/a.txt')).toBe('new')
  expect(ws.list('out')).toEqual(['a.txt'])
})

test('a target folder that may not be written is a failure in words', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
    'in/a.txt': 'one',
    out: 'a file stands here',
  })
  const { code, stdout, stderr } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toMatch(/failed +- +copy\/a .*cannot make the folder out/)
  expect(stderr).toBe('')
})

test('a process is recognised by its start time and boot, not by its number alone', () => {
  const mark = markProcess(process.pid)!
  expect(isRunning(mark)).toBe(true)
  expect(isRunning({ ...mark, startTime: '1' })).toBe(false)
  expect(isRunning({ ...mark, bootId: 'another boot' })).toBe(false)
})
