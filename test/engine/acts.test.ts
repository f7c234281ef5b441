import { describe, expect, test } from 'vitest'
import type { Action } from '../../src/model/action.ts'
import { DiskFault } from '../../src/model/ports.ts'
import type { ActionRecord } from '../../src/model/record.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { nextEngine, type Watching, watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', pool: 'ram', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const content = { pools: { ram: 1, cpu: 4 }, rules: { denoise, phy } }
const files = { 'mat/B1': 'm1', 'mat/B2': 'm2', 'mat/B3': 'm3' }

/** denoise/B1 runs; B2 and B3 are queued behind it. */
const labOf = (more: object = {}) => lab({ ...content, ...more }, files)

/** The board without what tells of the past: who held it when, and the time of a new attempt. */
const shown = ({ board }: Watching) =>
  Object.fromEntries([...board().jobs].map(([id, { status, rank }]) => [id, { status, say: rank.say }]))

const actions = (it: Lab) => it.journal.records.filter((r): r is ActionRecord => r.type === 'action')

describe('every action', () => {
  const each: readonly [Action, string][] = [
    [{ type: 'hold', jobs: ['denoise/B2', 'denoise/B3'] }, 'Held 2 jobs: not started until released.'],
    [{ type: 'first', jobs: ['denoise/B3'] }, '1 job goes before all others, until the engine ends.'],
    [{ type: 'later', jobs: ['denoise/B2', 'denoise/B3'] }, '2 jobs go after all others, until the engine ends.'],
    [
      { type: 'cancel', jobs: ['denoise/B1'] },
      'Stopped 1 job, 1m00 of work. The logs are kept, the targets are as they were.',
    ],
    [{ type: 'pause', pool: 'ram' }, 'Paused ram: what runs goes on, nothing more is started that needs it.'],
    [{ type: 'slots', pool: 'cpu', slots: 2 }, 'cpu has 2 slots now, until the engine ends.'],
    [
      { type: 'rebuild', jobs: ['denoise/B2'] },
      '1 job will be made again. What a person edited is kept in .labmake/attic/.',
    ],
    [{ type: 'build', jobs: ['B2'] }, '2 jobs are on the way.'],
    [{ type: 'stop', jobs: 'leave' }, 'The engine ends. 1 job goes on; the next labmake takes it over.'],
    [{ type: 'stop', jobs: 'end' }, 'The engine ends. 1 job is ended.'],
  ]
  test.each(each)(
    '%j says what it did, is told to all, and is in the journal with who and when',
    async (action, text) => {
      const it = labOf()
      const { act, events } = await watching(it)
      it.clock.tick(60_000)
      const result = await act(action, 'bob')
      expect(result).toMatchObject({ done: true, text })
      expect(events).toContainEqual({ type: 'acted', atMs: it.clock.now(), by: 'bob', action, text })
      const at = new Date(it.clock.now()).toISOString()
      expect(actions(it)).toMatchObject([{ at, by: 'bob', action, text }])
    },
  )

  test.each(each)('%j that cannot be written down changes nothing, and is told to nobody', async (action) => {
    const it = labOf()
    const watch = await watching(it)
    const before = JSON.stringify([...watch.engine.board().jobs])
    const pools = JSON.stringify([...watch.engine.board().pools])
    const events = watch.events.length
    it.acts.failAt(it.acts.count, 'full')
    await expect(watch.act(action)).rejects.toThrow(DiskFault)
    it.acts.mend()
    await settled()
    expect(JSON.stringify([...watch.engine.board().jobs])).toBe(before)
    expect(JSON.stringify([...watch.engine.board().pools])).toBe(pools)
    expect(watch.events.length).toBe(events)
    expect(it.launcher.running().map((r) => [r.job, r.cancelled])).toEqual([['denoise/B1', []]])
    await watch.end('denoise/B1')
    expect(it.launcher.ran).toContain('denoise/B2')
  })

  test.each<[Action, string]>([
    [{ type: 'retry', jobs: ['denoise/B2'] }, 'None of these failed or was stopped, so there is nothing to try again.'],
    [{ type: 'cancel', jobs: ['denoise/B2'] }, 'None of these runs. To keep a job from starting, hold it.'],
    [{ type: 'release', jobs: ['denoise/B2'] }, 'None of these is held.'],
    [{ type: 'first', jobs: ['denoise/B1'] }, 'None of these waits for its turn.'],
    [{ type: 'hold', jobs: ['denoise/B9'] }, 'None of these jobs is known any more.'],
    [{ type: 'resume', pool: 'ram' }, 'Nothing to change: ram is so already.'],
    [{ type: 'slots', pool: 'ram', slots: 1 }, 'Nothing to change: ram is so already.'],
    [{ type: 'pause', pool: 'gpu' }, 'There is no pool "gpu". There are: cpu, ram.'],
    [{ type: 'rebuild', jobs: ['denoise/B1'] }, 'Nothing is made again. denoise/B1: it runs now.'],
    [{ type: 'accept', jobs: ['denoise/B2'] }, 'Nothing was accepted. denoise/B2: kwd/B2 is not there.'],
    [{ type: 'reorder', jobs: ['denoise/B2'], says: [0] }, 'They are in that place already.'],
  ])('%j that has nothing to do says why, and is in no journal', async (action, text) => {
    const it = labOf()
    const { act, events } = await watching(it)
    expect(await act(action)).toEqual({ done: false, text, count: 0, undo: undefined })
    expect(actions(it)).toEqual([])
    expect(events.filter((e) => e.type === 'acted')).toEqual([])
  })

  test('of jobs named twice is done to each once', async () => {
    const it = labOf()
    const { act, end } = await watching(it)
    expect(await act({ type: 'hold', jobs: ['denoise/B2', 'denoise/B2'] })).toMatchObject({ count: 1 })
    await end('denoise/B1', exitWith(1))
    await act({ type: 'slots', pool: 'ram', slots: 9 })
    await act({ type: 'retry', jobs: ['denoise/B1', 'denoise/B1'] })
    expect(it.launcher.running().map((r) => r.job)).toEqual(['denoise/B3', 'denoise/B1'])
  })

  test('is judged by what the one before it left, though both come at once', async () => {
    const it = labOf()
    const { engine, end } = await watching(it)
    await end('denoise/B1', exitWith(1))
    await Promise.all([engine.act({ type: 'slots', pool: 'ram', slots: 9 }, 'ana'), settled()])
    const retry: Action = { type: 'retry', jobs: ['denoise/B1'] }
    const [first, second] = await Promise.all([engine.act(retry, 'ana'), engine.act(retry, 'bob')])
    await settled()
    expect([first.done, second.done]).toEqual([true, false])
    expect(it.launcher.running().filter((r) => r.job === 'denoise/B1')).toHaveLength(1)
  })

  test('after one that failed is done all the same', async () => {
    const it = labOf()
    const { engine } = await watching(it)
    it.acts.failAt(it.acts.count)
    const failing = engine.act({ type: 'pause', pool: 'ram' }, 'ana')
    const next = engine.act({ type: 'pause', pool: 'cpu' }, 'ana')
    await expect(failing).rejects.toThrow(DiskFault)
    expect((await next).done).toBe(true)
  })

  test('that came before the first plan waits for it', async () => {
    const it = labOf()
    it.launcher.hold()
    const { engine, outcomes } = it.start({ mode: 'watch' })
    void outcomes
    const held = await engine.act({ type: 'hold', jobs: ['denoise/B2'] }, 'ana')
    expect(held.count).toBe(1)
  })
})

