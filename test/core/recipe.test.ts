import { describe, expect, test } from 'vitest'
import {
  expandRecipe,
  parseRecipe,
  parseScript,
  type RecipeNames,
  recipePaths,
  shownCommand,
} from '../../src/core/recipe.ts'
import { UserError } from '../../src/model/errors.ts'
import { countActs } from '../fakes/acts.ts'
import { fakeDisk } from '../fakes/disk.ts'
import { planOf, soundRules } from '../fakes/rules.ts'

const names: RecipeNames = {
  values: new Set(['batch', 'omit']),
  sources: new Set(['1']),
  targets: new Set(['kwd', 'log']),
  pools: new Set(['cpu']),
  oneSource: true,
  oneTarget: true,
}

function fault(text: string, more: Partial<RecipeNames> = {}): { message: string; hint: string } {
  try {
    parseRecipe(text, { ...names, ...more })
  } catch (error) {
    if (error instanceof UserError) return { message: error.message, hint: error.hint ?? '' }
    throw error
  }
  throw new Error(`${text} is accepted`)
}

/** The words that a recipe becomes, for one job with hostile values. */
function words(recipe: string, more: object = {}, files: Readonly<Record<string, string>> = { 'in/B1': '' }) {
  const rule = { sources: 'in/{batch}', targets: 'out/{batch}', params: { omit: '' }, recipe, ...more }
  return expanded(rule, files).words
}

function expanded(rule: object, files: Readonly<Record<string, string>>) {
  const disk = fakeDisk(() => 0, countActs())
  for (const [path, text] of Object.entries(files)) disk.write(path, text)
  const manifests = disk.tree('data/manifests')
  const { graph } = planOf(soundRules({ pools: { cpu: 8 }, rules: { r: rule } }), { disk, manifests })
  const job = graph.jobs[0]!
  return expandRecipe(
    job,
    recipePaths(job, (path) => `staged/${path}`),
  )
}

describe('words', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    ['  a\n  b\t c  ', ['a', 'b', 'c']],
    [`a "b c" 'd "e"'`, ['a', 'b c', 'd "e"']],
    [`a --x='y z'`, ['a', '--x=y z']],
    [`a "" ''`, ['a', '', '']],
    ['a b\\ c \\"', ['a', 'b c', '"']],
    ['a \\\n  b\\\nc', ['a', 'bc']],
    ['a \\ --b', ['a', '--b']],
    ['awk {{print}} }}{{', ['awk', '{print}', '}{']],
    ['a {1..3} { } {}', ['a', '{1..3}', '{', '}', '{}']],
    ['a "|" \';\' "> x"', ['a', '|', ';', '> x']],
    ['a b=c>=d --x=>y', ['a', 'b=c>=d', '--x=>y']],
  ])('%j is the words %j', (recipe, expected) => {
    expect(words(recipe)).toEqual(expected)
  })

  test.each(['a "b', "a 'b"])('%s: a quote without its end is refused', (recipe) => {
    expect(fault(recipe).message).toMatch(/^the recipe has a ["'] without its end$/)
  })

  test.each(['', '   ', '\n'])('%j is empty', (recipe) => {
    expect(fault(recipe)).toEqual({ message: 'the recipe is empty', hint: 'Write the command that makes {target}.' })
  })
})

test.each([
  'a | b',
  'a || b',
  'a && b',
  'a &',
  'a ; b',
  'a; b',
  'a > x',
  'a >x',
  'a >> x',
  'a 2> x',
  'a 2>&1',
  'a < x',
  'a $(b)',
  'a `b`',
])('%s is shell: refused, and the hint leads to script:', (recipe) => {
  expect(fault(recipe)).toEqual({
    message: expect.stringContaining('is shell, and a recipe is one command without a shell'),
    hint: expect.stringContaining('Use script: for pipes'),
  })
})

describe('placeholders', () => {
  test.each([
    ['r {batch} {omit}', ['r', 'B1', '']],
    ['r {source} {target}', ['r', 'in/B1', 'staged/out/B1']],
    ['r --in={source} x{batch}y', ['r', '--in=in/B1', 'xB1y']],
    ['r {sources} {targets}', ['r', 'in/B1', 'staged/out/B1']],
    ['r "{source}"', ['r', 'in/B1']],
    ['r {slots.cpu}', ['r', '1']],
    ['r {{batch}}', ['r', '{batch}']],
  ])('%s becomes %j', (recipe, expected) => {
    expect(words(recipe)).toEqual(expected)
  })

  test('a folder is one word, without its slash', () => {
    expect(
      words('r {source} {target}', { sources: 'in/{batch}/', targets: 'out/{batch}/' }, { 'in/B1/a': '' }),
    ).toEqual(['r', 'in/B1', 'staged/out/B1'])
  })

  test('gathered sources are a word each', () => {
    const files = { 'in/B1/b.mat': '', 'in/B1/a 1.mat': '' }
    expect(words('r {target} {sources}', { sources: 'in/{batch}/*.mat' }, files)).toEqual([
      'r',
      'staged/out/B1',
      'in/B1/a 1.mat',
      'in/B1/b.mat',
    ])
  })

  test('named sources and targets are asked for by name', () => {
    const rule = { sources: { mat: 'in/{batch}', map: 'map.json' }, targets: { kwd: 'k/{batch}', log: 'l/{batch}' } }
    expect(words('r {sources.map} {targets.log} {targets}', rule, { 'in/B1': '', 'map.json': '' })).toEqual([
      'r',
      'map.json',
      'staged/l/B1',
      'staged/k/B1',
      'staged/l/B1',
    ])
  })

  test.each([
    [
      'r {btach}',
      'unknown placeholder {btach}: it is no wildcard, param or source of this rule',
      'Did you mean batch?',
    ],
    ['r {targets.kdw}', 'unknown placeholder {targets.kdw}: the rule has no targets of that name', 'Did you mean kwd?'],
    ['r {sources.x}', 'unknown placeholder {sources.x}: the rule has no sources of that name', 'Known: 1.'],
    ['r {slots.gpu}', 'unknown placeholder {slots.gpu}: the rule takes no slots of that pool', ''],
    ['r {source.kwd}', 'unknown placeholder {source.kwd}', 'write {{ and }}'],
    ['r {Batch}', 'unknown placeholder {Batch}', 'Did you mean batch?'],
  ])('%s is refused with a hint', (recipe, message, hint) => {
    expect(fault(recipe).message).toContain(message)
    expect(fault(recipe).hint).toContain(hint)
  })

  test.each(['r x{sources}', 'r {sources},', 'r --all={targets}'])('%s: many words cannot be part of one', (recipe) => {
    expect(fault(recipe).message).toContain('{sources} and {targets} become one word each and must stand alone')
  })

  test('{source} and {target} of several are ambiguous', () => {
    expect(fault('r {source}', { oneSource: false })).toEqual({
      message: '{source} is ambiguous: the rule has several sources',
      hint: 'Write {sources} for all of them, or give them names and write {sources.NAME}.',
    })
    expect(fault('r {target}', { oneTarget: false }).message).toContain('several targets')
  })
})

