import { describe, expect, test } from 'vitest'
import { lab } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { nextEngine, type Watching, watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const content = { pools: { cpu: 1 }, rules: { denoise, phy } }

/** All of B1 is made; a person curated phy/B1, and the recording changed since. */
async function curated(): Promise<Watching> {
  const it = lab({ ...content, pools: { cpu: 4 } }, { 'mat/B1': 'm1' })
  const watch = await watching(it)
  await watch.end('denoise/B1')
  await watch.end('phy/B1')
  it.clock.tick()
  it.disk.write('phy/B1/made', 'curated')
  it.disk.write('mat/B1', 'longer')
  await watch.changed('B1')
  await watch.end('denoise/B1')
  return watch
}

const records = ({ it }: Watching) => it.journal.records.flatMap((r) => (r.type === 'action' ? [r.action.type] : []))

test('an edited target whose source changed is protected, and stays so', async () => {
  const { states, changed, it } = await curated()
  await changed()
  expect(states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'protected' })
  expect(it.launcher.running()).toEqual([])
})

describe('accept', () => {
  test('calls a protected target current; a later change protects it again', async () => {
    const watch = await curated()
    const { it, act, status, states } = watch
    expect(await act({ type: 'accept', jobs: ['phy/B1'] })).toEqual({
      done: true,
      text: 'Accepted 1 job: the targets count as made from their sources as they are.',
      count: 1,
      undo: undefined,
    })
    expect(status('phy/B1')).toMatchObject({ state: 'done', edited: 'phy/B1/' })
    expect(it.disk.read('phy/B1/made')).toBe('curated')
    expect(records(watch)).toEqual(['accept'])
    it.disk.write('mat/B1', 'longer still')
    await watch.changed('B1')
    await watch.end('denoise/B1')
    expect(states()['phy/B1']).toBe('protected')
  })

  test('knows an edit that no plan has seen yet, so that it is never overwritten unasked', async () => {
    const it = lab(content, { 'mat/B1': 'm1' })
    const watch = await watching(it)
    await watch.end('denoise/B1')
    await watch.end('phy/B1')
    it.clock.tick()
    it.disk.write('phy/B1/made', 'curated')
    await watch.act({ type: 'accept', jobs: ['phy/B1'] })
    it.disk.write('mat/B1', 'longer')
    await watch.changed('B1')
    await watch.end('denoise/B1')
    expect(watch.states()['phy/B1']).toBe('protected')
  })

  test('of a job that failed ends its failure, and lets go on what hangs on it', async () => {
    const it = lab(content, { 'mat/B1': 'm1', 'kwd/B1': 'by hand' })
    it.disk.age('kwd/B1', { seconds: 90_000 })
    const { act, end, states } = await watching(it)
    await end('denoise/B1', exitWith(1))
    expect(states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked' })
    await act({ type: 'accept', jobs: ['denoise/B1'] })
    expect(states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'running' })
  })

  test('refuses what runs and what is not there, and says so beside what it accepted', async () => {
    const it = lab(content, { 'mat/B1': 'm', 'mat/B2': 'm', 'kwd/B1': 'k', 'kwd/B2': 'k' })
    for (const batch of ['B1', 'B2']) it.disk.age(`kwd/${batch}`, { seconds: 90_000 })
    const { act, states } = await watching(it)
    expect(states()['denoise/B1']).toBe('running')
    const { text, count } = await act({ type: 'accept', jobs: ['denoise/B1', 'denoise/B2', 'phy/B2'] })
    expect(text).toBe(
      'Accepted 1 job: the targets count as made from their sources as they are. Not denoise/B1: it runs now.',
    )
    expect(count).toBe(1)
    expect((await act({ type: 'accept', jobs: ['phy/B2'] })).text).toBe(
      'Nothing was accepted. phy/B2: phy/B2 is not there.',
    )
  })

  test('that cannot be written down accepts nothing', async () => {
    const watch = await curated()
    watch.it.acts.failAt(watch.it.acts.count, 'full')
    await expect(watch.act({ type: 'accept', jobs: ['phy/B1'] })).rejects.toThrow('no space left')
    watch.it.acts.mend()
    await watch.changed()
    expect(watch.states()['phy/B1']).toBe('protected')
  })

  test('on a disk that becomes full in the middle says how far it came', async () => {
    const it = lab(content, { 'mat/B1': 'm', 'mat/B2': 'm', 'kwd/B1': 'k', 'kwd/B2': 'k' })
    const watch = await watching(it)
    it.acts.failAt(it.acts.count + 1, 'full')
    const { text, done } = await watch.act({ type: 'accept', jobs: ['denoise/B1', 'denoise/B2'] })
    it.acts.mend()
    expect([done, text]).toEqual([
      true,
      'Accepted 1 job: the targets count as made from their sources as they are. Not denoise/B2: cannot append accepted denoise/B2: no space left on the disk. Then: cannot append action: no space left on the disk.',
    ])
  })
})