describe('undo', () => {
  test.each<[Action]>([
    [{ type: 'hold', jobs: ['denoise/B2', 'phy/B2', 'denoise/B3'] }],
    [{ type: 'first', jobs: ['phy/B3', 'denoise/B3'] }],
    [{ type: 'later', jobs: ['denoise/B2'] }],
    [{ type: 'pause', pool: 'ram' }],
    [{ type: 'slots', pool: 'ram', slots: 0 }],
  ])('of %j restores what was', async (action) => {
    const it = labOf()
    const watch = await watching(it)
    const before = shown(watch)
    const pools = [...watch.board().pools]
    const { undo } = await watch.act(action)
    expect([shown(watch), [...watch.board().pools]]).not.toEqual([before, pools])
    await watch.act(undo!)
    expect([shown(watch), [...watch.board().pools]]).toEqual([before, pools])
    await watch.end('denoise/B1')
    expect(new Set(it.launcher.running().map((r) => r.job))).toEqual(new Set(['denoise/B2', 'phy/B1']))
  })

  test('of an undo does it once more', async () => {
    const watch = await watching(labOf())
    for (const action of [
      { type: 'hold', jobs: ['denoise/B2'] },
      { type: 'first', jobs: ['denoise/B3'] },
      { type: 'slots', pool: 'ram', slots: 3 },
    ] satisfies Action[]) {
      const { undo } = await watch.act(action)
      const after = shown(watch)
      const { undo: redo } = await watch.act(undo!)
      await watch.act(redo!)
      expect({ ...shown(watch), 'denoise/B2': undefined }).toEqual({ ...after, 'denoise/B2': undefined })
      expect(watch.states()['denoise/B2']).toBe(after['denoise/B2']!.status.state)
    }
  })

  test('of first brings back the place that a job had by an earlier say', async () => {
    const watch = await watching(labOf())
    await watch.act({ type: 'first', jobs: ['denoise/B3'] })
    const before = shown(watch)
    const { undo } = await watch.act({ type: 'later', jobs: ['denoise/B3', 'denoise/B2'] })
    await watch.act(undo!)
    expect(shown(watch)).toEqual(before)
  })

  test('of a hold brings back a retry with its time, and jobs that failed', async () => {
    const it = labOf({ rules: { denoise: { ...denoise, retries: 1 }, phy } })
    const watch = await watching(it)
    await watch.end('denoise/B1', exitWith(1))
    await watch.end('denoise/B2', { status: 'failed', cause: { kind: 'no-command', command: 'd', problem: 'none' } })
    const before = shown(watch)
    expect(watch.states()).toMatchObject({ 'denoise/B1': 'queued', 'denoise/B2': 'failed', 'phy/B2': 'blocked' })
    const { undo } = await watch.act({ type: 'hold', jobs: ['denoise/B1', 'denoise/B2'] })
    expect(watch.states()).toMatchObject({ 'denoise/B1': 'held', 'denoise/B2': 'held', 'phy/B2': 'waiting' })
    await watch.act(undo!)
    expect(shown(watch)).toEqual(before)
  })
})

