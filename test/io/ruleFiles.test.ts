import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { parseYamlRules, ruleReader } from '../../src/io/ruleFiles.ts'
import { workspace } from '../workspace.ts'

const file = 'rules/r.yaml'
const faults = (text: string) => parseYamlRules(file, text).faults

test('a rule file of the lab is read', () => {
  const text = `
pools:
  ram: 2              # two at most
  cpu: auto
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
rules:
  denoise:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    pool: { ram: 1, cpu: 4 }
    recipe: labmake-ephys denoise {source} {target} --omit {omit}
`
  const read = parseYamlRules(file, text)
  expect(read.faults).toEqual([])
  expect(read.pools.map((p) => [p.name, p.slots, p.where])).toEqual([
    ['ram', 2, 'rules/r.yaml:3:3'],
    ['cpu', 'auto', 'rules/r.yaml:4:3'],
  ])
  expect(read.rules.map((r) => [r.name, r.where])).toEqual([['denoise', 'rules/r.yaml:9:3']])
})

describe('positions', () => {
  test.each([
    [
      'an unknown key, at the key',
      'rules:\n  a:\n    soruces: x\n    targets: y\n    recipe: r\n',
      '3:5',
      '    soruces: x',
    ],
    [
      'a wrong value, at the value',
      'rules:\n  a:\n    targets: y\n    retries: -1\n    recipe: r\n',
      '4:14',
      '    retries: -1',
    ],
    ['a value in a list', 'rules:\n  a:\n    targets:\n      - y\n      - {}\n    recipe: r\n', '5:9', '      - {}'],
    ['a pattern', 'rules:\n  a:\n    targets: "y/{Batch}"\n    recipe: r\n', '3:14', '    targets: "y/{Batch}"'],
    ['what is missing, at what it is missing from', 'rules:\n  a:\n    targets: y\n', '2:3', '  a:'],
    ['a pool', 'pools:\n  ram: many\n', '2:8', '  ram: many'],
    ['a bad name', 'pools:\n  RAM: 1\n', '2:3', '  RAM: 1'],
    [
      'a param that is a word of the rule',
      'rules:\n  a:\n    targets: y\n    params: { target: x }\n    recipe: r\n',
      '4:15',
      '    params: { target: x }',
    ],
    ['the whole file', '- a\n- b\n', '1:1', '- a'],
    [
      'a key in flow style',
      'rules: { a: { targets: y, recipt: r } }\n',
      '1:27',
      'rules: { a: { targets: y, recipt: r } }',
    ],
    ['a line after CRLF', 'pools:\r\n  ram: many\r\n', '2:8', '  ram: many'],
  ])('%s', (_, text, position, excerpt) => {
    expect(faults(text)[0]).toMatchObject({ where: `${file}:${position}`, excerpt })
  })
})

describe('a secret is never shown in a fault', () => {
  const secret = 'xoxb-s3cret'
  test.each([
    ['in the line of another key', `notify:\n  - { webhook: https://h/${secret}, on: [faild] }\n`],
    ['below its key, and no address', `notify:\n  - webhook:\n      hooks/${secret}\n`],
    ['that is no address', `notify:\n  - webhook: hooks/${secret}\n`],
    ['where a key belongs', `notify:\n  - { https://h/${secret}: x }\n`],
    ['in the place of an entry', `notify:\n  - https://h/${secret}\n`],
    ['in a line that is not YAML', `notify:\n  - webhook: [https://h/${secret}\n`],
    ['that no quote ends', `notify:\n  - smtp: "ana:${secret}@host\n`],
    ['in the line below its key', `notify:\n  - webhook: *x\n      https://h/${secret}\n`],
  ])('%s', (_, text) => {
    const told = faults(text)
    expect(told.length).toBeGreaterThan(0)
    expect(JSON.stringify(told)).not.toContain(secret)
  })

  test('but what is no secret is', () => {
    expect(faults('rules:\n  a: { targets: y, recipe: r, retries: -1 }\n')[0]!.excerpt).toContain('retries: -1')
  })
})

describe('what is not YAML', () => {
  test.each([
    ['a tab', 'rules:\n\ta: 1\n', ':2', 'Indent with spaces, not with tabs.'],
    ['an unquoted {', 'inbox:\n  - accept: {batch}/*.mat\n    store: x\n', ':2', 'Put the value into quotes'],
    ['an unquoted *', 'rules:\n  a:\n    targets: *.mat\n', ':3', 'Put the value into quotes'],
    ['an unquoted * in a list', 'rules:\n  a:\n    targets:\n      - *.mat\n', ':4:9', 'Put the value into quotes'],
    ['a quote without its end', 'rules:\n  a: "x\n', '', ''],
    ['a key twice', 'pools:\n  ram: 1\n  ram: 2\n', ':3:3', ''],
    ['a list that is not closed', 'rules: [a\n', '', ''],
  ])('%s is said, where it is, with what to do', (_, text, where, hint) => {
    const [fault, ...more] = faults(text)
    expect(more).toEqual([])
    expect(fault!.where).toContain(`${file}${where}`)
    expect(fault!.message).toMatch(/^this is not YAML: ./)
    expect(fault!.message).not.toMatch(/at line \d|\n/)
    expect(fault!.hint ?? '').toContain(hint)
  })

  test('two rules of one name in a file are not YAML either', () => {
    expect(faults('rules:\n  a: { targets: x, recipe: r }\n  a: { targets: y, recipe: r }\n')).toMatchObject([
      { where: `${file}:3:3`, message: expect.stringMatching(/unique/) },
    ])
  })
})

