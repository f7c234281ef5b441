import { expect, test } from 'vitest'
import { lab } from '../fakes/lab.ts'

/** The two rules of the lab: a folder of .mat files to a .kwd, that to a folder for phy. */
const rules = {
  pools: { ram: 1 },
  rules: {
    denoise: {
      sources: 'data/mat/{batch}/',
      targets: 'data/kwd/{batch}.kwd',
      params: { omit: '' },
      pool: 'ram',
      recipe: 'denoise {source} {target} --omit {omit}',
    },
    phy: {
      sources: 'data/kwd/{batch}.kwd',
      targets: 'data/phy/{batch}/',
      expects: ['params.py', 'spike_times.npy'],
      ignore: ['.phy/', 'phy.log'],
      recipe: 'sort {source} {target}',
    },
  },
}

const recordings = { 'data/mat/B1/a.mat': 'a1', 'data/mat/B1/b.mat': 'b1', 'data/mat/B2/a.mat': 'a2' }

/** The lab with everything made. */
async function made(files: Readonly<Record<string, string>> = recordings) {
  const it = lab(rules, files)
  await it.build()
  it.clock.tick(60_000)
  return it
}

test('a fresh chain is made in order, each job once, and then there is nothing to do', async () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a1' })
  expect(await it.build()).toEqual(['denoise/B1', 'phy/B1'])
  expect(await it.build()).toEqual([])
})

test('what changes in the middle of a chain makes what is downstream stale, and nothing upstream', async () => {
  const it = await made({ 'data/mat/B1/a.mat': 'a1' })
  await it.rebuild('phy/B1')
  expect(it.stale()).toEqual(['phy/B1'])
})

test('a source replaced by an older file makes the target stale', async () => {
  const it = await made()
  it.disk.age('data/mat/B1/a.mat', { seconds: 1_000_000 })
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/a.mat changed')
})

test('a source of the same time and another size makes the target stale', async () => {
  const it = lab(rules, recordings)
  it.disk.age('data/mat/B1/a.mat', { seconds: 100 })
  await it.build()
  const since = it.clock.now()
  it.disk.write('data/mat/B1/a.mat', 'longer than before')
  it.disk.age('data/mat/B1/a.mat', { seconds: 100 + (it.clock.now() - since) / 1000 })
  it.clock.tick()
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/a.mat changed')
})

test('times that differ by a nanosecond differ', async () => {
  const it = await made()
  const before = it.disk.stat('data/mat/B1/a.mat')!.mtimeNs
  it.disk.age('data/mat/B1/a.mat', { seconds: (it.clock.now() - Number(before / 1_000_000n)) / 1000 + 1e-9 })
  expect(it.disk.stat('data/mat/B1/a.mat')!.mtimeNs).toBe(before - 1n)
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/a.mat changed')
})

test('a source dated in the future builds once, with a warning, and then not again', async () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a1' })
  it.disk.age('data/mat/B1/a.mat', { seconds: -86_400 })
  expect(it.plan().plan.warnings).toMatchObject([
    { where: 'data/mat/B1/a.mat', message: expect.stringContaining('dated in the future: 2026-01-06') },
  ])
  expect(await it.build()).toEqual(['denoise/B1', 'phy/B1'])
  expect(it.stale()).toEqual([])
  expect(it.plan().plan.warnings).toEqual([])
})

test("a batch's param changes: that batch alone is stale, and the reason has both values", async () => {
  const it = await made({ ...recordings, 'data/manifests/ana.tsv': 'B1\tPort_20\nB2\tPort_3\n' })
  it.disk.write('data/manifests/ana.tsv', 'B1\tPort_21\nB2\tPort_3\n')
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
  expect(it.verdict('denoise/B1')).toBe('stale: omit changed, from "Port_20" to "Port_21"')
})

