import { expect, test } from 'vitest'
import { mostAtOnce, workspace } from '../workspace.ts'
import { batches, labRules } from './lab.ts'

/** A rule whose jobs do nothing but note when they ran. */
function noteRule(name: string, source: string, ...lines: string[]): string {
  return `
  ${name}:
    sources: ${source}
    targets: out/${name}-{x}.txt
    script: . held; begin "$name_of_job"; echo made >"$target"; end
${lines.map((line) => `    ${line}\n`).join('')}`.replace('$name_of_job', `${name}/$x`)
}

const indexOf = (runs: readonly string[], recipe: string) => {
  expect(runs).toContain(recipe)
  return runs.indexOf(recipe)
}

test('with one slot of ram, never two de-noisings at once, and sorting goes on beside them (case 31)', async () => {
  await using ws = await workspace(batches('B1', 'B2', 'B3', 'B4'))
  ws.hold('phy/B1', 'denoise/B4')
  const build = ws.start()
  await ws.untilStarted('phy/B1', 'denoise/B4')
  ws.release('phy/B1', 'denoise/B4')
  expect((await build.ended).code).toBe(0)
  expect(mostAtOnce(ws.notes(), (recipe) => recipe.startsWith('denoise/'))).toBe(1)
  expect(ws.newRuns()).toHaveLength(8)
})

test('a job that needs ram and gpu while ram is taken holds no gpu (case 32)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { ram: 1, gpu: 1 }
rules:
${noteRule('first', 'in/{x}.1', 'pool: ram', 'priority: 2')}
${noteRule('both', 'in/{x}.2', 'pool: { ram: 1, gpu: 1 }', 'priority: 1')}
${noteRule('other', 'in/{x}.3', 'pool: gpu')}
`,
    'in/a.1': '1',
    'in/a.2': '2',
    'in/a.3': '3',
  })
  ws.hold('first/a')
  const build = ws.start()
  await ws.until('the job of gpu alone is done', () => ws.exists('out/other-a.txt'))
  expect(ws.newRuns()).not.toContain('both/a')
  ws.release('first/a')
  expect((await build.ended).code).toBe(0)
  expect(ws.newRuns()).toEqual(['both/a'])
})

test('a job that fails frees its slots; what is independent ends, what depends on it is blocked (case 33)', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  ws.write('fail/denoise/B1', '')
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(1)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B2', 'phy/B2'])
  expect(stdout).toMatch(/blocked +B1 +phy +because denoise\/B1/)
  expect(stdout).toContain('denoise/B1 fails, as the test asks')
  const { batches: list } = (await ws.labmake('status', '--json')).json()
  expect(list.map((b: { jobs: { id: string; state: string }[] }) => b.jobs.map((j) => [j.id, j.state]))).toEqual([
    [
      ['denoise/B1', 'failed'],
      ['phy/B1', 'blocked'],
    ],
    [
      ['denoise/B2', 'done'],
      ['phy/B2', 'done'],
    ],
  ])
})

test('what failed is tried again by the next labmake, and what was blocked follows', async () => {
  await using ws = await workspace(batches('B1'))
  ws.write('fail/denoise/B1', '')
  await ws.labmake()
  ws.remove('fail')
  expect((await ws.labmake('-n')).stdout).toContain('the last attempt failed: the recipe ended with exit code 3')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B1', 'phy/B1'])
})

test('--fail-fast starts nothing more once a job has failed, and lets what runs end', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2', 'B3'),
    'rules/ephys.yaml': labRules.replace('ram: 1', 'ram: 2'),
  })
  ws.write('fail/denoise/B1', '')
  ws.hold('denoise/B2')
  const build = ws.start('--fail-fast')
  await ws.untilStarted('denoise/B2')
  await ws.until('it says so', () => build.stdout().includes('nothing more is started'))
  ws.release('denoise/B2')
  expect((await build.ended).code).toBe(1)
  expect(ws.newRuns().sort()).toEqual(['denoise/B1', 'denoise/B2'])
  expect(ws.exists('data/kwd/B2.kwd')).toBe(true)
})

test('more slots than the pool has is an error of the plan, and nothing of that rule runs (case 34)', async () => {
  await using ws = await workspace({
    ...batches('B1'),
    'rules/ephys.yaml': labRules.replace('pool: ram', 'pool: { ram: 2 }'),
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('rule denoise needs 2 slots of ram, which has 1')
  expect(ws.newRuns()).toEqual([])
})

test('a pool that nobody declares is an error that suggests the one that was meant', async () => {
  await using ws = await workspace({ ...batches('B1'), 'rules/ephys.yaml': labRules.replace('pool: ram', 'pool: rma') })
  const { code, stdout } = await ws.labmake('-n')
  expect(code).toBe(2)
  expect(stdout).toContain('Did you mean ram?')
})

test('of two jobs that could start, the one on the longer path goes first (case 35)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { ram: 1 }
rules:
${noteRule('short', 'in/{x}.short', 'pool: ram')}
${noteRule('long', 'in/{x}.long', 'pool: ram')}
${noteRule('longer', 'out/long-{x}.txt', 'pool: ram')}
`,
    'in/a.short': '1',
    'in/a.long': '2',
  })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.newRuns()[0]).toBe('long/a')
})

