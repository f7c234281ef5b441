import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { batches, labRules, oneBatch, oneRule } from './lab.ts'

test('two rules that make one target are an error that names both; neither runs (case 38)', async () => {
  await using ws = await workspace({
    'rules/one.yaml': oneRule('recipe: cp {source} {target}'),
    'rules/two.yaml': oneRule('recipe: cp -p {source} {target}').replace('copy', 'twin'),
    'in/a.txt': 'one',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('two rules make out/{x}.txt: copy (rules/one.yaml:3:3) and twin (rules/two.yaml:3:3)')
  expect(ws.exists('out/a.txt')).toBe(false)
})

test('a cycle is an error that shows its whole path (case 39)', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
rules:
  one: { sources: "data/{x}.a", targets: "data/{x}.b", recipe: "cp {source} {target}" }
  two: { sources: "data/{x}.b", targets: "data/{x}.c", recipe: "cp {source} {target}" }
  three: { sources: "data/{x}.c", targets: "data/{x}.a", recipe: "cp {source} {target}" }
`,
    'data/k.a': 'a',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toMatch(/in a circle: (\w+)\/k → \w+\/k → \w+\/k → \1\/k/)
})

test('a manifest with CRLF, BOM, blank lines, comments and a repeated row is read as it was meant (case 40)', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2'),
    'data/manifests/ana.tsv': '\uFEFFbatch\tomit\r\n\r\n# noisy\r\nB1\tPort_20\r\nB1\tPort_20\r\nB2\t\r\n',
  })
  const { code, json } = await ws.labmake('-n', '--json')
  expect([code, json().errors]).toEqual([0, []])
  await ws.labmake()
  expect(ws.read('data/kwd/B1.kwd')).toMatch(/^omit=Port_20\n/)
  expect(ws.read('data/kwd/B2.kwd')).toMatch(/^omit=\n/)
})

test("a manifest in the lab's own form, BLOCK and OMIT without a header, is read", async () => {
  await using ws = await workspace({ ...batches('B1'), 'data/manifests/ana.tsv': 'B1\tPort_20,Port_3\n' })
  await ws.labmake()
  expect(ws.read('data/kwd/B1.kwd')).toMatch(/^omit=Port_20,Port_3\n/)
})

test('a bad row is refused with its line number, and the others stand (case 40)', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2'),
    'data/manifests/ana.tsv': 'batch\tomit\nB1\tPort_20\nB 2\tPort_3\nB2\tPort_4\tPort_5\n',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('data/manifests/ana.tsv:3: "B 2" is not a batch name')
  expect(stdout).toContain('data/manifests/ana.tsv:4: 3 cells, 2 expected')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('two different values for a batch: both rows are refused, and it waits (case 40)', async () => {
  await using ws = await workspace({
    ...batches('B1', 'B2'),
    'data/manifests/ana.tsv': 'batch\tomit\nB1\tPort_20\n',
    'data/manifests/ben.tsv': 'batch\tomit\nB1\tPort_3\nB2\tPort_3\n',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('ben.tsv:2: omit of B1 is "Port_3" here and "Port_20" at data/manifests/ana.tsv:2')
  expect(ws.newRuns()).toEqual(['denoise/B2', 'phy/B2'])
})

test.each(['a;touch PWNED', '-rf', 'with space', '$(touch PWNED)'])(
  'a recording called %j is refused, and the others are made (case 41)',
  async (name) => {
    await using ws = await workspace({ ...oneBatch, [`data/mat/${name}/a.mat`]: 'spikes' })
    const { code, stdout } = await ws.labmake()
    expect(code).toBe(2)
    expect(stdout).toContain(`"${name}" holds no batch name`)
    expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
    expect(ws.exists('PWNED')).toBe(false)
  },
)

test.each(['a;touch PWNED', '../x', '-rf', '/etc', '..', '`touch PWNED`'])(
  'a manifest row for a batch called %j is refused with its line (case 41)',
  async (name) => {
    await using ws = await workspace({ ...oneBatch, 'data/manifests/m.tsv': `batch\tomit\n${name}\tPort_3\n` })
    const { code, stdout } = await ws.labmake()
    expect(code).toBe(2)
    expect(stdout).toContain(`data/manifests/m.tsv:2: "${name}" is not a batch name`)
    expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
    expect(ws.exists('PWNED')).toBe(false)
  },
)

test('a param of a manifest reaches a recipe as one word, whatever is in it (case 41)', async () => {
  const omit = `; touch PWNED $(touch PWNED) 'x "y`
  await using ws = await workspace({ ...batches('B1'), 'data/manifests/m.tsv': `batch\tomit\nB1\t${omit}\n` })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('data/kwd/B1.kwd')).toContain(`omit=${omit}\n`)
  expect(ws.exists('PWNED')).toBe(false)
})

