import { expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const denoise = {
  sources: 'data/mat/{batch}.mat',
  targets: 'data/kwd/{batch}.kwd',
  recipe: 'denoise {source} {target}',
}
const phy = { sources: 'data/kwd/{batch}.kwd', targets: 'data/phy/{batch}/', recipe: 'sort {source} {target}' }
const rules = { rules: { denoise, phy } }
const mat = { 'data/mat/B1.mat': 'm1', 'data/mat/B2.mat': 'm2' }

test('the recipe is given its staged target beside the real one, by the same name', async () => {
  const it = lab(rules, { 'data/mat/B1.mat': 'm' })
  await it.build({ goals: ['denoise'] })
  expect(it.launcher.recipes[0]!.words).toEqual([
    'denoise',
    'data/mat/B1.mat',
    expect.stringMatching(/^data\/kwd\/\.labmake-[^/]+\/B1\.kwd$/),
  ])
})

test('nothing but targets, logs and state is left after a build', async () => {
  const it = lab(rules, { 'data/mat/B1.mat': 'm' })
  await it.build()
  expect(Object.keys(it.disk.tree())).toEqual(['data/kwd/B1.kwd', 'data/mat/B1.mat', 'data/phy/B1/made'])
  expect(it.attempts.left()).toEqual([])
})

test('while a recipe runs a reader sees the old whole target', async () => {
  const it = lab(rules, mat)
  await it.build()
  it.disk.write('data/mat/B1.mat', 'm3')
  it.launcher.hold()
  const { outcomes } = it.start({ goals: ['denoise/B1'] })
  await settled()
  const recipe = it.launcher.of('denoise/B1')
  recipe.make('half')
  expect(it.disk.read('data/kwd/B1.kwd')).toBe('made by denoise/B1')
  recipe.make('whole')
  recipe.end()
  await outcomes
  expect(it.disk.read('data/kwd/B1.kwd')).toBe('whole')
})

test('one of two targets deleted: the recipe runs once, and both are whole', async () => {
  const both = {
    sources: 'data/{batch}.mat',
    targets: { kwd: 'data/{batch}.kwd', log: 'data/{batch}.txt' },
    recipe: 'r {source} {targets.kwd} {targets.log}',
  }
  const it = lab({ rules: { both } }, { 'data/B1.mat': 'm' })
  await it.build()
  it.disk.delete('data/B1.txt')
  expect(await it.build()).toEqual(['both/B1'])
  expect(it.disk.tree('data')).toEqual({
    'data/B1.kwd': 'made by both/B1',
    'data/B1.mat': 'm',
    'data/B1.txt': 'made by both/B1',
  })
})

test('a recipe that ends well without its target has failed, and the cause names it', async () => {
  const it = lab(rules, { 'data/mat/B1.mat': 'm' })
  it.launcher.script = (recipe) => recipe.end()
  await it.build()
  expect(it.verdict('denoise/B1')).toBe(
    'stale: the last attempt failed: the recipe ended well but did not make data/kwd/B1.kwd',
  )
})

test('a part of a target and then exit 1: the old target is as it was, the part is put aside', async () => {
  const it = lab(rules, mat)
  await it.build()
  it.disk.write('data/mat/B1.mat', 'm3')
  it.launcher.script = (recipe) => {
    recipe.make('half')
    recipe.end(exitWith(1))
  }
  await it.build()
  expect(it.disk.read('data/kwd/B1.kwd')).toBe('made by denoise/B1')
  expect(it.disk.tree('.labmake/attempts/denoise/B1')).toEqual({ '.labmake/attempts/denoise/B1/B1.kwd': 'half' })
})

test('parts of two targets of one base name are both put aside', async () => {
  const both = { sources: 'in/{batch}', targets: ['a/{batch}/', 'b/{batch}/'], recipe: 'r {source} {targets}' }
  const it = lab({ rules: { both } }, { 'in/B1': '' })
  it.launcher.script = (recipe) => {
    recipe.make('half')
    recipe.end(exitWith(1))
  }
  await it.build()
  expect(Object.keys(it.disk.tree('.labmake/attempts/both/B1'))).toEqual([
    '.labmake/attempts/both/B1/a/B1/made',
    '.labmake/attempts/both/B1/b/B1/made',
  ])
  expect(it.attempts.left()).toEqual([])
})

test('an expected member that is missing: failed, and the cause names it', async () => {
  const it = lab({ rules: { phy: { ...phy, expects: ['params.py'] } } }, { 'data/kwd/B1.kwd': 'k' })
  it.launcher.script = (recipe) => {
    it.disk.write(`${recipe.targets[0]!.staged}/other.npy`, 'o')
    recipe.end()
  }
  await it.build()
  expect(it.verdict('phy/B1')).toBe(
    'stale: the last attempt failed: the recipe ended well but data/phy/B1/ has no params.py',
  )
})

test('a file where the rule says folder: failed', async () => {
  const it = lab({ rules: { phy } }, { 'data/kwd/B1.kwd': 'k' })
  it.launcher.script = (recipe) => {
    it.disk.write(recipe.targets[0]!.staged, 'a file')
    recipe.end()
  }
  await it.build()
  expect(it.verdict('phy/B1')).toBe('stale: the last attempt failed: the recipe made data/phy/B1/, but not as a folder')
})

test('an empty folder is no target', async () => {
  const it = lab({ rules: { phy } }, { 'data/kwd/B1.kwd': 'k' })
  it.launcher.script = (recipe) => {
    it.disk.write(`${recipe.targets[0]!.staged}/`)
    recipe.end()
  }
  await it.build()
  expect(it.verdict('phy/B1')).toMatch(/^stale: the last attempt failed/)
})

test('a failed job frees its slot, stops only what depends on it, and is named as the cause', async () => {
  const it = lab({ pools: { ram: 1 }, rules: { denoise: { ...denoise, pool: 'ram' }, phy } }, mat)
  const works = it.launcher.script
  it.launcher.script = (recipe) => (recipe.job === 'denoise/B1' ? recipe.end(exitWith(1)) : works(recipe))
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({
    'denoise/B1': 'failed',
    'phy/B1': 'blocked',
    'denoise/B2': 'done',
    'phy/B2': 'done',
  })
  expect(events).toContainEqual(expect.objectContaining({ type: 'blocked', job: 'phy/B1', by: 'denoise/B1' }))
})

test('what hangs on a blocked job is blocked too', async () => {
  const table = { sources: 'data/phy/{batch}/', targets: 'data/{batch}.tsv', recipe: 't {source} {target}' }
  const it = lab({ rules: { denoise, phy, table } }, { 'data/mat/B1.mat': 'm' })
  it.launcher.script = (recipe) => recipe.end(exitWith(1))
  expect(Object.fromEntries(await it.start().outcomes)).toEqual({
    'denoise/B1': 'failed',
    'phy/B1': 'blocked',
    'table/B1': 'blocked',
  })
})

test('fail-fast starts nothing more after a failure, and lets what runs end', async () => {
  const it = lab({ pools: { cpu: 2 }, rules: { denoise } }, { ...mat, 'data/mat/B3.mat': 'm3' })
  it.launcher.hold()
  const { outcomes } = it.start({ failFast: true })
  await settled()
  it.launcher.of('denoise/B1').end(exitWith(1))
  await settled()
  expect(it.launcher.running().map((r) => [r.job, r.cancelled.length])).toEqual([['denoise/B2', 0]])
  it.launcher.of('denoise/B2').make()
  it.launcher.of('denoise/B2').end()
  expect(Object.fromEntries(await outcomes)).toEqual({
    'denoise/B1': 'failed',
    'denoise/B2': 'done',
    'denoise/B3': 'not-started',
  })
})

test('a first stop asks what runs to end and starts nothing more', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { denoise } }, mat)
  it.launcher.hold()
  const { outcomes, stop, events } = it.start()
  await settled()
  stop()
  const recipe = it.launcher.of('denoise/B1')
  expect(recipe.cancelled).toEqual([{ now: false }])
  recipe.make('half')
  recipe.end({ status: 'cancelled' })
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'cancelled', 'denoise/B2': 'not-started' })
  expect(it.disk.read('data/kwd/B1.kwd')).toBeUndefined()
  expect(events.map((e) => e.type)).toEqual(['planned', 'started', 'stopping', 'cancelled'])
})