test('a param that is new, and that the recipe does not use, makes nothing stale', async () => {
  const it = await made({ 'data/mat/B1/a.mat': 'a1' })
  const denoise = { ...rules.rules.denoise, params: { ...rules.rules.denoise.params, note: 'none' } }
  it.edit({ ...rules, rules: { ...rules.rules, denoise } })
  it.disk.write('data/manifests/ana.tsv', 'batch\tnote\nB1\tgood day\n')
  expect(it.stale()).toEqual([])
})

test('a manifest that is written anew with the same values makes nothing stale', async () => {
  const it = await made({ ...recordings, 'data/manifests/ana.tsv': 'B1\tPort_20\n' })
  it.disk.write('data/manifests/bob.tsv', 'batch\tomit\nB1\tPort_20\n')
  it.disk.delete('data/manifests/ana.tsv')
  expect(it.stale()).toEqual([])
})

test('a changed recipe makes every batch stale, and the reason has both texts', async () => {
  const it = await made({ 'data/mat/B1/a.mat': 'a1' })
  const phy = { ...rules.rules.phy, recipe: 'sort --fast {source} {target}' }
  it.edit({ ...rules, rules: { ...rules.rules, phy } })
  expect(it.stale()).toEqual(['phy/B1'])
  expect(it.verdict('phy/B1')).toBe(
    'stale: the recipe changed, from "sort {source} {target}" to "sort --fast {source} {target}"',
  )
})

test('what a renamed rule made stays up to date', async () => {
  const it = await made({ 'data/mat/B1/a.mat': 'a1' })
  const { phy: sort, ...others } = rules.rules
  it.edit({ ...rules, rules: { ...others, sort } })
  expect(it.stale()).toEqual([])
})

test('a limit of a rule may change without making anything stale', async () => {
  const it = await made()
  const phy = { ...rules.rules.phy, timeout: '2h', retries: 3, priority: 7, pool: { cpu: 2 } }
  it.edit({ ...rules, rules: { ...rules.rules, phy } })
  expect(it.stale()).toEqual([])
})

test.each([
  [
    'added',
    (it: Awaited<ReturnType<typeof made>>) => it.disk.write('data/mat/B1/c.mat', 'c'),
    'data/mat/B1/c.mat was added',
  ],
  ['removed', (it) => it.disk.delete('data/mat/B1/b.mat'), 'data/mat/B1/b.mat was removed'],
  ['rewritten', (it) => it.disk.write('data/mat/B1/b.mat', 'b1'), 'data/mat/B1/b.mat changed'],
  ['added deeper', (it) => it.disk.write('data/mat/B1/more/c.mat', 'c'), 'data/mat/B1/more/c.mat was added'],
])('a file of a source folder that is %s makes the target stale', async (_, change, reason) => {
  const it = await made()
  change(it)
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
  expect(it.verdict('denoise/B1')).toBe(`stale: ${reason}`)
})

test.each(['.DS_Store', 'Thumbs.db', '._a.mat', '.nfs0001', '.a.mat.swp', 'a.mat~', '.labmake-x/a.mat'])(
  '%s in a source folder changes nothing',
  async (name) => {
    const it = await made()
    it.disk.write(`data/mat/B1/${name}`, 'x')
    expect(it.stale()).toEqual([])
  },
)

test('an empty folder in a source folder changes nothing', async () => {
  const it = await made()
  it.disk.write('data/mat/B1/new/')
  expect(it.stale()).toEqual([])
})

test('a link of a source folder that is turned elsewhere makes the target stale', async () => {
  const it = lab(rules, { 'store/x.mat': 'x', 'store/y.mat': 'x' })
  it.disk.link('data/mat/B1/a.mat', '../../../store/x.mat')
  await it.build()
  expect(it.stale()).toEqual([])
  it.disk.delete('data/mat/B1/a.mat')
  it.disk.link('data/mat/B1/a.mat', '../../../store/y.mat')
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/a.mat changed')
})

