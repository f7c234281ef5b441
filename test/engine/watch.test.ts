import { expect, test } from 'vitest'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const rules = { pools: { cpu: 8 }, rules: { denoise, phy } }
const mats = { 'mat/B1': 'm1', 'mat/B2': 'm2' }

/** Ends all recipes, until none runs. */
async function finish(it: Lab): Promise<void> {
  for (let [recipe] = it.launcher.running(); recipe !== undefined; [recipe] = it.launcher.running()) {
    recipe.make()
    recipe.end()
    await settled()
  }
}

/** Paths that are asked of the disk from now on. */
function looksAt(it: Lab): Set<string> {
  const asked = new Set<string>()
  const { disk } = it
  for (const look of ['stat', 'list', 'names'] as const) {
    const real = disk[look].bind(disk) as (path: string) => never
    disk[look] = (path: string) => {
      asked.add(path)
      return real(path)
    }
  }
  return asked
}

test('an engine stays when all is done, and says once that it is idle', async () => {
  const it = lab(rules, mats)
  const { events, outcomes } = await watching(it)
  await finish(it)
  expect(events.filter((e) => e.type === 'idle')).toHaveLength(1)
  expect(events.at(-1)).toMatchObject({ type: 'idle' })
  expect(await Promise.race([outcomes, settled().then(() => 'stays')])).toBe('stays')
})

test('an engine that found nothing to do does not say that it is idle', async () => {
  const it = lab(rules)
  const { events, changed } = await watching(it)
  await changed()
  expect(events.filter((e) => e.type === 'idle')).toEqual([])
})

test('it is idle again after each change that was worth something', async () => {
  const it = lab(rules, mats)
  const { events, changed } = await watching(it)
  await finish(it)
  await changed('B1')
  expect(events.filter((e) => e.type === 'idle')).toHaveLength(1)
  it.disk.write('mat/B1', 'more')
  await changed('B1')
  await finish(it)
  expect(events.filter((e) => e.type === 'idle')).toHaveLength(2)
})

test('it is not idle while a job waits for its retry, or a pool is paused', async () => {
  const it = lab({ ...rules, rules: { denoise: { ...denoise, retries: 1 } } }, mats)
  const { events, act, end } = await watching(it)
  await end('denoise/B1', exitWith(1))
  await end('denoise/B2')
  expect(events.filter((e) => e.type === 'idle')).toEqual([])
  await act({ type: 'pause', pool: 'cpu' })
  it.clock.tick(60_000)
  await settled()
  expect(events.filter((e) => e.type === 'idle')).toEqual([])
})

test('a change of one batch is planned and made, and nothing is asked of the others', async () => {
  const it = lab(rules, mats)
  const { changed, states } = await watching(it)
  await finish(it)
  const asked = looksAt(it)
  it.disk.write('mat/B1', 'longer than before')
  await changed('B1')
  expect(states()).toEqual({ 'denoise/B1': 'running', 'phy/B1': 'waiting', 'denoise/B2': 'done', 'phy/B2': 'done' })
  await finish(it)
  expect(states()['phy/B1']).toBe('done')
  expect([...asked].filter((path) => path.includes('B2'))).toEqual([])
  expect([...asked].filter((path) => path.includes('B1'))).not.toEqual([])
})

test('a batch that arrives is made, and one event tells of it', async () => {
  const it = lab(rules, { 'mat/B1': 'm' })
  const { changed, events } = await watching(it)
  await finish(it)
  const before = events.length
  it.disk.write('mat/B3', 'm')
  await changed('B3')
  expect(events.slice(before)).toMatchObject([
    { type: 'planned', jobs: [{ id: 'denoise/B3' }, { id: 'phy/B3' }], removed: [] },
    { type: 'started', job: 'denoise/B3' },
  ])
})

test('a change that changes nothing tells nothing', async () => {
  const it = lab(rules, mats)
  const { changed, events } = await watching(it)
  await finish(it)
  const before = events.length
  await changed('B1', 'B2')
  await changed()
  expect(events.slice(before)).toEqual([])
})