test('a job of four slots is not starved by many of one (case 36)', async () => {
  const narrow = Array.from({ length: 40 }, (_, i) => `n${i + 10}`)
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { cpu: 4 }
rules:
${noteRule('prepare', 'in/{x}.wide', 'priority: 3')}
${noteRule('wide', 'out/prepare-{x}.txt', 'pool: { cpu: 4 }', 'priority: 2')}
${noteRule('narrow', 'in/{x}.narrow')}
`,
    'in/a.wide': 'wide',
    ...Object.fromEntries(narrow.map((name) => [`in/${name}.narrow`, name])),
  })
  // Three narrow ones are at work when the wide one could start, so that it has to wait for slots.
  ws.hold('narrow/n10', 'narrow/n11', 'narrow/n12')
  const build = ws.start()
  await ws.untilStarted('narrow/n13')
  ws.release('narrow/n10', 'narrow/n11', 'narrow/n12')
  expect((await build.ended).code).toBe(0)
  const runs = ws.newRuns()
  expect(runs).toHaveLength(42)
  expect(indexOf(runs, 'wide/a')).toBeLessThan(30)
  const atWide = ws.notes().findIndex((n) => n.recipe === 'wide/a' && n.event === 'start')
  expect(ws.notes()[atWide + 1]).toMatchObject({ recipe: 'wide/a', event: 'end' })
})

test('-j limits all pools together', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2', 'B3'),
    'rules/ephys.yaml': labRules.replace('ram: 1', 'ram: 3'),
  })
  expect((await ws.labmake('-j', '2')).code).toBe(0)
  expect(ws.newRuns()).toHaveLength(6)
  expect(mostAtOnce(ws.notes())).toBeLessThanOrEqual(2)
})

test('a job of a killed labmake that still runs keeps its slots', async () => {
  await using ws = await workspace(batches('B1', 'B2'))
  ws.hold('denoise/B1')
  const first = ws.start('B1')
  await ws.untilStarted('denoise/B1')
  first.signal('SIGKILL')
  await first.ended
  const second = ws.start('B2')
  await ws.until('it is taken over', () => second.stdout().includes('adopted'))
  ws.release('denoise/B1')
  expect((await second.ended).code).toBe(0)
  expect(mostAtOnce(ws.notes(), (recipe) => recipe.startsWith('denoise/'))).toBe(1)
  expect(ws.exists('data/phy/B2/params.py')).toBe(true)
})

test('batches are made in the order in which a person counts: B2 before B10', async () => {
  await using ws = await workspace(batches('B10', 'B2', 'B1'))
  await ws.labmake('denoise')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'denoise/B2', 'denoise/B10'])
})