test('what a link of a source folder points to changes: the target is stale', async () => {
  const it = lab(rules, { 'store/x.mat': 'x' })
  it.disk.link('data/mat/B1/a.mat', '../../../store/x.mat')
  await it.build()
  it.disk.write('store/x.mat', 'x')
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/a.mat changed')
})

test('a source folder that is itself a link, turned to a twin of it, makes the target stale', async () => {
  const it = lab(rules, { 'store/one/a.mat': 'x', 'store/two/a.mat': 'x' })
  it.disk.link('data/mat/B1', '../../store/one')
  await it.build()
  expect(it.stale()).toEqual([])
  it.disk.delete('data/mat/B1')
  it.disk.link('data/mat/B1', '../../store/two')
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/ changed')
})

test('a folder that links to its own parent ends somewhere', async () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'x' })
  it.disk.link('data/mat/B1/again', '.')
  await it.build()
  expect(it.stale()).toEqual([])
})

test('a target whose source is gone is orphaned and kept', async () => {
  const it = await made()
  it.disk.delete('data/mat/B1')
  const { plan } = it.plan()
  expect(plan.orphaned).toEqual([{ target: 'data/kwd/B1.kwd', rule: 'denoise', batch: 'B1' }])
  expect(await it.build()).toEqual([])
  expect(it.disk.read('data/kwd/B1.kwd')).toBe('made by denoise/B1')
})

test('a target that no rule can make again, because its manifest row still names it, is orphaned too', async () => {
  const it = await made({ ...recordings, 'data/manifests/ana.tsv': 'B1\tPort_20\n' })
  it.disk.delete('data/mat/B1')
  expect(it.verdict('denoise/B1')).toBe('orphaned: data/kwd/B1.kwd is kept, but what it was made from is gone')
  expect(it.plan().plan.orphaned).toEqual([{ target: 'data/kwd/B1.kwd', rule: 'denoise', batch: 'B1' }])
})

test('without a journal nothing is rebuilt that make would not', async () => {
  const it = await made()
  it.journal.forget()
  expect(it.stale()).toEqual([])
})

test('without a journal a source newer than its target makes it stale, as in make', async () => {
  const it = await made()
  it.journal.forget()
  it.disk.write('data/mat/B1/b.mat', 'b2')
  expect(it.verdict('denoise/B1')).toBe('stale: data/mat/B1/b.mat is newer than data/kwd/B1.kwd')
  expect(it.verdict('phy/B1')).toBe('stale: denoise/B1 is made again first')
})

test('without a journal what a person did later inside a target folder makes it no newer', async () => {
  const it = await made()
  it.journal.forget()
  it.disk.write('data/kwd/B1.kwd', 'new')
  it.clock.tick()
  it.disk.write('data/phy/B1/spike_clusters.npy', 'curated')
  expect(it.verdict('phy/B1')).toBe('stale: data/kwd/B1.kwd is newer than data/phy/B1/')
})

test('files that were copied to a new disk are made current by accept, and nothing runs', async () => {
  const it = await made()
  for (const path of Object.keys(it.disk.tree('data'))) it.disk.write(path, it.disk.read(path))
  const jobs = ['denoise/B1', 'phy/B1', 'denoise/B2', 'phy/B2']
  expect(it.plan().plan.jobs.map(({ verdict }) => verdict.state)).not.toContain('up-to-date')
  for (const job of jobs) await it.accept(job)
  for (const job of jobs) expect(it.verdict(job)).toMatch(/^up-to-date: /)
  expect(await it.build()).toEqual([])
})