describe('held', () => {
  test('a job is not started, what depends on it waits, and a release starts it', async () => {
    const it = labOf()
    const { act, end, status, states } = await watching(it)
    await act({ type: 'hold', jobs: ['denoise/B2'] })
    expect(status('denoise/B2')).toMatchObject({ state: 'held', by: 'ana', reason: { kind: 'target-missing' } })
    expect(status('phy/B2')).toEqual({ state: 'waiting', reason: { kind: 'prerequisite', job: 'denoise/B2' } })
    await end('denoise/B1')
    expect(new Set(it.launcher.ran)).toEqual(new Set(['denoise/B1', 'denoise/B3', 'phy/B1']))
    await end('denoise/B3')
    await act({ type: 'release', jobs: ['denoise/B2'] })
    expect(states()).toMatchObject({ 'denoise/B2': 'running', 'phy/B2': 'waiting' })
  })

  test('a job stays held in a new engine, and after plans', async () => {
    const it = labOf()
    const { act } = await watching(it)
    await act({ type: 'hold', jobs: ['denoise/B2'] })
    it.dies()
    const next = await nextEngine(it)
    await next.changed()
    expect(next.states()).toMatchObject({ 'denoise/B2': 'held', 'phy/B2': 'waiting' })
    await next.act({ type: 'release', jobs: ['denoise/B2'] })
    await next.end('denoise/B1')
    expect(next.states()['denoise/B2']).toBe('running')
  })

  test('a job that runs goes on, says so, and is not retried', async () => {
    const it = labOf({ rules: { denoise: { ...denoise, retries: 3 }, phy } })
    const { act, end, states } = await watching(it)
    const { text } = await act({ type: 'hold', jobs: ['denoise/B1', 'denoise/B2'] })
    expect(text).toBe('Held 2 jobs: not started until released. 1 runs on to the end of this attempt.')
    expect(states()['denoise/B1']).toBe('running')
    await end('denoise/B1', exitWith(1))
    expect(states()['denoise/B1']).toBe('held')
    it.clock.tick(3_600_000)
    await settled()
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B3'])
    await act({ type: 'release', jobs: ['denoise/B1'] })
    await end('denoise/B3')
    expect(it.launcher.running().map((r) => r.job)).toContain('denoise/B1')
  })

  test('a job that runs and is made is done; it is held when it is stale the next time', async () => {
    const it = labOf()
    const { act, end, states, changed } = await watching(it)
    await act({ type: 'hold', jobs: ['denoise/B1'] })
    await end('denoise/B1')
    expect(states()['denoise/B1']).toBe('done')
    it.disk.write('mat/B1', 'longer')
    await changed('B1')
    expect(states()['denoise/B1']).toBe('held')
  })

  test('a job whose source changes while it runs is not started once more', async () => {
    const it = labOf()
    const { act, end, states } = await watching(it)
    await act({ type: 'hold', jobs: ['denoise/B1'] })
    it.disk.write('mat/B1', 'longer')
    await end('denoise/B1')
    expect(states()['denoise/B1']).toBe('held')
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B2'])
  })

  test('a job that fails for good is shown as held, as after the next plan', async () => {
    const it = labOf()
    const watch = await watching(it)
    await watch.act({ type: 'hold', jobs: ['denoise/B1'] })
    await watch.end('denoise/B1', exitWith(1))
    const before = shown(watch)
    expect(before['denoise/B1']!.status.state).toBe('held')
    await watch.changed()
    expect(shown(watch)).toEqual(before)
    await watch.act({ type: 'release', jobs: ['denoise/B1'] })
    expect(watch.states()).toMatchObject({ 'denoise/B1': 'failed', 'phy/B1': 'blocked' })
  })

  test('a job is not tried again, and it is said why', async () => {
    const { act, end } = await watching(labOf())
    await end('denoise/B1', exitWith(1))
    await act({ type: 'hold', jobs: ['denoise/B1'] })
    const { done, text } = await act({ type: 'retry', jobs: ['denoise/B1'] })
    expect([done, text]).toEqual([false, 'denoise/B1 is held, so it is not tried again. Release it.'])
  })

  test('a job of a build that runs and fails is not retried', async () => {
    const it = labOf({ rules: { denoise: { ...denoise, retries: 3 } } })
    it.launcher.hold()
    const { engine, outcomes } = it.start({ goals: ['denoise/B1'] })
    await settled()
    await engine.act({ type: 'hold', jobs: ['denoise/B1'] }, 'ana')
    it.launcher.of('denoise/B1').end(exitWith(1))
    expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'held' })
    expect(it.launcher.ran).toEqual(['denoise/B1'])
  })

  test('a job of a build is released in that build, however often it was held', async () => {
    const it = labOf()
    it.launcher.hold()
    const { engine, outcomes } = it.start({ goals: ['denoise'] })
    await settled()
    for (let n = 0; n < 5; n++) {
      await engine.act({ type: 'hold', jobs: ['denoise/B2'] }, 'ana')
      await engine.act({ type: 'release', jobs: ['denoise/B2'] }, 'ana')
    }
    for (const job of ['denoise/B1', 'denoise/B2', 'denoise/B3']) {
      it.launcher.of(job).make()
      it.launcher.of(job).end()
      await settled()
    }
    expect(Object.fromEntries(await outcomes)).toEqual({
      'denoise/B1': 'done',
      'denoise/B2': 'done',
      'denoise/B3': 'done',
    })
  })
})

