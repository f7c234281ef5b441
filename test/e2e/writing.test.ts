import { statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { batches, oneBatch, oneRule } from './lab.ts'

const script = (text: string) => oneRule(`script: ${JSON.stringify(text)}`)

test('a recipe that ends well without its target has failed, and the target is named (case 16)', async () => {
  await using ws = await workspace({ 'rules/r.yaml': script('true'), 'in/a.txt': 'one' })
  const { code, stdout } = await ws.labmake()
  expect(stdout).toMatch(/failed +- +copy\/a .*the recipe ended well but did not make out\/a\.txt/)
  expect(stdout).toContain('The recipe must write exactly to {target}.')
  expect(code).toBe(1)
})

test('a folder where a file was promised is a failure that says so', async () => {
  await using ws = await workspace({ 'rules/r.yaml': script('mkdir "$target"'), 'in/a.txt': 'one' })
  expect((await ws.labmake()).stdout).toContain('the recipe made out/a.txt, but not as a file')
  expect(ws.exists('out/a.txt')).toBe(false)
})

test('a recipe that fails half-way leaves the old target as it was, and its own beside the log (case 17)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': script('cp "$1" "$target"; test ! -e broken'),
    'in/a.txt': 'one',
  })
  await ws.labmake()
  const before = statSync(ws.path('out/a.txt'), { bigint: true })
  ws.write('in/a.txt', 'other')
  ws.write('broken', '')
  const { code, stdout } = await ws.labmake()
  expect(stdout).toContain('the recipe ended with exit code 1')
  expect(code).toBe(1)
  expect(ws.read('out/a.txt')).toBe('one')
  const after = statSync(ws.path('out/a.txt'), { bigint: true })
  expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  expect(ws.list('out')).toEqual(['a.txt'])
  expect(ws.read('.labmake/attempts/copy/a/a.txt')).toBe('other')
})

