import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { enginePid, type Workspace, workspace } from '../workspace.ts'
import { batches, labRules, oneBatch, oneRule } from './lab.ts'

/** The states of a batch's jobs, as the engine or the journal says. */
async function states(ws: Workspace, ...names: string[]): Promise<string[]> {
  const { batches: list } = (await ws.labmake('status', ...names, '--json')).json()
  return list.flatMap((b: { jobs: { id: string; state: string }[] }) => b.jobs.map((job) => `${job.id} ${job.state}`))
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

/** Until a job stands in this state by the word of the engine; each asking is a process of its own. */
async function untilState(ws: Workspace, job: string, state: string): Promise<void> {
  for (let seen: string[] = []; !seen.includes(`${job} ${state}`); ) seen = await states(ws)
}

test('an engine in the background makes what is stale, and stays', async () => {
  await using ws = await workspace(oneBatch)
  expect(await ws.labmake('engine', 'start')).toMatchObject({ code: 0 })
  await ws.until('phy is made', () => ws.exists('data/phy/B1/params.py'))
  await untilState(ws, 'phy/B1', 'done')
  expect((await ws.labmake('engine', 'status')).stdout).toMatch(/an engine, .* 0 jobs running, 0 queued, 0 failed/)
})

test('a second engine is not started beside the first, whoever is quicker', async () => {
  await using ws = await workspace(oneBatch)
  const runs = await Promise.all([
    ws.labmake('engine', 'start'),
    ws.labmake('engine', 'start'),
    ws.labmake('engine', 'start'),
  ])
  expect(runs.map((run) => run.code)).toEqual([0, 0, 0])
  const pids = new Set(runs.flatMap((run) => /process (\d+)/.exec(run.stdout)?.[1] ?? []))
  expect([...pids]).toEqual([String(enginePid(ws.root))])
  const foreground = await ws.labmake('engine', 'run')
  expect(foreground).toMatchObject({ code: 2 })
  expect(foreground.stderr).toMatch(/is at work in this workspace/)
})

test('an engine that cannot start says why', async () => {
  await using ws = await workspace({ 'rules/r.yaml': 'rules: {}', '.labmake': 'a file' })
  const { code, stderr } = await ws.labmake('engine', 'start')
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/\.labmake/)
})

test('an engine that is stopped leaves its jobs, and the next one takes them over', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  const pid = enginePid(ws.root)!
  const { stdout } = await ws.labmake('engine', 'stop')
  expect(stdout).toBe('The engine ends. 1 job goes on; the next labmake takes it over.\n')
  await ws.until('the engine is gone', () => !isAlive(pid))
  expect(await states(ws)).toEqual(['denoise/B1 running', 'phy/B1 stale'])
  await ws.labmake('engine', 'start')
  ws.release('denoise/B1')
  await untilState(ws, 'phy/B1', 'done')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('engine stop --end-jobs ends what runs, and its target is as it was', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  expect((await ws.labmake('engine', 'stop', '--end-jobs')).code).toBe(0)
  await ws.until('nothing is under way', () => ws.list('.labmake/running').length === 0)
  expect(ws.exists('data/kwd/B1.kwd')).toBe(false)
})

test('an engine that is killed is said to be gone, and its jobs go on to the next', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  const follower = ws.start()
  await ws.until('it is followed', () => /the work/.test(follower.stderr()))
  process.kill(enginePid(ws.root)!, 'SIGKILL')
  const ended = await follower.ended
  expect(ended.code).toBe(2)
  expect(ended.stderr).toMatch(/the engine is gone/)
  expect((await ws.labmake('status')).stdout).toMatch(/No labmake is at work here/)
  ws.release('denoise/B1')
  expect(await ws.labmake()).toMatchObject({ code: 0 })
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a build asks the engine that runs, shows its work, and ends with its outcome', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  const build = ws.start('B1')
  await ws.until('it is followed', () => /the work/.test(build.stderr()))
  ws.release('denoise/B1')
  const { code, stdout } = await build.ended
  expect(code).toBe(0)
  expect(stdout).toMatch(/done +B1 +phy/)
  expect(stdout).not.toMatch(/B2/)
  expect(stdout).toMatch(/2 up to date\.\n$/)
})

test('a build by way of the engine tries again what failed, and its exit code says that it failed again', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('script: exit 3'), 'in/a.txt': 'a' })
  await ws.labmake('engine', 'start')
  await untilState(ws, 'copy/a', 'failed')
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toMatch(/failed .*exit code 3/)
  expect(ws.list('.labmake/logs/copy/a')).toEqual(['1.log', '2.log'])
})

test('what changed a moment before a build is in it, though an engine runs', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: cp {source} {target}'), 'in/a.txt': 'a' })
  await ws.labmake('engine', 'start')
  await ws.until('it is made', () => ws.exists('out/a.txt'))
  ws.write('in/b.txt', 'b')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('out/b.txt')).toBe('b')
})

test('a build that finds nothing to do says the same with an engine as without one', async () => {
  const rule = oneRule('recipe: cp {source} {target}').replaceAll('{x}', '{batch}')
  const files = { 'in/a.txt': 'a', 'in/b.txt': 'b', 'in/no batch.txt': 'c' }
  await using ws = await workspace({ 'rules/r.yaml': rule, ...files })
  await ws.labmake()
  ws.write('out/a.txt', 'by hand')
  ws.write('in/a.txt', 'changed')
  const goals = [[], ['a'], ['b'], ['copy'], ['out/b.txt'], ['-v', 'b']]
  const say = async () => {
    const said = []
    for (const words of goals) said.push(await ws.labmake(...words))
    return said.map(({ code, stdout }) => ({ code, stdout }))
  }
  const alone = await say()
  expect(alone[1]!.stdout).toMatch(/was edited by a person and is stale/)
  await ws.labmake('engine', 'start')
  expect(await say()).toEqual(alone)
})