test('a param reaches a script as a variable, whatever is in it (case 41)', async () => {
  const omit = '$(touch PWNED) `touch PWNED` "; touch PWNED'
  await using ws = await workspace({
    'rules/r.yaml': `
rules:
  denoise:
    sources: in/{batch}.txt
    targets: out/{batch}.txt
    params: { omit: "" }
    script: printf %s "$omit" >"$target"
`,
    'in/B1.txt': '',
    'data/manifests/m.tsv': `batch\tomit\nB1\t${omit}\n`,
  })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('out/B1.txt')).toBe(omit)
  expect(ws.exists('PWNED')).toBe(false)
})

const strangeNames = [
  'two words',
  '$HOME',
  `it's "quoted"`,
  'größe-µV-通道',
  'a;touch PWNED',
  '[x]*?{y}',
  'back\\slash',
]

test.each(strangeNames)('a file called %j reaches the recipe whole (case 42)', async (name) => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
    [`in/${name}.txt`]: 'content',
  })
  const { code, stdout } = await ws.labmake()
  expect([code, stdout]).toEqual([0, expect.stringContaining('done')])
  expect(ws.read(`out/${name}.txt`)).toBe('content')
  expect((await ws.labmake()).stdout).toContain('Nothing to do')
  expect(ws.exists('PWNED')).toBe(false)
})

test('gathered files with strange names, a newline among them, reach a script as its words (case 42)', async () => {
  const names = [...strangeNames, 'two\nlines']
  await using ws = await workspace({
    'rules/r.yaml': `
rules:
  join:
    sources: in/{x}/*.txt
    targets: out/{x}.txt
    script: for file in "$@"; do cat "$file"; done >"$target"; echo "$#" >>"$target"
`,
    ...Object.fromEntries(names.map((name) => [`in/a/${name}.txt`, '+'])),
  })
  const { code } = await ws.labmake()
  expect(code).toBe(0)
  expect(ws.read('out/a.txt')).toBe(`${'+'.repeat(names.length)}${names.length}\n`)
})

test('a file name with control characters does not reach the terminal as such', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
    'in/\x1b[2Jclear.txt': 'content',
  })
  for (const args of [['-n'], [], ['status'], ['history']]) {
    const { stdout, stderr } = await ws.labmake(...args)
    expect(stdout + stderr).toContain('clear')
    expect(stdout + stderr).not.toContain('\x1b')
  }
})

test('a broken rule file disables itself alone, and its fault names line and column (case 43)', async () => {
  await using ws = await workspace({
    ...batches('B1'),
    'rules/new.yaml':
      'rules:\n  copy:\n    sources: in/{x}.txt\n    targts: out/{x}.txt\n    recipe: cp {source} {target}\n',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('rules/new.yaml:4:5: unknown key "targts"')
  expect(stdout).toContain('Did you mean targets?')
  expect(stdout).toContain('    |     targts: out/{x}.txt')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a file that is no YAML names the line', async () => {
  await using ws = await workspace({ ...batches('B1'), 'rules/new.yaml': 'rules:\n\tcopy: {}\n' })
  const { code, stdout } = await ws.labmake('-n')
  expect(code).toBe(2)
  expect(stdout).toMatch(/rules\/new\.yaml:2:\d+: this is not YAML/)
  expect(stdout).toContain('Indent with spaces')
})

test('a rule file may be a module', async () => {
  await using ws = await workspace({
    'rules/r.mjs': `export default { rules: { copy: { sources: 'in/{x}.txt', targets: 'out/{x}.txt', recipe: 'cp {source} {target}' } } }`,
    'in/a.txt': 'one',
  })
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('out/a.txt')).toBe('one')
})

test('batches that differ by case alone are refused, and the others are made', async () => {
  await using ws = await workspace(batches('Bird', 'bird', 'B1'))
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toMatch(/the batches (Bird|bird) and (Bird|bird) differ by case alone/)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a recipe with an operator of a shell is refused, and script is named as the way', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: cat {source} > {target}'), 'in/a.txt': 'one' })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toContain('Use script: for pipes, redirections and several commands')
  expect(ws.exists('out')).toBe(false)
})

test('a script stops at the first command that fails', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: |', '  false | cat', '  cp "$1" "$target"'),
    'in/a.txt': 'one',
  })
  expect((await ws.labmake()).code).toBe(1)
  expect(ws.exists('out/a.txt')).toBe(false)
})

test('a target cannot lie outside the workspace', async () => {
  const rules = labRules.replace('data/kwd/{batch}.kwd\n    params', '../{batch}.kwd\n    params')
  await using ws = await workspace({ ...oneBatch, 'rules/ephys.yaml': rules })
  expect((await ws.labmake()).code).toBe(2)
  expect(existsSync(ws.path('../B1.kwd'))).toBe(false)
})

test('a thousand batches are planned and listed in order', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `B${i + 1}`)
  await using ws = await workspace(batches(...names))
  const { jobs } = (await ws.labmake('-n', '--json')).json()
  expect(jobs).toHaveLength(2000)
  expect(jobs.filter((j: { rule: string }) => j.rule === 'denoise').map((j: { batch: string }) => j.batch)).toEqual(
    names,
  )
})