test('a target folder without a member that is expected is a failure that names it (case 18)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
rules:
  phy:
    sources: in/{x}.txt
    targets: out/{x}/
    expects: [params.py, spike_times.npy]
    script: mkdir "$target"; cp "$1" "$target/params.py"
`,
    'in/a.txt': 'one',
  })
  const { code, stdout } = await ws.labmake()
  expect(stdout).toContain('the recipe ended well but out/a/ has no spike_times.npy')
  expect(code).toBe(1)
  expect(ws.exists('out/a')).toBe(false)
})

test('a member that is expected and was deleted makes the target stale', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.remove('data/phy/B1/spike_times.npy')
  expect((await ws.labmake('-n')).stdout).toContain('data/phy/B1/spike_times.npy is not there yet')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.exists('data/phy/B1/spike_times.npy')).toBe(true)
})

test('a target folder that was curated by hand is not stale (case 19)', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.newRuns()
  ws.write('data/phy/B1/spike_clusters.npy', 'good and bad units')
  expect((await ws.labmake()).stdout).toContain('2 up to date (1 edited)')
  expect(ws.newRuns()).toEqual([])
})

test('what phy writes when one only looks is no edit', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/phy/B1/phy.log', 'opened')
  ws.write('data/phy/B1/.phy/state.json', '{}')
  ws.write('data/mat/B1/a.mat', 'new spikes')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('data/phy/B1/spike_times.npy')).toContain('new spikes')
})

test('a curated folder whose source is newer is protected, reported and never overwritten (case 19)', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/phy/B1/spike_clusters.npy', 'good and bad units')
  ws.write('data/mat/B1/a.mat', 'new spikes')
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(1)
  expect(stdout).toMatch(/phy\/B1 .*edited.*labmake accept phy\/B1.*labmake rebuild phy\/B1/)
  expect(ws.read('data/phy/B1/spike_clusters.npy')).toBe('good and bad units')
  expect(ws.read('data/phy/B1/spike_times.npy')).toBe('omit=\nspikes')
})

test('accept keeps a curated folder and calls it current', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/phy/B1/spike_clusters.npy', 'good and bad units')
  ws.write('data/mat/B1/a.mat', 'new spikes')
  await ws.labmake()
  ws.newRuns()
  expect((await ws.labmake('accept', 'phy/B1')).code).toBe(0)
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual([])
  expect(ws.read('data/phy/B1/spike_clusters.npy')).toBe('good and bad units')
})

test('rebuild makes a curated folder anew and keeps the old one whole in the attic', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/phy/B1/spike_clusters.npy', 'good and bad units')
  ws.write('data/mat/B1/a.mat', 'new spikes')
  await ws.labmake()
  const { code, stdout } = await ws.labmake('rebuild', 'data/phy/B1/')
  expect(code).toBe(0)
  expect(ws.read('data/phy/B1/spike_times.npy')).toContain('new spikes')
  const [when] = ws.list('.labmake/attic')
  const kept = `.labmake/attic/${when}/data/phy/B1`
  expect(stdout).toContain(kept)
  expect(ws.list(kept)).toEqual(['params.py', 'spike_clusters.npy', 'spike_times.npy'])
  expect(ws.read(`${kept}/spike_clusters.npy`)).toBe('good and bad units')
})

test('a file that lies where the rule makes a folder is kept in the attic', async () => {
  await using ws = await workspace({ ...oneBatch, 'data/phy/B1': 'a list of good units, by hand' })
  expect((await ws.labmake()).code).toBe(0)
  const [when] = ws.list('.labmake/attic')
  expect(ws.read(`.labmake/attic/${when}/data/phy/B1`)).toBe('a list of good units, by hand')
  expect(ws.read('data/phy/B1/spike_times.npy')).toBe('omit=\nspikes')
})

test('a target that no record speaks of goes to the attic when it is overwritten', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
    'in/a.txt': 'one',
    'out/a.txt': 'made by hand, years ago',
  })
  ws.age('in/a.txt', { seconds: 0 })
  expect((await ws.labmake()).code).toBe(0)
  const [when] = ws.list('.labmake/attic')
  expect(ws.read(`.labmake/attic/${when}/out/a.txt`)).toBe('made by hand, years ago')
  expect(ws.read('out/a.txt')).toBe('one')
})

test('what the recipe itself made before is not kept when it is made anew', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/mat/B1/a.mat', 'new spikes')
  await ws.labmake()
  expect(ws.list('.labmake/attic')).toEqual([])
  expect(ws.list('data/kwd')).toEqual(['B1.kwd'])
  expect(ws.list('data/phy')).toEqual(['B1'])
})

test('a target that is edited while its recipe runs is not overwritten', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/mat/B1/a.mat', 'new spikes')
  ws.hold('phy/B1')
  const build = ws.start()
  await ws.until('phy/B1 runs again', () => ws.notes().filter((n) => n.recipe === 'phy/B1').length === 3)
  ws.write('data/phy/B1/spike_clusters.npy', 'good and bad units')
  ws.release('phy/B1')
  const { code, stdout } = await build.ended
  expect(stdout).toContain('data/phy/B1/spike_clusters.npy was edited while the recipe ran')
  expect(code).toBe(1)
  expect(ws.read('data/phy/B1/spike_clusters.npy')).toBe('good and bad units')
})

test('a reader sees each target folder old and whole or new and whole, never neither (case 20)', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `B${i + 1}`)
  await using ws = await workspace(batches(...names))
  await ws.labmake()
  const folders = names.map((name) => ws.path(`data/phy/${name}/spike_times.npy`))
  const seen = new Set(folders.map((path) => statSync(path).ino))
  let missing = 0
  for (let round = 0; round < 2; round++) {
    const rebuild = ws.start('rebuild', 'phy')
    let ended = false
    void rebuild.ended.then(() => {
      ended = true
    })
    while (!ended) {
      for (const path of folders) {
        const stat = statSync(path, { throwIfNoEntry: false })
        if (stat === undefined || stat.size === 0) missing++
        else seen.add(stat.ino)
      }
      await setImmediate()
    }
    expect((await rebuild.ended).code).toBe(0)
  }
  expect(missing).toBe(0)
  // Were nothing replaced, nothing would be shown: each folder was there in its old and in new versions.
  expect(seen.size).toBeGreaterThan(names.length * 2)
})

test('a reader sees a target file old and whole or new and whole, never neither (case 20)', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `${i + 1}`)
  await using ws = await workspace({
    'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
    ...Object.fromEntries(names.map((name) => [`in/${name}.txt`, `text ${name}`])),
  })
  await ws.labmake()
  const files = names.map((name) => ws.path(`out/${name}.txt`))
  const rebuild = ws.start('rebuild', 'copy')
  let ended = false
  void rebuild.ended.then(() => {
    ended = true
  })
  let missing = 0
  while (!ended) {
    for (const path of files) if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) missing++
    await setImmediate()
  }
  expect((await rebuild.ended).code).toBe(0)
  expect(missing).toBe(0)
})
