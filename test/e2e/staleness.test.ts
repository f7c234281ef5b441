import { cpSync, renameSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Workspace, workspace } from '../workspace.ts'
import { batches, labRules, oneBatch, oneRule } from './lab.ts'

/** The reasons of a dry run, by job. */
async function reasons(ws: Workspace): Promise<Record<string, string>> {
  const { jobs } = (await ws.labmake('-n', '--json')).json()
  return Object.fromEntries(jobs.map((j: { id: string; reason: { kind: string } }) => [j.id, j.reason.kind]))
}

test('a fresh chain makes each target once, in order, and then nothing (case 1)', async () => {
  await using ws = await workspace(oneBatch)
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(ws.read('data/phy/B1/spike_times.npy')).toBe('omit=\nspikes')
  const second = await ws.labmake()
  expect(second.stdout).toContain('Nothing to do')
  expect(second.code).toBe(0)
  expect(ws.newRuns()).toEqual([])
})

test('a touch in the middle of a chain makes only what is downstream of it again (case 2)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  ws.newRuns()
  ws.age('data/kwd/B1.kwd', { seconds: -1 })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['phy/B1'])
})

test('a target that was made anew makes what depends on it stale, and nothing else (case 2)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  await ws.labmake('rebuild', 'denoise/B1')
  ws.newRuns()
  await ws.labmake()
  expect(ws.newRuns()).toEqual(['phy/B1'])
})

test('a source that is replaced by an older file makes its target stale (case 3)', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  ws.write('data/mat/B1/a.mat', 'noises')
  ws.age('data/mat/B1/a.mat', { seconds: 90_000 })
  expect(await reasons(ws)).toEqual({ 'denoise/B1': 'source-changed', 'phy/B1': 'upstream' })
})

test('a file that is a source is compared as a member of a folder is: older is not the same (case 3)', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: cp {source} {target}'), 'in/a.txt': 'one' })
  await ws.labmake()
  ws.write('in/a.txt', 'two')
  ws.age('in/a.txt', { seconds: 90_000 })
  expect(await reasons(ws)).toEqual({ 'copy/a': 'source-changed' })
  await ws.labmake()
  expect(ws.read('out/a.txt')).toBe('two')
})

test('a source of another size with the same time makes its target stale (case 4)', async () => {
  await using ws = await workspace(oneBatch)
  utimesSync(ws.path('data/mat/B1/a.mat'), 1_700_000_000, 1_700_000_000)
  await ws.labmake()
  ws.write('data/mat/B1/a.mat', 'more spikes than before')
  utimesSync(ws.path('data/mat/B1/a.mat'), 1_700_000_000, 1_700_000_000)
  expect(await reasons(ws)).toMatchObject({ 'denoise/B1': 'source-changed' })
})

test('a source from the future is made once, with a warning, and then nothing (case 5)', async () => {
  await using ws = await workspace(oneBatch)
  ws.age('data/mat/B1/a.mat', { seconds: -86_400 })
  expect((await ws.labmake('-n')).stdout).toMatch(/warning: data\/mat\/B1\/a\.mat: it is dated in the future/)
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  await ws.labmake()
  expect(ws.newRuns()).toEqual([])
})

test('a source that is edited while its recipe runs: it is said, and the job runs once more (case 6)', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.untilStarted('denoise/B1')
  ws.write('data/mat/B1/a.mat', 'spikes and more')
  ws.release('denoise/B1')
  const { code, stdout } = await build.ended
  expect(stdout).toContain('data/mat/B1/a.mat changed while the recipe ran')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B1', 'phy/B1'])
  expect(ws.read('data/phy/B1/spike_times.npy')).toBe('omit=\nspikes and more')
  expect(code).toBe(0)
})

