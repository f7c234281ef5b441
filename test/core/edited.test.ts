import { expect, test } from 'vitest'
import { lab } from '../fakes/lab.ts'

const rules = {
  rules: {
    phy: {
      sources: 'data/kwd/{batch}.kwd',
      targets: 'data/phy/{batch}/',
      expects: ['params.py', 'spike_clusters.npy'],
      ignore: ['.phy/', 'phy.log'],
      recipe: 'sort {source} {target}',
    },
    table: { sources: 'data/phy/{batch}/', targets: 'data/tables/{batch}.tsv', recipe: 'table {source} {target}' },
  },
}

async function made() {
  const it = lab(rules, { 'data/kwd/B1.kwd': 'k' })
  await it.build()
  it.clock.tick(60_000)
  return it
}

/** Curated in phy for hours. */
async function curated() {
  const it = await made()
  it.disk.write('data/phy/B1/spike_clusters.npy', 'curated')
  return it
}

const edited = 'data/phy/B1/spike_clusters.npy was edited since the recipe made it'

test('a folder curated by hand is not stale', async () => {
  const it = await curated()
  expect(it.verdict('phy/B1')).toBe(`up-to-date: ${edited}`)
})

test('what is made from a curated folder is stale', async () => {
  const it = await curated()
  expect(it.stale()).toEqual(['table/B1'])
  expect(it.verdict('table/B1')).toBe('stale: data/phy/B1/spike_clusters.npy changed')
})

test('a curated folder with a newer source is protected, and never overwritten', async () => {
  const it = await curated()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  expect(it.verdict('phy/B1')).toBe(`protected: ${edited}`)
  expect(await it.build()).toEqual(['table/B1'])
  expect(it.disk.read('data/phy/B1/spike_clusters.npy')).toBe('curated')
})

test.each([
  ['a file added', (it: Awaited<ReturnType<typeof made>>) => it.disk.write('data/phy/B1/notes.txt', 'n'), 'notes.txt'],
  ['a file removed', (it: Awaited<ReturnType<typeof made>>) => it.disk.delete('data/phy/B1/extra'), 'extra'],
])('%s in a target folder is an edit', async (_, change, name) => {
  const it = lab(rules, { 'data/kwd/B1.kwd': 'k' })
  it.launcher.script = (recipe) => {
    recipe.make()
    for (const { staged, isFolder } of recipe.targets) if (isFolder) it.disk.write(`${staged}/extra`, 'e')
    recipe.end()
  }
  await it.build()
  change(it)
  it.disk.write('data/kwd/B1.kwd', 'k2')
  expect(it.verdict('phy/B1')).toBe(`protected: data/phy/B1/${name} was edited since the recipe made it`)
})

test.each(['.phy/state.json', 'phy.log', '.DS_Store'])('%s in a target folder is no edit', async (name) => {
  const it = await made()
  it.disk.write(`data/phy/B1/${name}`, 'x')
  expect(it.verdict('phy/B1')).toBe('up-to-date: up to date')
})

test('an expected member that somebody deleted is made again: nothing is lost by it', async () => {
  const it = await made()
  it.disk.delete('data/phy/B1/params.py')
  expect(it.verdict('phy/B1')).toBe('stale: data/phy/B1/params.py is not there yet')
})

test('an expected member deleted from a curated folder does not give the rest away', async () => {
  const it = await curated()
  it.disk.delete('data/phy/B1/params.py')
  expect(it.verdict('phy/B1')).toBe(`protected: ${edited}`)
})

test('accept keeps a protected target and calls it current', async () => {
  const it = await curated()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  await it.accept('phy/B1')
  expect(it.verdict('phy/B1')).toBe('up-to-date: data/phy/B1/ was edited since the recipe made it')
})

test('an edit that was accepted is protected again once a source changes', async () => {
  const it = await curated()
  await it.accept('phy/B1')
  it.disk.write('data/kwd/B1.kwd', 'k2')
  expect(it.verdict('phy/B1')).toMatch(/^protected: /)
})

test('a target that was accepted as the recipe left it is made again once a source changes', async () => {
  const it = await made()
  await it.accept('phy/B1')
  it.disk.write('data/kwd/B1.kwd', 'k2')
  expect(it.verdict('phy/B1')).toBe('stale: data/kwd/B1.kwd changed')
})

test('rebuild makes a protected target again; the old one lies in the attic', async () => {
  const it = await curated()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  await it.rebuild('phy/B1')
  expect(it.verdict('phy/B1')).toBe('stale: ana asked for it to be made again')
  expect(await it.build()).toEqual(['phy/B1', 'table/B1'])
  expect(it.disk.read('data/phy/B1/spike_clusters.npy')).toBe('made by phy/B1')
  expect(Object.values(it.disk.tree('.labmake/attic'))).toContain('curated')
  expect(it.stale()).toEqual([])
})

test('curated work that was accepted and is made again for a new source is not lost', async () => {
  const it = await curated()
  await it.accept('phy/B1')
  it.disk.write('data/kwd/B1.kwd', 'k2')
  await it.rebuild('phy/B1')
  await it.build()
  expect(Object.values(it.disk.tree('.labmake/attic'))).toContain('curated')
})

test('what is made from a protected target is made from what lies there', async () => {
  const it = await curated()
  it.disk.write('data/kwd/B1.kwd', 'k2')
  await it.build()
  expect(it.verdict('table/B1')).toBe('up-to-date: up to date')
})