describe('no value can become syntax', () => {
  const hostile = [
    '$(touch PWNED)',
    '; rm -rf ~',
    'it\'s "quoted"',
    'a b',
    '{target}',
    '{{',
    '`id`',
    '*',
    '-rf',
    '$HOME',
    'größe µV',
  ]

  test.each(hostile)('the param %s stays one word, as it is', (value) => {
    const files = { 'in/B1': '', 'data/manifests/m.tsv': `B1\t${value}\n` }
    expect(words('r --omit {omit} x{omit}', {}, files)).toEqual(['r', '--omit', value, `x${value}`])
  })

  test.each(hostile.filter((name) => !name.startsWith('-')))('the file %s stays one word, as it is', (name) => {
    expect(words('r {sources}', { sources: 'in/{batch}/*' }, { [`in/B1/${name}`]: '' })).toEqual(['r', `in/B1/${name}`])
  })

  test('in a script a value is in the environment, and not in the text', () => {
    const files = { 'in/B1': '', 'data/manifests/m.tsv': 'B1\t$(touch PWNED)\n' }
    const rule = {
      sources: 'in/{batch}',
      targets: 'out/{batch}',
      params: { omit: '' },
      script: 'echo "$omit" > "$target"',
    }
    const { words, environment } = expanded(rule, files)
    expect(words).toEqual(['bash', '-euo', 'pipefail', '-c', 'echo "$omit" > "$target"', 'r', 'in/B1'])
    expect(environment).toMatchObject({ omit: '$(touch PWNED)', batch: 'B1', target: 'staged/out/B1', source: 'in/B1' })
  })
})

describe('scripts', () => {
  test('everything has its variable', () => {
    const rule = {
      sources: { mat: 'in/{batch}/*', map: 'map.json' },
      targets: { kwd: 'k/{batch}', log: 'l/{batch}' },
      pool: { cpu: 4 },
      script: 'true',
    }
    expect(expanded(rule, { 'in/B1/a': '', 'in/B1/b': '', 'map.json': '' }).environment).toEqual({
      batch: 'B1',
      source: 'in/B1/a',
      sources_mat: 'in/B1/a\nin/B1/b',
      sources_map: 'map.json',
      target: 'staged/k/B1',
      targets_kwd: 'staged/k/B1',
      targets_log: 'staged/l/B1',
      slots_cpu: '4',
    })
  })

  test('of sources that are too many for a variable there is none, and all of them are words', () => {
    const files = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`in/B1/recording-${i}`, '']))
    const { words, environment } = expanded({ sources: 'in/{batch}/*', targets: 'out/{batch}', script: 'true' }, files)
    expect(words).toHaveLength(10_006)
    expect(Math.max(...Object.values(environment).map(({ length }) => length))).toBeLessThan(100)
  })

  test('a shell may do what it can in a script', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
    const text = 'for f in "$@"; do sort "$f"; done | uniq > "$target"; echo ${batch} {a,b} {other}'
    expect(parseScript(text, names)).toEqual({ kind: 'script', text })
  })

  test.each([
    ['echo {batch}', '"$batch"'],
    ['cat {sources}', '"$@"'],
    ['x > {target}', '"$target"'],
    ['x > {targets.kwd}', '"$targets_kwd"'],
  ])('%s: a placeholder in a script is refused, and the hint has the variable', (script, variable) => {
    expect(() => parseScript(script, names)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(variable) }),
    )
  })
})

test('a command is shown as a person could type it', () => {
  expect(shownCommand(['r', 'a b', "it's", '', '--x=1', '$HOME', '{a}'])).toBe(
    `r 'a b' 'it'\\''s' '' --x=1 '$HOME' {a}`,
  )
})

test('of a command with thousands of words the first and the last are shown', () => {
  const shown = shownCommand(['cat', ...Array.from({ length: 10_000 }, (_, i) => `file-${i}`)])
  expect(shown).toMatch(/^cat file-0 file-1 .* file-88 … and 9901 more … file-9990 .* file-9999$/)
})