test('changes while a plan waits for its turn are planned together', async () => {
  const it = lab(rules, mats)
  const { engine, events } = await watching(it)
  await finish(it)
  const before = events.length
  it.disk.write('mat/B1', 'longer')
  it.disk.write('mat/B2', 'longer')
  engine.changed(new Set(['B1']))
  engine.changed(new Set(['B2']))
  await settled()
  expect(events.slice(before).filter((e) => e.type === 'planned')).toHaveLength(1)
  expect(it.launcher.running().map((r) => r.job)).toHaveLength(2)
})

test('a batch that goes while its job is queued is forgotten, on the board too', async () => {
  const it = lab({ ...rules, pools: { cpu: 1 } }, mats)
  const { changed, states, end } = await watching(it)
  it.disk.delete('mat/B2')
  await changed('B2')
  expect(Object.keys(states())).toEqual(['denoise/B1', 'phy/B1'])
  await end('denoise/B1')
  expect(it.launcher.ran).toEqual(['denoise/B1', 'phy/B1'])
})

test('a batch that goes while its job runs stays on the board until that ends', async () => {
  const it = lab(rules, { 'mat/B1': 'm' })
  const { changed, states, end } = await watching(it)
  it.disk.delete('mat/B1')
  await changed('B1')
  expect(states()).toEqual({ 'denoise/B1': 'running' })
  await end('denoise/B1', exitWith(1))
  expect(states()).toEqual({})
})

test('a batch that goes while its job waits for its retry is not tried again', async () => {
  const it = lab({ rules: { denoise: { ...denoise, retries: 1 } } }, { 'mat/B1': 'm' })
  const { changed, states, end } = await watching(it)
  await end('denoise/B1', exitWith(1))
  it.disk.delete('mat/B1')
  await changed('B1')
  it.clock.tick(60_000)
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(states()).toEqual({})
})

test('a batch that goes and comes back while its job runs is made by that attempt', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': 'm' })
  const { changed, states, end } = await watching(it)
  const content = it.disk.stat('mat/B1')!
  it.disk.delete('mat/B1')
  await changed('B1')
  it.disk.write('mat/B1', 'm')
  it.disk.age('mat/B1', { seconds: it.clock.now() / 1000 - Number(content.mtimeNs / 1_000_000n) / 1000 })
  await changed('B1')
  await end('denoise/B1')
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(states()).toEqual({ 'denoise/B1': 'done' })
})

test('a rule that is renamed while its job runs: its target is not made by two at once, and not twice', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': 'm' })
  const { changed, states, end } = await watching(it)
  it.edit({ rules: { clean: denoise } })
  await changed()
  expect(states()).toEqual({ 'denoise/B1': 'running', 'clean/B1': 'queued' })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  await end('denoise/B1')
  expect(states()).toEqual({ 'clean/B1': 'done' })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
})

test.each(['queued', 'to be tried again'])(
  'a rule that is renamed while its job is %s: that runs under its new name alone',
  async (how) => {
    const it = lab({ rules: { denoise: { ...denoise, retries: 1 } } }, { 'mat/B1': 'm' })
    const { changed, act, end } = await watching(it)
    await act({ type: 'pause', pool: 'cpu' })
    await end('denoise/B1', exitWith(1))
    if (how === 'queued') {
      it.disk.write('mat/B1', 'longer')
      await changed('B1')
    }
    it.edit({ rules: { clean: { ...denoise, recipe: 'c {source} {target}' } } })
    await changed()
    await act({ type: 'resume', pool: 'cpu' })
    it.clock.tick(60_000)
    await settled()
    expect(it.launcher.running().map((r) => r.job)).toEqual(['clean/B1'])
    await end('clean/B1')
    expect(it.launcher.ran).toEqual(['denoise/B1', 'clean/B1'])
  },
)

test('a recipe that is edited while it runs runs once more, as it is now', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': 'm' })
  const { changed, end } = await watching(it)
  it.edit({ rules: { denoise: { ...denoise, recipe: 'd2 {source} {target}' } } })
  await changed()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  await end('denoise/B1')
  expect(it.launcher.recipes.map((r) => r.words[0])).toEqual(['d', 'd2'])
})