test('a build by way of the engine does not wait for what somebody holds', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  await ws.labmake('cancel', 'B1', 'denoise')
  await untilState(ws, 'denoise/B1', 'cancelled')
  await ws.labmake('hold', 'denoise/B1')
  expect((await ws.labmake('phy/B1')).code).toBe(1)
})

test('leaving a build that an engine does ends nothing', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  const build = ws.start()
  await ws.until('it is followed', () => /the work/.test(build.stderr()))
  build.signal('SIGINT')
  expect((await build.ended).code).toBe(130)
  ws.release('denoise/B1')
  await untilState(ws, 'phy/B1', 'done')
})

test('jobs are held, released, stopped and tried again from the command line, and the journal has who did it', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  ws.hold('denoise/B1', 'denoise/B2')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  expect((await ws.labmake('hold', 'B2')).stdout).toBe('Held 2 jobs: not started until released.\n')
  expect((await ws.labmake('cancel', 'B1', 'denoise')).stdout).toMatch(/^Stopped 1 job, .* of work\./)
  await untilState(ws, 'denoise/B1', 'cancelled')
  expect(await states(ws, 'B2')).toEqual(['denoise/B2 held', 'phy/B2 held'])
  expect(ws.newRuns()).toEqual(['denoise/B1'])
  expect((await ws.labmake('release', 'B2')).stdout).toBe('Released 2 jobs.\n')
  await ws.untilStarted('denoise/B2')
  ws.release('denoise/B1', 'denoise/B2')
  expect((await ws.labmake('retry', 'B1')).stdout).toBe('Trying 1 job again.\n')
  await untilState(ws, 'phy/B1', 'done')
  const { stdout } = await ws.labmake('history', 'B1')
  expect(stdout).toMatch(/: Stopped 1 job/)
  expect(stdout).toMatch(/: Trying 1 job again/)
})

test('an edited target is accepted, or made again, by way of the engine', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake('engine', 'start')
  await untilState(ws, 'phy/B1', 'done')
  ws.write('data/phy/B1/spike_clusters.npy', 'curated')
  ws.write('data/mat/B1/b.mat', 'more spikes')
  await untilState(ws, 'phy/B1', 'protected')
  expect((await ws.labmake('accept', 'data/phy/B1/')).stdout).toMatch(/^Accepted 1 job: /)
  await untilState(ws, 'phy/B1', 'done')
  expect(ws.read('data/phy/B1/spike_clusters.npy')).toBe('curated')
  const rebuilt = await ws.labmake('rebuild', 'data/phy/B1/')
  expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringMatching(/done +B1 +phy/)])
  expect(ws.read('data/phy/B1/spike_clusters.npy')).toBe('0\n')
  const [time] = ws.list('.labmake/attic')
  expect(ws.read(`.labmake/attic/${time}/data/phy/B1/spike_clusters.npy`)).toBe('curated')
})

test('a pool is paused, changed and resumed from the command line', async () => {
  await using ws = await workspace({ 'rules/ephys.yaml': labRules })
  await ws.labmake('engine', 'start')
  expect((await ws.labmake('pool', 'ram', '--pause')).stdout).toMatch(/^Paused ram: /)
  expect((await ws.labmake('status', '--json')).json().pools).toContainEqual(
    expect.objectContaining({ name: 'ram', pausedBy: expect.any(String) }),
  )
  expect((await ws.labmake('pool', 'ram', '--resume')).stdout).toBe('Resumed ram.\n')
  expect((await ws.labmake('pool', 'ram', '--slots', '3')).stdout).toBe('ram has 3 slots now, until the engine ends.\n')
  expect((await ws.labmake('pool', 'ram', '--slots', 'declared')).stdout).toMatch(/ram has 1 slot now/)
  expect((await ws.labmake('pool', 'rma', '--pause')).code).toBe(1)
  expect((await ws.labmake('pool', 'ram')).code).toBe(2)
})

test('what needs an engine says so where none runs', async () => {
  await using ws = await workspace(oneBatch)
  const { code, stderr } = await ws.labmake('retry', 'B1')
  expect(code).toBe(2)
  expect(stderr).toMatch(/no engine runs here.*\n.*labmake watch/)
})

test('status says whether the engine or the journal speaks', async () => {
  await using ws = await workspace(oneBatch)
  expect((await ws.labmake('status', '--json')).json()).toMatchObject({ engine: { running: false }, source: 'journal' })
  await ws.labmake('engine', 'start')
  const status = (await ws.labmake('status', '--json')).json()
  expect(status).toMatchObject({ engine: { running: true, pid: enginePid(ws.root) }, source: 'engine' })
})

test('a build that lasts can be looked at and asked like an engine', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.untilStarted('denoise/B1')
  await ws.until('it listens', () => ws.exists('.labmake/engine.sock'))
  expect((await ws.labmake('engine', 'status')).stdout).toMatch(/a build, which ends when it is done/)
  expect((await ws.labmake('cancel', 'B1')).code).toBe(0)
  expect((await build.ended).code).toBe(1)
})

test('the unit for systemd names the workspace, and ends no jobs', async () => {
  await using ws = await workspace(oneBatch)
  const { stdout } = await ws.labmake('engine', 'unit')
  expect(stdout).toContain(`"engine" "run" "-C" "${ws.root}"`)
  expect(stdout).toMatch(/^KillMode=process$/m)
})
