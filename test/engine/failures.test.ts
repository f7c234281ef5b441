import { describe, expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { nextEngine, type Watching, watching } from '../fakes/watching.ts'

// What an engine that stays does with jobs that fail or are stopped: it leaves them to a person, as long as nothing
// changes that they are made from.

const denoise = {
  sources: 'mat/{batch}',
  targets: 'kwd/{batch}',
  params: { omit: '' },
  uses: 'bin/d.py',
  recipe: 'd {source} {target} {omit}',
}
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const table = { sources: 'phy/{batch}/', targets: 'table/{batch}', recipe: 't {source} {target}' }
const content = { pools: { cpu: 2 }, rules: { denoise, phy, table } }
const files = { 'mat/B1': 'm1', 'bin/d.py': 'print' }

/** An engine whose denoise/B1 failed for good. */
async function failed(): Promise<Watching> {
  const watch = await watching(lab(content, files))
  await watch.end('denoise/B1', exitWith(1))
  return watch
}

const ran = ({ it }: Watching) => it.launcher.ran

test('what depends on a failed job is blocked by it, down to the last, and each is told of once', async () => {
  const { states, status, events } = await failed()
  expect(states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked', 'table/B1': 'blocked' })
  expect(status('table/B1')).toEqual({ state: 'blocked', job: 'denoise/B1' })
  expect(events.flatMap((e) => (e.type === 'blocked' ? [e.job] : []))).toEqual(['phy/B1', 'table/B1'])
})

test('a job that needs one that is held and one that failed is blocked by the one that failed', async () => {
  const probe = { sources: 'mat/{batch}', targets: 'probe/{batch}', recipe: 'p {source} {target}' }
  const both = { sources: ['kwd/{batch}', 'probe/{batch}'], targets: 'both/{batch}', recipe: 'b {target} {sources}' }
  const it = lab({ pools: { cpu: 4 }, rules: { denoise, probe, both } }, files)
  const { act, end, status } = await watching(it)
  await act({ type: 'hold', jobs: ['denoise/B1'] })
  await end('denoise/B1', exitWith(1))
  await end('probe/B1', exitWith(1))
  expect(status('both/B1')).toEqual({ state: 'blocked', job: 'probe/B1' })
})

test('a job that failed for good is run again by no later plan, of its batch or of all', async () => {
  const watch = await failed()
  await watch.changed('B1')
  await watch.changed()
  expect(watch.states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked', 'table/B1': 'blocked' })
  expect(ran(watch)).toEqual(['denoise/B1'])
  expect(watch.events.filter((e) => e.type === 'blocked')).toHaveLength(2)
})

test('nor by the next engine', async () => {
  const { it, status } = await failed()
  const before = status('denoise/B1')
  it.dies()
  const next = await nextEngine(it)
  expect(next.states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked', 'table/B1': 'blocked' })
  expect(next.status('denoise/B1')).toEqual(before)
  expect(it.launcher.ran).toEqual(['denoise/B1'])
})

describe('a job that failed for good is run again when', () => {
  const changes: readonly [string, (watch: Watching) => void][] = [
    ['its source changed', ({ it }) => it.disk.write('mat/B1', 'longer')],
    ['what its recipe uses changed', ({ it }) => it.disk.write('bin/d.py', 'print more')],
    ['a param changed', ({ it }) => it.disk.write('data/manifests/m.tsv', 'batch\tomit\nB1\tPort_1\n')],
    [
      'its recipe changed',
      ({ it }) =>
        it.edit({ ...content, rules: { ...content.rules, denoise: { ...denoise, recipe: 'd2 {source} {target}' } } }),
    ],
  ]
  test.each(changes)('%s, and what depends on it waits', async (_, change) => {
    const watch = await failed()
    change(watch)
    await watch.changed()
    expect(watch.states()).toEqual({ 'denoise/B1': 'running', 'phy/B1': 'waiting', 'table/B1': 'waiting' })
  })

  test.each(changes)('%s while no engine was there', async (_, change) => {
    const watch = await failed()
    watch.it.dies()
    change(watch)
    expect((await nextEngine(watch.it)).states()['denoise/B1']).toBe('running')
  })

  test('a person says so; what depends on it waits, and runs when it is made', async () => {
    const watch = await failed()
    await watch.act({ type: 'retry', jobs: ['denoise/B1'] })
    expect(watch.states()).toEqual({ 'denoise/B1': 'running', 'phy/B1': 'waiting', 'table/B1': 'waiting' })
    await watch.end('denoise/B1')
    await watch.end('phy/B1')
    await watch.end('table/B1')
    expect(watch.states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'done', 'table/B1': 'done' })
  })

  test('a person said so, and labmake died before the attempt began', async () => {
    const { it, act } = await failed()
    await act({ type: 'pause', pool: 'cpu' })
    await act({ type: 'retry', jobs: ['denoise/B1'] })
    it.dies()
    const next = await nextEngine(it)
    expect(next.states()['denoise/B1']).toBe('running')
    await next.end('denoise/B1', exitWith(1))
    await next.changed()
    expect(next.states()['denoise/B1']).toBe('failed')
  })
})

test('a failure that the journal could not be told of is remembered all the same, and shown with its cause', async () => {
  const it = lab(content, files)
  const { end, changed, status, events } = await watching(it)
  it.acts.before('append failed', () => it.acts.failAt(it.acts.count))
  await end('denoise/B1', exitWith(3))
  it.acts.mend()
  await changed()
  expect(status('denoise/B1')).toMatchObject({
    state: 'failed',
    cause: { kind: 'exit', code: 3 },
    last: { attempt: 1 },
  })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(events.filter((e) => e.type === 'trouble')).toHaveLength(1)
})

test('a job that could not be started on a disk that may not be written is not tried by every plan, but when a person says so', async () => {
  const it = lab(content, files)
  it.acts.failAt(0, 'read-only')
  const { changed, act, status, states } = await watching(it)
  const attempts = it.acts.count
  await changed()
  expect(it.acts.count).toBe(attempts)
  expect(status('denoise/B1')).toMatchObject({ state: 'failed', cause: { kind: 'disk' } })
  it.acts.mend()
  await act({ type: 'retry', jobs: ['denoise/B1'] })
  expect(states()['denoise/B1']).toBe('running')
})

test('a job that a person asked for and that the disk keeps from starting is not started over and over', async () => {
  const it = lab(content, files)
  const { act, end, changed, states } = await watching(it)
  await end('denoise/B1', exitWith(1))
  it.acts.before('write attempt', () => it.acts.failAt(it.acts.count, 'read-only'))
  await act({ type: 'retry', jobs: ['denoise/B1'] })
  const attempts = it.acts.count
  await changed()
  await changed()
  expect(states()['denoise/B1']).toBe('failed')
  expect(it.acts.count).toBe(attempts)
})

describe('retries', () => {
  test('that an engine left whose clock was a day ahead come in their time, not a day later', async () => {
    const it = lab({ ...content, rules: { denoise: { ...denoise, retries: 1, backoff: '1m' } } }, files)
    const watch = await watching(it)
    it.clock.tick(86_400_000)
    await watch.end('denoise/B1', exitWith(1))
    watch.engine.leave()
    await watch.outcomes
    it.clock.set(-86_400_000)
    await nextEngine(it)
    it.clock.tick(120_000)
    await settled()
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B1'])
  })

  const retried = { ...content, pools: { cpu: 1 }, rules: { denoise: { ...denoise, retries: 2, backoff: '10s' }, phy } }

  async function waiting(): Promise<Watching> {
    const watch = await watching(lab(retried, files))
    await watch.end('denoise/B1', exitWith(1))
    return watch
  }

  test('one that waits for its time is shown with its number, and its consumers wait', async () => {
    const { status, board, states } = await waiting()
    expect(status('denoise/B1')).toMatchObject({ state: 'queued', retry: { number: 1, of: 2 } })
    expect(board().jobs.get('denoise/B1')!.status).toEqual(status('denoise/B1'))
    expect(states()['phy/B1']).toBe('waiting')
  })

  test('it survives plans', async () => {
    const { it, changed, status } = await waiting()
    const before = status('denoise/B1')
    await changed('B1')
    await changed()
    expect(status('denoise/B1')).toEqual(before)
    it.clock.tick(20_000)
    await settled()
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B1'])
  })

  test('it survives plans also once it is due and waits for a slot', async () => {
    const { it, changed, status, end } = await waiting()
    it.disk.write('mat/B2', 'm')
    await changed('B2')
    it.clock.tick(20_000)
    await settled()
    expect(status('denoise/B1')).toEqual({ state: 'queued', reason: expect.anything() })
    await changed()
    await end('denoise/B2')
    // Of a batch that was begun, the rest comes first.
    await end('phy/B2')
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B2', 'phy/B2', 'denoise/B1'])
  })

  test('what it is made from changed: it is tried at once, and its retries count anew', async () => {
    const { it, changed, status, end } = await waiting()
    it.disk.write('mat/B1', 'longer')
    await changed('B1')
    expect(it.launcher.ran).toHaveLength(2)
    await end('denoise/B1', exitWith(1))
    expect(status('denoise/B1')).toMatchObject({ retry: { number: 1 } })
  })

  test('a person does not wait for its time', async () => {
    const { it, act } = await waiting()
    await act({ type: 'retry', jobs: ['denoise/B1'] })
    expect(it.launcher.ran).toHaveLength(2)
    it.clock.tick(60_000)
    await settled()
    expect(it.launcher.ran).toHaveLength(2)
  })

  test.each([
    ['ten minutes back', -600_000],
    ['a year back', -365 * 86_400_000],
    ['a year ahead', 365 * 86_400_000],
  ])('a clock that is set %s neither puts them off nor hastens them', async (_, stepMs) => {
    const { it, changed } = await waiting()
    it.clock.set(stepMs)
    await changed()
    expect(it.launcher.ran).toHaveLength(1)
    it.clock.tick(20_000)
    await settled()
    expect(it.launcher.ran).toHaveLength(2)
  })

  test('those that were left are made by the next engine, at their time', async () => {
    const { it } = await waiting()
    it.dies()
    const next = await nextEngine(it)
    expect(next.status('denoise/B1')).toMatchObject({ state: 'queued', retry: { number: 1, of: 2 } })
    expect(it.launcher.ran).toHaveLength(1)
    it.clock.tick(20_000)
    await settled()
    await next.end('denoise/B1', exitWith(1))
    expect(next.status('denoise/B1')).toMatchObject({ retry: { number: 2, of: 2 } })
    it.clock.tick(60_000)
    await settled()
    await next.end('denoise/B1', exitWith(1))
    expect(next.states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked' })
  })

  test('an attempt that failed while no engine was there counts', async () => {
    const watch = await watching(lab(retried, files))
    const { it } = watch
    it.dies()
    it.launcher.of('denoise/B1').end(exitWith(1))
    const next = await nextEngine(it)
    expect(next.status('denoise/B1')).toMatchObject({ state: 'queued', retry: { number: 1, of: 2 } })
  })

  test('a second attempt that is taken over has one retry left', async () => {
    const { it } = await waiting()
    it.clock.tick(20_000)
    await settled()
    it.dies()
    const next = await nextEngine(it)
    expect(next.states()['denoise/B1']).toBe('running')
    await next.end('denoise/B1', exitWith(1))
    expect(next.status('denoise/B1')).toMatchObject({ retry: { number: 2, of: 2 } })
  })
})

describe('an attempt that was lost with the machine', () => {
  const lost = { status: 'failed', cause: { kind: 'lost' } } as const

  test('is tried once more by the next engine, though the rule knows no retries', async () => {
    const { it } = await watching(lab(content, files))
    it.dies()
    it.launcher.of('denoise/B1').end(lost)
    const next = await nextEngine(it)
    expect(next.status('denoise/B1')).toMatchObject({ state: 'queued', retry: { number: 1, of: 1 } })
    it.clock.tick(60_000)
    await settled()
    expect(next.states()['denoise/B1']).toBe('running')
  })

  test('twice in a row is left to a person: it may be what stops the machine', async () => {
    const { it } = await watching(lab(content, files))
    it.dies()
    it.launcher.of('denoise/B1').end(lost)
    await nextEngine(it)
    it.clock.tick(60_000)
    await settled()
    it.dies()
    it.launcher.of('denoise/B1').end(lost)
    expect((await nextEngine(it)).states()['denoise/B1']).toBe('failed')
  })
})

describe('a job that a person stopped', () => {
  async function stopped(): Promise<Watching> {
    const watch = await watching(lab({ ...content, rules: { denoise: { ...denoise, retries: 3 }, phy } }, files))
    await watch.act({ type: 'cancel', jobs: ['denoise/B1'] })
    await watch.end('denoise/B1', { status: 'cancelled' })
    return watch
  }

  test('stays stopped, whatever is planned; what depends on it waits', async () => {
    const watch = await stopped()
    await watch.changed()
    expect(watch.status('denoise/B1')).toMatchObject({ state: 'cancelled', by: 'ana', last: { attempt: 1 } })
    expect(watch.status('phy/B1')).toEqual({ state: 'waiting', reason: { kind: 'prerequisite', job: 'denoise/B1' } })
    expect(ran(watch)).toEqual(['denoise/B1'])
  })

  test('stays stopped in the next engine', async () => {
    const { it, status } = await stopped()
    const before = status('denoise/B1')
    it.dies()
    const next = await nextEngine(it)
    expect(next.status('denoise/B1')).toEqual(before)
    expect(next.states()['phy/B1']).toBe('waiting')
    expect(it.launcher.ran).toEqual(['denoise/B1'])
  })

  test('starts again when what it is made from changed', async () => {
    const { it, changed, states } = await stopped()
    it.disk.write('mat/B1', 'longer')
    await changed('B1')
    expect(states()['denoise/B1']).toBe('running')
  })

  test('starts again when a person says retry', async () => {
    const { act, states } = await stopped()
    await act({ type: 'retry', jobs: ['denoise/B1'] })
    expect(states()).toEqual({ 'denoise/B1': 'running', 'phy/B1': 'waiting' })
  })

  test('is shown as being ended until it has ended', async () => {
    const { act, status } = await watching(lab(content, files))
    await act({ type: 'cancel', jobs: ['denoise/B1'] })
    expect(status('denoise/B1')).toMatchObject({ state: 'running', stoppedBy: 'ana' })
  })

  test('and that fails by itself just then is not retried', async () => {
    const it = lab({ ...content, rules: { denoise: { ...denoise, retries: 3 } } }, files)
    const { act, end, states } = await watching(it)
    await act({ type: 'cancel', jobs: ['denoise/B1'] })
    await end('denoise/B1', exitWith(1))
    expect(states()).toEqual({ 'denoise/B1': 'failed' })
  })
})