test('a recipe that is edited while it runs, and fails, is tried as it is now', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': 'm' })
  const { changed, end } = await watching(it)
  it.edit({ rules: { denoise: { ...denoise, recipe: 'd2 {source} {target}' } } })
  await changed()
  await end('denoise/B1', exitWith(1))
  expect(it.launcher.recipes.map((r) => r.words[0])).toEqual(['d', 'd2'])
})

test('a source that a rule gains while its job runs is no source that changed', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': 'm', 'probe/B1': 'p' })
  const { changed, end, events } = await watching(it)
  it.edit({
    rules: { denoise: { ...denoise, sources: ['mat/{batch}', 'probe/{batch}'], recipe: 'd {target} {sources}' } },
  })
  await changed()
  await end('denoise/B1')
  expect(events.filter((e) => e.type === 'source-changed')).toEqual([])
  expect(it.launcher.running().map((r) => r.words.slice(2))).toEqual([['mat/B1', 'probe/B1']])
})

test('jobs that exist only once a rule ran are found and made, in the plan of their batch alone', async () => {
  const split = { sources: 'mat/{batch}', targets: 'parts/{batch}/', recipe: 'split {source} {target}' }
  const convert = {
    sources: 'parts/{batch}/{part}.txt',
    targets: 'out/{batch}/{part}.out',
    recipe: 'c {source} {target}',
  }
  const it = lab({ rules: { split, convert } }, mats)
  const { states } = await watching(it)
  const asked = looksAt(it)
  const [first] = it.launcher.running()
  it.clock.tick()
  for (const part of ['a', 'b']) it.disk.write(`${first!.targets[0]!.staged}/${part}.txt`, part)
  first!.end()
  await settled()
  expect(it.launcher.running().map((r) => r.job)).toEqual(['split/B2', 'convert/B1/a', 'convert/B1/b'])
  expect([...asked].filter((path) => path.includes('B2'))).toEqual([])
  expect(states()['split/B1']).toBe('done')
})

test('what was taken away before its turn is not started, and is said to wait', async () => {
  const it = lab({ ...rules, pools: { cpu: 1 } }, mats)
  const { end, status } = await watching(it)
  it.disk.delete('mat/B2')
  await end('denoise/B1')
  await finish(it)
  expect(it.launcher.ran).toEqual(['denoise/B1', 'phy/B1'])
  expect(status('denoise/B2')).toEqual({
    state: 'waiting',
    reason: { kind: 'no-source', path: 'mat/B2', state: 'missing' },
  })
})

test('a person who said first is heard after a plan too', async () => {
  const it = lab({ ...rules, pools: { cpu: 1 } }, { ...mats, 'mat/B3': 'm' })
  const { changed, act, end } = await watching(it)
  await act({ type: 'first', jobs: ['denoise/B3'] })
  await changed()
  await end('denoise/B1')
  expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B3'])
})

test('the first runs of a rule rank all that wait anew, and give them an expected duration after three', async () => {
  const mats = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`mat/B${i}`, '']))
  const it = lab({ pools: { cpu: 1 }, rules: { denoise } }, mats)
  const { board, end } = await watching(it)
  const of = (job: string) => board().jobs.get(job)!
  const orders = () => ['B6', 'B7', 'B8'].map((batch) => of(`denoise/${batch}`).rank.order)
  expect([new Set(orders()).size, of('denoise/B8').estimate]).toEqual([1, undefined])
  await end('denoise/B0')
  expect([new Set(orders()).size, of('denoise/B8').estimate]).toEqual([3, undefined])
  await end('denoise/B1')
  await end('denoise/B2')
  expect(of('denoise/B8').estimate).toMatchObject({ seconds: 1, runs: 3 })
  await end('denoise/B3')
  await end('denoise/B4')
  expect(of('denoise/B8').estimate!.runs).toBe(3)
  await end('denoise/B5')
  expect(of('denoise/B8').estimate!.runs).toBe(6)
})