describe('first and later', () => {
  const batches = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`mat/B${i + 1}`, '']))
  const one = () => lab({ pools: { cpu: 1 }, rules: { denoise: { ...denoise, pool: 'cpu' } } }, batches)

  async function order(it: Lab, { end }: Watching): Promise<string[]> {
    while (it.launcher.running().length > 0) await end(it.launcher.running()[0]!.job)
    return it.launcher.ran.map((job) => job.slice(-2))
  }

  test('the last who says first is first; what was said later is last', async () => {
    const it = one()
    const watch = await watching(it)
    await watch.act({ type: 'later', jobs: ['denoise/B2'] })
    await watch.act({ type: 'first', jobs: ['denoise/B5'] })
    await watch.act({ type: 'first', jobs: ['denoise/B6', 'denoise/B4'] })
    await watch.act({ type: 'later', jobs: ['denoise/B3'] })
    expect(await order(it, watch)).toEqual(['B1', 'B4', 'B6', 'B5', 'B2', 'B3'])
  })

  test('a job that waits for another has its place once it is queued', async () => {
    const it = lab({ pools: { cpu: 1 }, rules: { denoise: { ...denoise, pool: 'cpu' }, phy } }, files)
    const { act, end } = await watching(it)
    await act({ type: 'first', jobs: ['phy/B1'] })
    await end('denoise/B1')
    expect(it.launcher.ran).toEqual(['denoise/B1', 'phy/B1'])
  })

  test('they last until the engine ends', async () => {
    const it = one()
    const { act } = await watching(it)
    await act({ type: 'first', jobs: ['denoise/B5'] })
    it.dies()
    const next = await nextEngine(it)
    await next.end('denoise/B1')
    expect(it.launcher.ran.at(-1)).toBe('denoise/B2')
  })
})