test('a recipe that writes to its own source is diagnosed and does not run for ever (case 7)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: echo run >>runs; echo more >>"$1"; cp "$1" "$target"'),
    'in/a.txt': 'one',
  })
  const { code, stdout } = await ws.labmake()
  expect(stdout).toMatch(
    /failed +- +copy\/a .*in\/a\.txt changed each time the recipe ran: the recipe writes to its own/,
  )
  expect(ws.read('runs')).toBe('run\nrun\n')
  expect(code).toBe(1)
  // It is told later too, not only to who looked on.
  expect((await ws.labmake('status')).stdout).toMatch(/copy\/a +failed .*in\/a\.txt changed each time the recipe ran/)
})

test('a param that changes makes the targets of its batch stale, and no other (case 8)', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2'),
    'data/manifests/ana.tsv': 'batch\tomit\nB1\tPort_20\nB2\tPort_3\n',
  })
  await ws.labmake()
  expect(ws.read('data/kwd/B2.kwd')).toMatch(/^omit=Port_3\n/)
  ws.newRuns()
  ws.write('data/manifests/ana.tsv', 'batch\tomit\nB1\tPort_20\nB2\tPort_4\n')
  expect((await ws.labmake('-n')).stdout).toContain('omit changed, from "Port_3" to "Port_4"')
  await ws.labmake()
  expect(ws.newRuns()).toEqual(['denoise/B2', 'phy/B2'])
  expect(ws.read('data/kwd/B2.kwd')).toMatch(/^omit=Port_4\n/)
})

test('a recipe that changes makes its targets stale, and the old and new recipe are shown (case 9)', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: cp {source} {target}'), 'in/a.txt': 'one' })
  await ws.labmake()
  ws.write('rules/r.yaml', oneRule('recipe: cp -p {source} {target}'))
  const { stdout } = await ws.labmake('-n')
  expect(stdout).toContain('the recipe changed, from "cp {source} {target}" to "cp -p {source} {target}"')
})