describe('rebuild', () => {
  test('of a protected target makes it again, and keeps what the person had', async () => {
    const watch = await curated()
    const { it, act, end, states } = watch
    expect((await act({ type: 'rebuild', jobs: ['phy/B1'] })).text).toBe(
      '1 job will be made again. What a person edited is kept in .labmake/attic/.',
    )
    expect(records(watch)).toEqual(['rebuild'])
    expect(states()['phy/B1']).toBe('running')
    await end('phy/B1')
    expect(it.disk.read('phy/B1/made')).toBe('made by phy/B1')
    expect(Object.values(it.disk.tree('.labmake/attic'))).toEqual(['curated'])
    expect(states()['phy/B1']).toBe('done')
  })

  test('of what is up to date makes it again, once', async () => {
    const it = lab(content, { 'mat/B1': 'm' })
    const { act, end, changed, states, status } = await watching(it)
    await end('denoise/B1')
    await end('phy/B1')
    await act({ type: 'rebuild', jobs: ['denoise/B1'] }, 'bob')
    expect(status('denoise/B1')).toMatchObject({ state: 'running', reason: { kind: 'rebuild', by: 'bob' } })
    expect(states()['phy/B1']).toBe('waiting')
    await end('denoise/B1')
    await end('phy/B1')
    await changed()
    expect(states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'done' })
    expect(it.launcher.ran).toHaveLength(4)
  })

  test('of what failed tries it again, once', async () => {
    const it = lab(content, { 'mat/B1': 'm' })
    const { act, end, states } = await watching(it)
    await end('denoise/B1', exitWith(1))
    await act({ type: 'rebuild', jobs: ['denoise/B1'] })
    expect(states()['denoise/B1']).toBe('running')
    await end('denoise/B1', exitWith(1))
    expect(states()['denoise/B1']).toBe('failed')
  })

  test('of what failed is not forgotten when labmake dies before the attempt', async () => {
    const it = lab(content, { 'mat/B1': 'm' })
    const { act, end } = await watching(it)
    await end('denoise/B1', exitWith(1))
    await act({ type: 'pause', pool: 'cpu' })
    await act({ type: 'rebuild', jobs: ['denoise/B1'] })
    it.dies()
    expect((await nextEngine(it)).status('denoise/B1')).toMatchObject({ state: 'running', reason: { kind: 'rebuild' } })
  })

  test('of what waits for its source is refused, with what it waits for', async () => {
    const it = lab(content, { 'data/manifests/m.tsv': 'batch\tx\nB1\t1\n' })
    it.edit({
      ...content,
      rules: { denoise: { ...denoise, params: { x: '' }, recipe: 'd {source} {target} {x}' }, phy },
    })
    const { act } = await watching(it)
    expect(await act({ type: 'rebuild', jobs: ['denoise/B1'] })).toMatchObject({
      done: false,
      text: 'Nothing is made again. denoise/B1: mat/B1 is not there yet.',
    })
  })

  test('of what is held is done once it is released', async () => {
    const it = lab(content, { 'mat/B1': 'm' })
    const { act, end, states } = await watching(it)
    await end('denoise/B1')
    await end('phy/B1')
    await act({ type: 'hold', jobs: ['denoise/B1'] })
    expect((await act({ type: 'rebuild', jobs: ['denoise/B1'] })).text).toBe(
      '1 job will be made again. What a person edited is kept in .labmake/attic/. 1 job is held, and made once released.',
    )
    expect(states()['denoise/B1']).toBe('held')
    await act({ type: 'release', jobs: ['denoise/B1'] })
    expect(states()['denoise/B1']).toBe('running')
  })
})

