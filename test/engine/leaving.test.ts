import { describe, expect, test } from 'vitest'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { nextEngine, watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const content = { pools: { cpu: 2 }, rules: { denoise, phy } }
const mats = { 'mat/B1': 'm', 'mat/B2': 'm', 'mat/B3': 'm' }

const made = (it: ReturnType<typeof lab>) => it.journal.records.flatMap((r) => (r.type === 'made' ? [r.job] : []))

describe('an engine that is told to leave', () => {
  test('ends at once, ends no recipe, and starts nothing more', async () => {
    const it = lab(content, mats)
    const { act, outcomes, events } = await watching(it)
    await act({ type: 'stop', jobs: 'leave' })
    await outcomes
    expect(it.launcher.running().map((r) => [r.job, r.cancelled])).toEqual([
      ['denoise/B1', []],
      ['denoise/B2', []],
    ])
    expect(events).toContainEqual(expect.objectContaining({ type: 'stopping', running: 2, because: 'left' }))
  })

  test('the next takes over what runs, records it once, and goes on from there', async () => {
    const it = lab({ ...content, pools: { cpu: 1 } }, { 'mat/B1': 'm' })
    const first = await watching(it)
    await first.act({ type: 'stop', jobs: 'leave' })
    await first.outcomes
    const next = await nextEngine(it)
    expect(next.states()).toEqual({ 'denoise/B1': 'running', 'phy/B1': 'waiting' })
    await next.end('denoise/B1')
    expect(made(it)).toEqual(['denoise/B1'])
    expect(it.launcher.ran).toEqual(['denoise/B1', 'phy/B1'])
    expect(next.states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'running' })
  })

  test('what ended before the next came is settled by it, and nothing runs twice', async () => {
    const it = lab(content, mats)
    const first = await watching(it)
    await first.act({ type: 'stop', jobs: 'leave' })
    await first.outcomes
    await first.end('denoise/B1')
    await first.end('denoise/B2', exitWith(1))
    expect(made(it)).toEqual([])
    const next = await nextEngine(it)
    expect(made(it)).toEqual(['denoise/B1'])
    expect(next.states()).toMatchObject({ 'denoise/B1': 'done', 'denoise/B2': 'failed', 'phy/B1': 'running' })
    expect(next.events.slice(0, 2)).toMatchObject([
      { type: 'done', job: 'denoise/B1' },
      { type: 'failed', job: 'denoise/B2' },
    ])
    expect(it.launcher.ran.filter((job) => job.startsWith('denoise'))).toEqual([
      'denoise/B1',
      'denoise/B2',
      'denoise/B3',
    ])
  })

  /** An act of the disk that takes until the test lets it go. */
  function slow(it: Lab, act: 'flush' | 'makeFolder'): () => void {
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const real = it.disk.writer[act].bind(it.disk.writer)
    Object.assign(it.disk.writer, { [act]: (path: string) => gate.then(() => real(path)) })
    return go
  }

  test('finishes a commit that is in progress first', async () => {
    const it = lab(content, mats)
    const { act, outcomes, end } = await watching(it)
    const go = slow(it, 'flush')
    await end('denoise/B1')
    await act({ type: 'stop', jobs: 'leave' })
    expect(await Promise.race([outcomes, settled().then(() => 'not yet')])).toBe('not yet')
    go()
    await outcomes
    expect(it.disk.read('kwd/B1')).toBe('made by denoise/B1')
    expect(made(it)).toEqual(['denoise/B1'])
    expect(it.attempts.left().map((state) => state.job)).toEqual(['denoise/B2'])
    expect((await nextEngine(it)).states()['denoise/B1']).toBe('done')
  })

  test('finishes a start that is in progress first, so that the next one finds a process', async () => {
    const it = lab(content, mats)
    const go = slow(it, 'makeFolder')
    const { act, outcomes } = await watching(it)
    await act({ type: 'stop', jobs: 'leave' })
    expect(await Promise.race([outcomes, settled().then(() => 'not yet')])).toBe('not yet')
    go()
    await outcomes
    expect(it.launcher.running().map(({ job }) => job)).toEqual(['denoise/B1', 'denoise/B2'])
    await nextEngine(it)
    expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B2'])
  })

  test('leaves retries, holds and queued jobs to the next', async () => {
    const it = lab({ pools: { cpu: 1 }, rules: { denoise: { ...denoise, retries: 1 }, phy } }, mats)
    const first = await watching(it)
    await first.end('denoise/B1', exitWith(1))
    await first.act({ type: 'hold', jobs: ['denoise/B3'] })
    await first.act({ type: 'stop', jobs: 'leave' })
    await first.outcomes
    const next = await nextEngine(it)
    expect(next.status('denoise/B1')).toMatchObject({ state: 'queued', retry: { number: 1 } })
    expect(next.states()).toMatchObject({ 'denoise/B2': 'running', 'denoise/B3': 'held' })
  })
})