test('one of two targets that is deleted: the recipe runs once and both are there (case 10)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
rules:
  split:
    sources: in/{x}.txt
    targets: { head: "out/{x}.head", tail: "out/{x}.tail" }
    script: echo run >>runs; head -n 1 "$1" >"$targets_head"; tail -n 1 "$1" >"$targets_tail"
`,
    'in/a.txt': 'first\nlast\n',
  })
  await ws.labmake()
  ws.remove('out/a.tail')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('runs')).toBe('run\nrun\n')
  expect([ws.read('out/a.head'), ws.read('out/a.tail')]).toEqual(['first\n', 'last\n'])
})

test.each([
  ['added', 'source-added', (ws: Workspace) => ws.write('data/mat/B1/b.mat', 'more')],
  ['removed', 'source-removed', (ws: Workspace) => ws.remove('data/mat/B1/deep/c.mat')],
  ['rewritten', 'source-changed', (ws: Workspace) => ws.write('data/mat/B1/a.mat', 'new')],
])('a file that is %s in a source folder makes its target stale (case 11)', async (_, kind, change) => {
  await using ws = await workspace({ ...oneBatch, 'data/mat/B1/deep/c.mat': 'deep' })
  await ws.labmake()
  change(ws)
  expect(await reasons(ws)).toEqual({ 'denoise/B1': kind, 'phy/B1': 'upstream' })
})

test('what desktops and editors leave in a source folder counts for nothing (case 11)', async () => {
  await using ws = await workspace(oneBatch)
  await ws.labmake()
  for (const name of ['.DS_Store', 'Thumbs.db', '._a.mat', '.nfs0001', '.a.mat.swp']) {
    ws.write(`data/mat/B1/${name}`, '')
  }
  expect(await reasons(ws)).toEqual({})
})

test('a link that is turned elsewhere makes its target stale, also to an older file (case 12)', async () => {
  await using ws = await workspace({ ...oneBatch, 'archive/one.mat': 'one', 'archive/two.mat': 'two' })
  symlinkSync('../../../archive/one.mat', ws.path('data/mat/B1/link.mat'))
  await ws.labmake()
  unlinkSync(ws.path('data/mat/B1/link.mat'))
  symlinkSync('../../../archive/two.mat', ws.path('data/mat/B1/link.mat'))
  expect(await reasons(ws)).toMatchObject({ 'denoise/B1': 'source-changed' })
})

test('what a link points to, when changed, makes the target stale (case 12)', async () => {
  await using ws = await workspace({ ...oneBatch, 'archive/one.mat': 'one' })
  symlinkSync('../../../archive/one.mat', ws.path('data/mat/B1/link.mat'))
  await ws.labmake()
  ws.write('archive/one.mat', 'other')
  expect(await reasons(ws)).toMatchObject({ 'denoise/B1': 'source-changed' })
})

test('a target whose source is gone is listed as orphaned and kept (case 13)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  ws.remove('data/mat/B1')
  const { json, code } = await ws.labmake('-n', '--json')
  expect(json().orphaned).toContainEqual({ target: 'data/kwd/B1.kwd', rule: 'denoise', batch: 'B1' })
  expect(code).toBe(0)
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.exists('data/kwd/B1.kwd')).toBe(true)
  expect(ws.exists('data/phy/B1/params.py')).toBe(true)
})

test('without .labmake nothing is made again that make would not make (case 14)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  ws.newRuns()
  ws.remove('.labmake')
  const { stdout, code } = await ws.labmake()
  expect(stdout).toContain('Nothing to do')
  expect(code).toBe(0)
  expect(ws.newRuns()).toEqual([])
})

test('without .labmake a source newer than its target is found by its time (case 14)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  ws.remove('.labmake')
  ws.age('data/mat/B2/a.mat', { seconds: -5 })
  expect(await reasons(ws)).toEqual({ 'denoise/B2': 'source-newer', 'phy/B2': 'upstream' })
})

test('files that were copied without their times are current once accepted, and nothing runs (case 15)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  await ws.labmake()
  ws.newRuns()
  // A copy in the order of names dates targets before sources, or after: here every source is newest.
  renameSync(ws.path('data'), ws.path('old'))
  cpSync(ws.path('old'), ws.path('data'), { recursive: true })
  ws.age('data/kwd', { seconds: 10 })
  ws.age('data/phy', { seconds: 10 })
  expect((await ws.labmake('-n')).stdout).toContain('protected')
  const accepted = await ws.labmake('accept', 'denoise', 'phy')
  expect(accepted.stdout).toContain('4 accepted')
  expect(accepted.code).toBe(0)
  expect((await ws.labmake()).stdout).toContain('Nothing to do')
  expect(ws.newRuns()).toEqual([])
})

test('a script that a rule uses makes its targets stale when it changes', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('uses: tools/convert.sh', 'recipe: sh tools/convert.sh {source} {target}'),
    'tools/convert.sh': 'cp "$1" "$2"',
    'in/a.txt': 'one',
  })
  expect((await ws.labmake()).code).toBe(0)
  ws.write('tools/convert.sh', 'cp -p "$1" "$2"')
  expect(await reasons(ws)).toEqual({ 'copy/a': 'uses-changed' })
})

test('an intermediate that a person deleted is not made again while nothing needs it', async () => {
  const rules = labRules.replace('    pool: ram', '    intermediate: true\n    pool: ram')
  await using ws = await workspace({ ...oneBatch, 'rules/ephys.yaml': rules })
  await ws.labmake()
  ws.newRuns()
  ws.remove('data/kwd/B1.kwd')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual([])
  ws.write('data/mat/B1/b.mat', 'more')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a batch waits for a param that is required, and runs once a manifest gives it', async () => {
  const rules = labRules.replace('omit: ""', 'omit: required')
  await using ws = await workspace({ ...oneBatch, 'rules/ephys.yaml': rules })
  const { json } = await ws.labmake('-n', '--json')
  expect(json().waiting.map((w: { id: string; reason: { kind: string } }) => [w.id, w.reason.kind])).toEqual([
    ['denoise/B1', 'no-param'],
    ['phy/B1', 'prerequisite'],
  ])
  ws.write('data/manifests/ana.tsv', 'batch\tomit\nB1\t\n')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})