test('a batch that arrives is ranked among the others', async () => {
  const it = lab({ ...rules, pools: { cpu: 1 } }, mats)
  const { changed, board, end } = await watching(it)
  await end('denoise/B1')
  await end('phy/B1')
  it.disk.write('mat/B3', '')
  await changed('B3')
  const rank = (job: string) => board().jobs.get(job)!.rank
  expect(rank('phy/B2').order).toBeGreaterThan(rank('phy/B3').order)
  expect(rank('phy/B3').order).toBeGreaterThan(0)
})

test('rules that make each other stale are not run for ever', async () => {
  const a = { sources: 'in/{batch}', targets: 'a/{batch}', recipe: 'a {source} {target}' }
  const b = { sources: 'in2/{batch}', targets: 'b/{batch}', recipe: 'b {source} {target}' }
  const it = lab({ rules: { a, b } }, { 'in/B1': '', 'in2/B1': '' })
  const { changed, status } = await watching(it)
  for (let n = 0; n < 200 && it.launcher.running().length > 0; n++) {
    const [recipe] = it.launcher.running()
    recipe!.make()
    it.disk.write(recipe!.job === 'a/B1' ? 'in2/B1' : 'in/B1', `${n}`)
    recipe!.end()
    await settled()
    await changed('B1')
  }
  expect(it.launcher.running()).toEqual([])
  expect(it.launcher.ran.length).toBeLessThan(50)
  const given = [status('a/B1'), status('b/B1')].find(({ state }) => state === 'failed')
  expect(given).toMatchObject({ state: 'failed', cause: { kind: 'unstable-source' } })
})

test('a recipe that writes to its own source and fails is not run for ever', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': '' })
  const { events } = await watching(it)
  for (let n = 0; n < 200 && it.launcher.running().length > 0; n++) {
    it.clock.tick()
    it.disk.write('mat/B1', `${n}`)
    it.launcher.of('denoise/B1').end(exitWith(1))
    await settled()
  }
  expect(it.launcher.running()).toEqual([])
  expect(events.findLast((e) => e.type === 'failed')).toMatchObject({
    cause: { kind: 'unstable-source', path: 'mat/B1' },
  })
})

test('a recording that is corrected again and again once it is made is made every time', async () => {
  const it = lab({ rules: { denoise } }, { 'mat/B1': '' })
  const { changed } = await watching(it)
  await finish(it)
  for (let n = 0; n < 30; n++) {
    it.clock.tick()
    it.disk.write('mat/B1', `${n}`)
    await changed('B1')
    await finish(it)
  }
  expect(it.launcher.ran).toHaveLength(31)
})

test('a job that is stale because of what is made before it is made each time, though its batch is never at rest', async () => {
  const withParam = { ...denoise, params: { omit: '' }, recipe: 'd {source} {target} {omit}' }
  const it = lab({ pools: { cpu: 8 }, rules: { denoise: withParam, phy } }, { 'mat/B1': '' })
  const { changed, end, states } = await watching(it)
  await end('denoise/B1')
  for (let n = 0; n < 30; n++) {
    it.disk.write('data/manifests/m.tsv', `batch\tomit\nB1\t${n}\n`)
    await changed('B1')
    await end('phy/B1')
    await end('denoise/B1')
  }
  expect(states()).toEqual({ 'denoise/B1': 'done', 'phy/B1': 'running' })
})

test('a table of all batches is made again for each, however many come while it is never at rest', async () => {
  const table = {
    sources: 'kwd/*',
    targets: 'table.tsv',
    recipe: 't {target} {sources}',
    pool: { cpu: 2 },
    priority: 9,
  }
  const mats = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`mat/B${i}`, '']))
  const it = lab({ pools: { cpu: 2 }, rules: { denoise, table } }, mats)
  const { states } = await watching(it)
  await finish(it)
  expect(new Set(Object.values(states()))).toEqual(new Set(['done']))
  expect(it.launcher.recipes.findLast((r) => r.job === 'table')!.words).toHaveLength(22)
})