test('numbers and words as params are kept as they are written', () => {
  const text =
    'rules:\n  a:\n    targets: y\n    params: { a: 1.50, b: 007, c: 1e3, d: yes, e: True, f: "2", g: 0x10, h: required2 }\n    recipe: r\n'
  const { rules } = parseYamlRules(file, text)
  expect([...rules[0]!.params].map(([name, p]) => [name, p.required ? undefined : p.value])).toEqual([
    ['a', '1.50'],
    ['b', '007'],
    ['c', '1e3'],
    ['d', 'yes'],
    ['e', 'True'],
    ['f', '2'],
    ['g', '0x10'],
    ['h', 'required2'],
  ])
})

test('a param without a value is told of', () => {
  expect(faults('rules:\n  a:\n    targets: y\n    params:\n      omit:\n    recipe: r\n')).toMatchObject([
    { where: `${file}:5:12`, message: 'expected a text, a number, or the word required' },
  ])
})

test('an anchor may be used', () => {
  const text = 'rules:\n  a: &a { targets: x, recipe: r }\n  b: { <<: *a, targets: y }\n'
  expect(parseYamlRules(file, text).faults).toMatchObject([{ message: 'unknown key "<<"' }])
  expect(
    parseYamlRules(file, 'rules:\n  a: { targets: &t x, recipe: r }\n  b: { targets: y, recipe: r, uses: *t }\n')
      .faults,
  ).toEqual([])
})

test.each(['', '\n', '# only a comment\n', '---\n'])('an empty file %j is fine', (text) => {
  expect(parseYamlRules(file, text)).toMatchObject({ rules: [], faults: [] })
})

describe('a folder of rule files', () => {
  const rule = (name: string) => `rules:\n  ${name}: { targets: ${name}, recipe: r }\n`
  async function read(files: Readonly<Record<string, string>>) {
    await using ws = await workspace({ 'rules/': '', ...files })
    return await ruleReader(ws.root)()
  }

  test('all of them are put together, in the order of their names', async () => {
    const { rules } = await read({ 'rules/b10.yaml': rule('c'), 'rules/b2.yml': rule('b'), 'rules/a.yaml': rule('a') })
    expect(rules.map((r) => r.name)).toEqual(['a', 'b', 'c'])
  })

  test('other files and hidden ones are passed over', async () => {
    const files = {
      'rules/README.md': '#',
      'rules/.#a.yaml': rule('x'),
      'rules/a.yaml~': rule('y'),
      'rules/a.d.ts': '',
    }
    expect(await read(files)).toMatchObject({ rules: [], faults: [] })
  })

  test('a broken file disables itself alone', async () => {
    const { rules, faults, disabled } = await read({ 'rules/a.yaml': 'rules: [', 'rules/b.yaml': rule('b') })
    expect(rules.map((r) => r.name)).toEqual(['b'])
    expect(disabled).toEqual(['rules/a.yaml'])
    expect(faults).toHaveLength(1)
  })

  test('a module’s default export is rules like any other', async () => {
    const module = "export default { rules: { a: { targets: 'x', recipe: 'r' } } }"
    expect((await read({ 'rules/a.mjs': module })).rules).toMatchObject([
      { name: 'a', file: 'rules/a.mjs', where: 'rules/a.mjs (rules.a)' },
    ])
  })

  test('a fault in a module names the key', async () => {
    const module = "export default { rules: { a: { targets: 'x', recipe: 'r', retries: -1 } } }"
    expect((await read({ 'rules/a.mjs': module })).faults).toMatchObject([{ where: 'rules/a.mjs (rules.a.retries)' }])
  })

  test.each([
    ['without a default export', 'export const rules = {}', 'has no default export', 'Write: export default'],
    ['that throws', "throw new Error('oh')", 'cannot be loaded: oh', ''],
    ['that is not JavaScript', 'rules: {', 'cannot be loaded: ', ''],
  ])('a module %s disables itself alone', async (_, text, message, hint) => {
    const { rules, faults } = await read({ 'rules/a.mjs': text, 'rules/b.yaml': rule('b') })
    expect(rules.map((r) => r.name)).toEqual(['b'])
    expect(faults).toMatchObject([{ where: 'rules/a.mjs', message: expect.stringContaining(message) }])
    expect(faults[0]!.hint ?? '').toContain(hint)
  })

  test.each(['rules/a.yaml', 'rules/a.mjs'])(
    'a pipe by the name %s is told of, and nobody waits for it',
    async (path) => {
      await using ws = await workspace({ 'rules/b.yaml': rule('b') })
      execFileSync('mkfifo', [ws.path(path)])
      const { rules, faults } = await ruleReader(ws.root)()
      expect(rules.map((r) => r.name)).toEqual(['b'])
      expect(faults).toMatchObject([{ where: path, message: 'cannot be read: it is a pipe or a device, and no file' }])
    },
  )

  test('a folder by the name of a rule file is told of', async () => {
    expect((await read({ 'rules/a.yaml/x': '' })).faults).toMatchObject([
      { where: 'rules/a.yaml', message: 'cannot be read: it is a folder' },
    ])
  })
})