test('a deleted target is made again', async () => {
  const it = await made()
  it.disk.delete('data/kwd/B1.kwd')
  expect(it.verdict('denoise/B1')).toBe('stale: data/kwd/B1.kwd is not there yet')
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('an expected member that is missing makes the target stale', async () => {
  const it = await made()
  it.disk.delete('data/phy/B1/params.py')
  expect(it.verdict('phy/B1')).toBe('stale: data/phy/B1/params.py is not there yet')
})

test.each([
  [
    'a folder',
    { expects: ['features/'] },
    'features/all.npy',
    'features',
    /^protected: phy\/B1\/features\/all.npy was edited/,
  ],
  [
    'a file that does not count',
    { expects: ['phy.log'], ignore: ['phy.log'] },
    'phy.log',
    'phy.log',
    /^stale: phy\/B1\/phy.log/,
  ],
])(
  'an expected member may be %s, and the target is not up to date without it',
  async (_, more, file, member, after) => {
    const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 'sort {source} {target}', ...more }
    const it = lab({ rules: { phy } }, { 'kwd/B1': 'k' })
    it.launcher.script = (recipe) => {
      it.disk.write(`${recipe.targets[0]!.staged}/${file}`, 'x')
      it.disk.write(`${recipe.targets[0]!.staged}/other`, 'x')
      recipe.end()
    }
    await it.build()
    expect(it.verdict('phy/B1')).toBe('up-to-date: up to date')
    it.disk.delete(`phy/B1/${member}`)
    expect(it.verdict('phy/B1')).toMatch(after)
  },
)

test('a changed source and a deleted target are both reasons, the first is shown', async () => {
  const it = await made()
  it.disk.write('data/mat/B1/a.mat', 'new')
  it.disk.delete('data/kwd/B1.kwd')
  const { verdict } = it.plan().plan.byId.get('denoise/B1')!
  expect(verdict).toMatchObject({ reasons: [{ kind: 'target-missing' }, { kind: 'source-changed' }] })
})

test('a failed attempt leaves the target stale, with its cause as the reason', async () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a1' })
  it.launcher.script = (recipe) => recipe.end({ status: 'failed', cause: { kind: 'exit', code: 3 } })
  await it.build()
  expect(it.verdict('denoise/B1')).toBe('stale: the last attempt failed: the recipe ended with exit code 3')
})

test('a failed attempt over a good target leaves it stale, until one succeeds', async () => {
  const it = await made({ 'data/mat/B1/a.mat': 'a1' })
  it.disk.write('data/mat/B1/a.mat', 'a2')
  const works = it.launcher.script
  it.launcher.script = (recipe) => recipe.end({ status: 'failed', cause: { kind: 'exit', code: 1 } })
  await it.build()
  expect(it.verdict('denoise/B1')).toMatch(/^stale: the last attempt failed/)
  it.launcher.script = works
  await it.build()
  expect(it.stale()).toEqual([])
})

const uses = (recipe: string) => ({
  rules: {
    sort: { sources: 'data/{batch}.kwd', targets: 'data/{batch}.out', uses: ['probes/*.json', 'bin/sort.py'], recipe },
  },
})
const used = { 'data/B1.kwd': 'k', 'probes/a.json': '{}', 'bin/sort.py': 'print()' }

test.each([
  ['changes', (it: ReturnType<typeof lab>) => it.disk.write('bin/sort.py', 'print(1)'), 'bin/sort.py'],
  ['is added', (it: ReturnType<typeof lab>) => it.disk.write('probes/b.json'), 'probes/b.json'],
  ['is removed', (it: ReturnType<typeof lab>) => it.disk.delete('probes/a.json'), 'probes/a.json'],
])('a file that the recipe uses %s: the target is stale', async (_, change, path) => {
  const it = lab(uses('sort {source} {target}'), { ...used, 'probes/c.json': '{}' })
  await it.build()
  expect(it.stale()).toEqual([])
  change(it)
  expect(it.verdict('sort/B1')).toBe(`stale: ${path}, which the recipe uses, changed`)
})

test('a job waits for a file that its recipe uses', () => {
  const it = lab(uses('sort {source} {target}'), { 'data/B1.kwd': 'k', 'probes/a.json': '{}' })
  expect(it.verdict('sort/B1')).toBe('waiting: bin/sort.py is not there yet')
})