describe('an engine that is told to end', () => {
  test('asks what runs to end, and ends with the last; the next one starts those again', async () => {
    const it = lab(content, mats)
    const { act, end, outcomes, states } = await watching(it)
    await act({ type: 'stop', jobs: 'end' })
    expect(it.launcher.running().map((r) => r.cancelled)).toEqual([[{ now: false }], [{ now: false }]])
    await end('denoise/B1', { status: 'cancelled' })
    expect(await Promise.race([outcomes, settled().then(() => 'not yet')])).toBe('not yet')
    await end('denoise/B2', { status: 'cancelled' })
    await outcomes
    expect(states()).toMatchObject({ 'denoise/B1': 'cancelled', 'denoise/B2': 'cancelled' })
    const next = await nextEngine(it)
    expect(next.states()).toMatchObject({ 'denoise/B1': 'running', 'denoise/B2': 'running' })
  })

  test('plans nothing more: what ended is not shown as queued again', async () => {
    const it = lab(content, mats)
    const { act, end, changed, states } = await watching(it)
    await act({ type: 'stop', jobs: 'end' })
    await end('denoise/B1', { status: 'cancelled' })
    await changed()
    expect(states()['denoise/B1']).toBe('cancelled')
  })
})

test('an attempt that the engine before ended, and that ends only now, is started again', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  const first = await watching(it)
  await first.act({ type: 'stop', jobs: 'end' })
  it.dies()
  const next = await nextEngine(it)
  expect(next.states()['denoise/B1']).toBe('running')
  await next.end('denoise/B1', { status: 'cancelled' })
  expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B1'])
  expect(next.states()['denoise/B1']).toBe('running')
})

test('of two attempts of one job, as a stolen lock may leave them, both are recorded', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  await watching(it)
  // Another engine that knows nothing of the first.
  void it.start({ goals: ['denoise/B1'] }).outcomes.catch(() => undefined)
  await settled()
  it.dies()
  const next = await nextEngine(it)
  expect(it.launcher.running().map((r) => r.job)).toEqual(['denoise/B1', 'denoise/B1'])
  await next.end('denoise/B1')
  await next.end('denoise/B1')
  const ends = it.journal.records.flatMap((r) => (r.type === 'made' || r.type === 'failed' ? [r] : []))
  expect(ends).toMatchObject([{ type: 'made' }, { type: 'failed', cause: { kind: 'edited-meanwhile' } }])
  expect(it.attempts.left().map((state) => state.job)).toEqual(['phy/B1'])
})

test('an attempt that a person stopped is taken over, and stays stopped', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  const first = await watching(it)
  await first.act({ type: 'cancel', jobs: ['denoise/B1'] })
  it.dies()
  const next = await nextEngine(it)
  expect(next.status('denoise/B1')).toMatchObject({ state: 'running', stoppedBy: 'ana' })
  expect(it.launcher.of('denoise/B1').cancelled).toHaveLength(2)
  await next.end('denoise/B1', { status: 'cancelled' })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(next.status('denoise/B1')).toMatchObject({ state: 'cancelled', by: 'ana' })
})

test('a job whose rule was renamed while no engine was there is not made by two at once', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  await watching(it)
  it.dies()
  it.edit({ ...content, rules: { clean: denoise, phy } })
  const next = await nextEngine(it)
  expect(next.states()).toEqual({ 'clean/B1': 'queued', 'phy/B1': 'waiting' })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  await next.end('denoise/B1')
  expect(next.states()).toEqual({ 'clean/B1': 'done', 'phy/B1': 'running' })
})

test('a build does not make what an earlier labmake makes under another name, but waits for it', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  it.launcher.hold()
  void it.start().outcomes.catch(() => undefined)
  await settled()
  it.dies()
  it.edit({ ...content, rules: { clean: denoise } })
  const { running } = await it.recover()
  const { outcomes } = it.start({ adopted: running })
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'clean/B1': 'skipped' })
})

test('an engine is not idle as long as an attempt that belongs to no job runs', async () => {
  const it = lab(content, { 'mat/B1': 'm' })
  await watching(it)
  it.dies()
  it.disk.delete('mat/B1')
  const next = await nextEngine(it)
  expect(next.states()).toEqual({})
  expect(next.events.map((e) => e.type)).not.toContain('idle')
  await next.end('denoise/B1', exitWith(1))
  expect(next.events.map((e) => e.type)).toContain('idle')
})