test('a second stop ends what runs at once', async () => {
  const it = lab({ rules: { denoise } }, mat)
  it.launcher.hold()
  const { outcomes, stop, kill } = it.start({ goals: ['B1'] })
  await settled()
  stop()
  kill()
  expect(it.launcher.of('denoise/B1').cancelled).toEqual([{ now: false }, { now: true }])
  it.launcher.of('denoise/B1').end({ status: 'cancelled' })
  await outcomes
})

test('a build that is stopped before it begins starts nothing', async () => {
  const it = lab({ rules: { denoise } }, mat)
  const { outcomes, stop } = it.start()
  stop()
  await outcomes
  it.launcher.hold()
  expect(it.launcher.running()).toEqual([])
})

test('a cancelled attempt is no failure: its job is as stale as it was', async () => {
  const it = lab({ rules: { denoise } }, mat)
  it.launcher.script = (recipe) => recipe.end({ status: 'cancelled' })
  await it.build()
  expect(it.verdict('denoise/B1')).toBe('stale: data/kwd/B1.kwd is not there yet')
})

test('a source that changes while its recipe runs is said, and the job runs once more, not twice', async () => {
  const it = lab({ rules: { denoise } }, { 'data/mat/B1.mat': 'm' })
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    if (it.launcher.recipes.length === 1) it.disk.write('data/mat/B1.mat', 'changed')
    works(recipe)
  }
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done' })
  expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B1'])
  expect(events).toContainEqual(expect.objectContaining({ type: 'source-changed', path: 'data/mat/B1.mat' }))
  expect(it.stale()).toEqual([])
})