describe('retry', () => {
  test('tries what can be tried, and says what of the others has to come first', async () => {
    const it = labOf({ pools: { ram: 3, cpu: 4 } })
    const { act, end, changed, states } = await watching(it)
    for (const batch of ['B1', 'B2']) {
      await end(`denoise/${batch}`)
      await end(`phy/${batch}`, exitWith(1))
    }
    it.disk.write('mat/B1', 'longer')
    await changed('B1')
    await end('denoise/B1', exitWith(1))
    const { text, count } = await act({ type: 'retry', jobs: ['phy/B1', 'phy/B2'] })
    expect([text, count]).toEqual(['Trying 1 job again. Not all: phy/B1 needs denoise/B1 first.', 1])
    expect(states()).toMatchObject({ 'phy/B1': 'failed', 'phy/B2': 'running' })
    expect((await act({ type: 'retry', jobs: ['phy/B1', 'denoise/B1'] })).text).toBe('Trying 2 jobs again.')
    expect(states()).toMatchObject({ 'denoise/B1': 'running', 'phy/B1': 'waiting' })
  })

  test('of a job that waits for one that failed, was stopped or is held says which, and what to do', async () => {
    const { act, end } = await watching(labOf())
    await end('denoise/B1', exitWith(1))
    await act({ type: 'hold', jobs: ['denoise/B3'] })
    await act({ type: 'cancel', jobs: ['denoise/B2'] })
    await end('denoise/B2', { status: 'cancelled' })
    const textOf = async (job: string) => (await act({ type: 'retry', jobs: [job] })).text
    expect(await textOf('phy/B1')).toBe('phy/B1 waits for denoise/B1: try that again.')
    expect(await textOf('phy/B2')).toBe('phy/B2 waits for denoise/B2: try that again.')
    expect(await textOf('phy/B3')).toBe('phy/B3 waits for denoise/B3: release that.')
  })

  test('is not promised by an engine that ends', async () => {
    const { act, end, it } = await watching(labOf())
    await end('denoise/B1', exitWith(1))
    void act({ type: 'stop', jobs: 'leave' })
    const { done, text } = await act({ type: 'retry', jobs: ['denoise/B1'] })
    expect([done, text]).toEqual([false, 'The engine ends and starts nothing more: ask the next one.'])
    expect(actions(it).map(({ action }) => action.type)).toEqual(['stop'])
  })
})

describe('cancel', () => {
  test('of a job that is just being started ends it once it runs', async () => {
    const it = labOf()
    it.launcher.hold()
    const { engine } = it.start({ mode: 'watch' })
    let asked: ReturnType<typeof engine.act> | undefined
    it.acts.before('make folder', () => {
      asked = engine.act({ type: 'cancel', jobs: ['denoise/B1'] }, 'ana')
    })
    await settled()
    expect((await asked!).text).toBe('Stopped 1 job, 0.0s of work. The logs are kept, the targets are as they were.')
    expect(it.launcher.of('denoise/B1').cancelled).toEqual([{ now: false }])
    expect(engine.board().jobs.get('denoise/B1')!.status).toMatchObject({ state: 'running', stoppedBy: 'ana' })
  })

  test('comes too late for a job whose target is being put into place', async () => {
    const it = labOf()
    const { engine, end } = await watching(it)
    let asked: ReturnType<typeof engine.act> | undefined
    it.acts.before('flush', () => {
      asked = engine.act({ type: 'cancel', jobs: ['denoise/B1'] }, 'ana')
    })
    await end('denoise/B1')
    expect((await asked!).done).toBe(false)
    expect(it.disk.read('kwd/B1')).toBe('made by denoise/B1')
  })

  test('twice is done once', async () => {
    const { it, act } = await watching(labOf())
    await act({ type: 'cancel', jobs: ['denoise/B1'] })
    expect(await act({ type: 'cancel', jobs: ['denoise/B1'] })).toMatchObject({ done: false, text: 'It ends already.' })
    expect(it.launcher.of('denoise/B1').cancelled).toHaveLength(1)
  })
})