describe('build', () => {
  test('looks at the disk anew, and tries what failed again', async () => {
    const it = lab({ ...content, pools: { cpu: 4 } }, { 'mat/B1': 'm', 'mat/B2': 'm' })
    const { act, end, states } = await watching(it)
    await end('denoise/B1', exitWith(1))
    await end('denoise/B2')
    await end('phy/B2')
    it.disk.write('mat/B2', 'longer')
    const { text, count, jobs } = await act({ type: 'build', jobs: ['B1', 'phy/B2'] })
    expect([text, count]).toEqual(['Trying 1 job again. 2 jobs are on the way.', 3])
    expect(jobs!.toSorted()).toEqual(['denoise/B1', 'denoise/B2', 'phy/B1', 'phy/B2'])
    expect(states()).toEqual({
      'denoise/B1': 'running',
      'phy/B1': 'waiting',
      'denoise/B2': 'running',
      'phy/B2': 'waiting',
    })
  })

  test('of what is up to date does nothing, and names the jobs all the same', async () => {
    const it = lab(content, { 'mat/B1': 'm' })
    const watch = await watching(it)
    await watch.end('denoise/B1')
    await watch.end('phy/B1')
    expect(await watch.act({ type: 'build', jobs: ['denoise'] })).toEqual({
      done: false,
      text: 'Nothing of this is to be made now.',
      count: 0,
      undo: undefined,
      jobs: ['denoise/B1'],
    })
    expect(records(watch)).toEqual([])
  })

  test('of what is held says so', async () => {
    const it = lab(content, { 'mat/B1': 'm', 'mat/B2': 'm' })
    const { act } = await watching(it)
    await act({ type: 'hold', jobs: ['denoise/B2', 'phy/B2'] })
    expect((await act({ type: 'build', jobs: ['B2'] })).text).toBe(
      'Nothing of this is made now: 2 jobs are held. Release what is to be made.',
    )
  })

  test('of a goal that nothing matches is refused, with what may be meant', async () => {
    const { engine } = await watching(lab(content, { 'mat/B1': 'm' }))
    await expect(engine.act({ type: 'build', jobs: ['B1', 'denoice'] }, 'ana')).rejects.toMatchObject({
      message: 'nothing is called "denoice": no batch, rule or target',
      hint: 'Did you mean denoise?',
    })
  })

  test('of a goal that nothing matches starts all the same what turned up by looking', async () => {
    const it = lab({ ...content, pools: { cpu: 4 } }, { 'mat/B1': 'm' })
    const { engine, end } = await watching(it)
    await end('denoise/B1')
    it.disk.write('mat/B2', 'm')
    await expect(engine.act({ type: 'build', jobs: ['nothing'] }, 'ana')).rejects.toThrow('nothing is called')
    await end('phy/B1')
    expect(it.launcher.running().map((r) => r.job)).toEqual(['denoise/B2'])
  })

  test('asked of another build adds to what that does, with what its jobs need', async () => {
    const it = lab({ ...content, pools: { cpu: 4 } }, { 'mat/B1': 'm', 'mat/B2': 'm', 'mat/B3': 'm' })
    const works = it.launcher.script
    it.launcher.hold()
    const { engine, outcomes } = it.start({ goals: ['denoise/B1'] })
    const { text, jobs } = await engine.act({ type: 'build', jobs: ['phy/B2'] }, 'bob')
    expect([text, jobs]).toEqual(['2 jobs are on the way.', ['phy/B2', 'denoise/B2']])
    it.launcher.script = works
    for (const recipe of it.launcher.running()) works(recipe)
    expect(Object.fromEntries(await outcomes)).toEqual({
      'denoise/B1': 'done',
      'denoise/B2': 'done',
      'phy/B2': 'done',
    })
  })
})