test('a recipe that edits its own source is named, and not run for ever', async () => {
  const it = lab({ rules: { denoise } }, { 'data/mat/B1.mat': 'm' })
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    works(recipe)
    it.disk.write('data/mat/B1.mat', `m${it.launcher.recipes.length}`)
  }
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'failed' })
  expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B1'])
  expect(events.at(-1)).toMatchObject({
    type: 'failed',
    cause: { kind: 'unstable-source', path: 'data/mat/B1.mat' },
  })
})

test('a file that the recipe uses and that changes while it runs makes it run once more', async () => {
  const it = lab({ rules: { denoise: { ...denoise, uses: 'bin/d.py' } } }, { 'data/mat/B1.mat': 'm', 'bin/d.py': '1' })
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    if (it.launcher.recipes.length === 1) it.disk.write('bin/d.py', '2')
    works(recipe)
  }
  expect(await it.build()).toEqual(['denoise/B1', 'denoise/B1'])
  expect(it.stale()).toEqual([])
})

test('a file that comes into a source folder while the recipe runs makes it run once more', async () => {
  const folder = { sources: 'data/mat/{batch}/', targets: 'data/{batch}.kwd', recipe: 'r {source} {target}' }
  const it = lab({ rules: { folder } }, { 'data/mat/B1/a.mat': 'a' })
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    // Older than all that is there: it was copied with its time.
    if (it.disk.read('data/mat/B1/late.mat') === undefined) {
      it.disk.write('data/mat/B1/late.mat', 'late')
      it.disk.age('data/mat/B1/late.mat', { seconds: 1e6 })
    }
    works(recipe)
  }
  expect(await it.build()).toEqual(['folder/B1', 'folder/B1'])
})

test('a target that is edited while its recipe runs is kept, and the new version is put aside', async () => {
  const it = lab({ rules: { phy } }, { 'data/kwd/B1.kwd': 'k' })
  await it.build()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    it.disk.write('data/phy/B1/made', 'curated')
    works(recipe)
  }
  const { outcomes } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'phy/B1': 'failed' })
  expect(it.disk.read('data/phy/B1/made')).toBe('curated')
  expect(it.disk.read('.labmake/attempts/phy/B1/B1/made')).toBe('made by phy/B1')
  expect(it.verdict('phy/B1')).toMatch(/^protected: /)
})

test('a target that is edited before the turn of its job comes is protected', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { phy } }, { 'data/kwd/B1.kwd': 'k', 'data/kwd/B2.kwd': 'k' })
  await it.build()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  it.disk.write('data/kwd/B2.kwd', 'k2')
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    it.disk.write('data/phy/B2/made', 'curated')
    works(recipe)
  }
  const { outcomes } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'phy/B1': 'done', 'phy/B2': 'skipped' })
  expect(it.disk.read('data/phy/B2/made')).toBe('curated')
})

test('a source that is gone before the turn of its job comes: nothing is run', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { denoise, phy } }, mat)
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    if (recipe.job === 'denoise/B1') it.disk.delete('data/mat/B2.mat')
    works(recipe)
  }
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toMatchObject({ 'denoise/B2': 'not-started', 'phy/B2': 'not-started' })
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'skipped',
      job: 'denoise/B2',
      reason: { kind: 'no-source', path: 'data/mat/B2.mat', state: 'missing' },
    }),
  )
})

test('a rule that reads nothing makes its target once', async () => {
  const it = lab({ rules: { probe: { targets: 'map.json', recipe: 'probe {target}' } } })
  expect(await it.build()).toEqual(['probe'])
  expect(await it.build()).toEqual([])
})

test('a plan changes nothing, and its list is what then runs', async () => {
  const it = lab(rules, mat)
  const before = it.disk.tree()
  const planned = it.stale()
  expect(it.disk.tree()).toEqual(before)
  expect(it.acts.done).toEqual([])
  expect((await it.build()).sort()).toEqual(planned.toSorted())
})

test('what is asked for is made with what it needs, and nothing else', async () => {
  const it = lab(rules, mat)
  expect(await it.build({ goals: ['data/phy/B2/'] })).toEqual(['denoise/B2', 'phy/B2'])
})

test('an unexpected error of our own ends the build: it is no failed job', async () => {
  const it = lab({ rules: { denoise } }, mat)
  it.launcher.script = () => {
    throw new TypeError('a defect')
  }
  await expect(it.build()).rejects.toThrow('a defect')
})
