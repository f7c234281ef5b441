import { describe, expect, test } from 'vitest'
import { parseRuleFile } from '../../src/core/ruleFile.ts'
import type { Fault } from '../../src/model/errors.ts'
import { locateIn } from '../fakes/rules.ts'

const read = (content: unknown) => parseRuleFile('rules/r.yaml', content, locateIn('rules/r.yaml'))

/** A rule file with one sound rule, and what the test changes in it. */
const withRule = (change: object) => ({
  rules: { denoise: { sources: 'in/{batch}', targets: 'out/{batch}', recipe: 'r {source} {target}', ...change } },
})

function faults(content: unknown): Fault[] {
  const file = read(content)
  // A file is used as a whole or not at all.
  if (file.faults.length > 0) expect(file).toMatchObject({ rules: [], pools: [], inbox: [] })
  return [...file.faults]
}

const fault = (change: object) => faults(withRule(change))[0]

test('a sound rule has everything filled in', () => {
  expect(read(withRule({})).rules).toMatchObject([
    {
      name: 'denoise',
      where: 'rules/r.yaml (rules.denoise)',
      file: 'rules/r.yaml',
      wildcards: ['batch'],
      pools: new Map([['cpu', 1]]),
      params: new Map(),
      intermediate: false,
      priority: 0,
      timeoutMs: undefined,
      retries: 0,
      backoffMs: 10_000,
    },
  ])
})

test('paths may be one, a list, or named', () => {
  const paths = (sources: unknown) => {
    return read(withRule({ sources, recipe: 'r {target}' })).rules[0]!.sources.map((s) => [s.name, s.pattern.text])
  }
  expect(paths('a/{batch}')).toEqual([['1', 'a/{batch}']])
  expect(paths(['a/{batch}', 'b'])).toEqual([
    ['1', 'a/{batch}'],
    ['2', 'b'],
  ])
  expect(paths({ mat: 'a/{batch}', map: 'b' })).toEqual([
    ['mat', 'a/{batch}'],
    ['map', 'b'],
  ])
})

describe('pools that count memory', () => {
  const poolOf = (ram: unknown) => read({ pools: { ram } }).pools[0]
  const faultOf = (content: object) => {
    const [first, ...more] = faults(content)
    expect(more).toEqual([])
    return first
  }

  test('are written as an amount, or as a size where there is more to say', () => {
    expect(poolOf('64GB')).toMatchObject({ slots: 64e9, counts: 'bytes', shared: false })
    expect(poolOf({ size: '64GB', shared: true })).toMatchObject({ slots: 64e9, counts: 'bytes', shared: true })
    expect(poolOf({ slots: 2, shared: true })).toMatchObject({ slots: 2, counts: 'slots', shared: true })
    expect(poolOf('auto')).toMatchObject({ slots: 'auto', counts: 'slots' })
  })

  test('a rule asks for an amount, beside slots of others, and its recipe is told it in bytes', () => {
    const [rule] = read(withRule({ pool: { ram: '12GB', cpu: 4 }, recipe: 'r {slots.ram}' })).rules
    expect(rule!.pools).toEqual(
      new Map([
        ['ram', 12e9],
        ['cpu', 4],
      ]),
    )
    expect(rule!.bytesOf).toEqual(new Set(['ram']))
  })

  test.each([
    [{ pools: { ram: '64GBB' } }, 'pools.ram', '"64GBB": there is no unit GBB', 'Did you mean GB?'],
    [{ pools: { ram: { size: '0GB' } } }, 'pools.ram.size', '"0GB" is no memory at all', 'Write a number'],
    [withRule({ pool: { ram: '-1GB' } }), 'rules.denoise.pool.ram', '"-1GB" is no memory at all', 'Write a number'],
    [withRule({ pool: { ram: '12' } }), 'rules.denoise.pool.ram', '"12" has no unit', '64GB'],
    [{ pools: { ram: { shared: true } } }, 'pools.ram', 'the pool ram does not say how much', 'size: 64GB'],
    [{ pools: { ram: { slots: 2, size: '64GB' } } }, 'pools.ram.size', 'has slots or a size, not both', 'two pools'],
    [{ pools: { ram: { siez: '64GB' } } }, 'pools.ram.siez', 'unknown key "siez"', 'Did you mean size?'],
    [{ pools: { cpu: '64GB' } }, 'pools.cpu', 'the pool cpu cannot count memory', 'pools: { ram: 64GB }'],
  ])('%j is refused at its place, with what to do', (content, place, message, hint) => {
    const found = faultOf(content)!
    expect(found.where).toBe(`rules/r.yaml (${place})`)
    expect(found.message).toContain(message)
    expect(found.hint).toContain(hint)
  })

  test('an amount that is nonsense is one fault, also where the recipe names it', () => {
    expect(faults(withRule({ pool: { ram: '12GG' }, recipe: 'r {slots.ram}' }))).toHaveLength(1)
  })
})

test('pools may be one, or slots by name', () => {
  const pools = (pool: unknown) => Object.fromEntries(read(withRule({ pool })).rules[0]!.pools)
  expect(pools('ram')).toEqual({ ram: 1 })
  expect(pools({ ram: 1, cpu: 4 })).toEqual({ ram: 1, cpu: 4 })
})

test('batch is the first wildcard, wherever it stands', () => {
  const { rules } = read(withRule({ sources: 'in/{tetrode}/{batch}', targets: 'out/{tetrode}/{batch}' }))
  expect(rules[0]!.wildcards).toEqual(['batch', 'tetrode'])
})

test('params are text: a default, or required', () => {
  const { rules } = read(withRule({ params: { omit: '', floor: 3.5, fast: true, map: 'required' } }))
  expect([...rules[0]!.params]).toEqual([
    ['omit', { required: false, value: '' }],
    ['floor', { required: false, value: '3.5' }],
    ['fast', { required: false, value: 'true' }],
    ['map', { required: true }],
  ])
})

test('an empty file has nothing and is no fault', () => {
  for (const content of [undefined, null, {}]) expect(read(content)).toMatchObject({ rules: [], faults: [] })
})

describe('keys', () => {
  test.each([
    [{ rule: {} }, 'unknown key "rule"', 'Did you mean rules?', 'rules/r.yaml (rule)'],
    [
      withRule({ soruces: 'x' }),
      'unknown key "soruces"',
      'Did you mean sources?',
      'rules/r.yaml (rules.denoise.soruces)',
    ],
    [
      withRule({ wallclock: 1 }),
      'unknown key "wallclock"',
      'Known: sources, targets',
      'rules/r.yaml (rules.denoise.wallclock)',
    ],
    [
      { inbox: [{ accept: 'a', stor: 'b', store: 'c' }] },
      'unknown key "stor"',
      'Did you mean store?',
      'rules/r.yaml (inbox.0.stor)',
    ],
  ])('%j: %s', (content, message, hint, where) => {
    expect(faults(content)).toMatchObject([{ where, message, hint: expect.stringContaining(hint) }])
  })

  test.each([
    ['De Noise', { rules: { 'De Noise': { targets: 'a', recipe: 'r' } } }],
    ['RAM', { pools: { RAM: 1 } }],
    ['Omit', withRule({ params: { Omit: '' } })],
  ])('the name %s is refused, and what a name is is said', (name, content) => {
    expect(faults(content)).toMatchObject([
      { message: `"${name}": expected a name: small letters, digits and _, beginning with a letter` },
    ])
  })
})

describe('types', () => {
  test.each([
    ['a list for a file', [], 'expected pools:, inbox:, quiet:, notify: and rules:'],
    ['a list of rules', { rules: [] }, 'expected a map of rules'],
    ['a text for a rule', { rules: { a: 'x' } }, 'expected a rule: a map with sources, targets and recipe'],
    ['no targets', { rules: { a: { recipe: 'r' } } }, 'expected a path, a list of paths, or a map of names to paths'],
    ['a number for sources', withRule({ sources: 3 }), 'expected a path, a list of paths, or a map of names to paths'],
    ['no sources in a list', withRule({ sources: [] }), 'expected a path, a list of paths, or a map of names to paths'],
    ['a number in sources', withRule({ sources: ['a', 3] }), 'expected a path'],
    ['an empty target', withRule({ targets: '' }), 'expected a path'],
    ['no slots', { pools: { ram: 0 } }, 'expected a number of slots, 1 or more'],
    ['half a slot', { pools: { ram: 1.5 } }, 'expected a number of slots, 1 or more'],
    ['a word for slots', { pools: { ram: 'many' } }, 'expected a number of slots, 1 or more, or auto'],
    ['nothing for a pool', { pools: { ram: null } }, 'or an amount of memory such as 64GB'],
    [
      'a word for a size',
      { pools: { ram: { size: 'much' } } },
      'expected an amount of memory with its unit, such as 64GB',
    ],
    [
      'a number for a size',
      { pools: { ram: { size: 64 } } },
      'expected an amount of memory with its unit, such as 64GB',
    ],
    ['memory as slots', { pools: { ram: { slots: '64GB' } } }, 'memory is written as size: 64GB'],
    ['a word for an amount', withRule({ pool: { ram: 'much' } }), 'or an amount of memory such as 12GB'],
    ['a list for a pool', withRule({ pool: ['ram'] }), "expected a pool's name, or a map of pools to slots"],
    ['no slots of a pool', withRule({ pool: { ram: 0 } }), 'expected a number of slots, 1 or more'],
    ['a list for a recipe', withRule({ recipe: ['r'] }), 'expected a command'],
    ['an empty script', withRule({ script: '' }), 'expected a bash script'],
    ['a list for params', withRule({ params: ['omit'] }), 'expected a map of params to their defaults'],
    ['a map for a param', withRule({ params: { omit: {} } }), 'expected a text, a number, or the word required'],
    ['a word for intermediate', withRule({ intermediate: 'yes' }), 'expected true or false'],
    ['half a priority', withRule({ priority: 0.5 }), 'expected a whole number'],
    ['fewer than no retries', withRule({ retries: -1 }), 'expected a whole number, 0 or more'],
    ['a number for a timeout', withRule({ timeout: 90 }), 'expected a duration with its unit, such as 90s, 30m, 2h'],
    ['a map for expects', withRule({ expects: { a: 1 } }), 'expected file names, in a list'],
    ['no list for inbox', { inbox: { accept: 'a', store: 'b' } }, 'expected a list of accept: and store:'],
    ['an inbox without store', { inbox: [{ accept: '{batch}/' }] }, 'expected a folder such as data/mat/{batch}/'],
  ])('%s: %s', (_, content, message) => {
    const found = faults(content)
    expect(found).toHaveLength(1)
    expect(found[0]!.message).toContain(message)
    expect(found[0]!.message).not.toMatch(/invalid|zod|undefined|received/i)
  })

  test('all faults of a file are told of, not only the first', () => {
    expect(faults(withRule({ retries: -1, timeout: 90, soruces: 'x' }))).toHaveLength(3)
  })

  test('a fault inside a list is where the bad one stands', () => {
    expect(faults(withRule({ sources: ['a', 3] }))[0]!.where).toBe('rules/r.yaml (rules.denoise.sources.1)')
  })
})

describe('wildcards', () => {
  test('targets of one rule have the same ones', () => {
    expect(fault({ targets: ['a/{batch}', 'b'], recipe: 'r' })).toMatchObject({
      message: 'the targets a/{batch} and b have different wildcards',
      hint: expect.stringContaining('same wildcards'),
    })
  })

  test('a source has none that no target has; the hint says what to write instead', () => {
    expect(fault({ sources: 'in/{batch}/{tetrode}' })).toMatchObject({
      where: 'rules/r.yaml (rules.denoise.sources)',
      message: '{tetrode} of in/{batch}/{tetrode} is in no target',
      hint: 'To read all of them in one job, write * instead of {tetrode}; to make a target for each, put {tetrode} into the target.',
    })
  })

  test('neither has a file that is used', () => {
    expect(fault({ uses: 'maps/{map}' })).toMatchObject({ message: '{map} of maps/{map} is in no target' })
  })

  test('each of the targets’ gets its values from a source', () => {
    expect(fault({ targets: 'out/{batch}/{map}' })).toMatchObject({
      message: 'nothing gives {map} a value: no source has it',
    })
  })

  test('batch alone may come from manifests', () => {
    expect(faults(withRule({ sources: 'map.json', recipe: 'r {target}' }))).toEqual([])
  })

  test('a target has no *', () => {
    expect(fault({ targets: 'out/{batch}/*' })).toMatchObject({ message: 'the target out/{batch}/* has a *' })
  })
})

describe('places', () => {
  test.each(['.labmake/x/{batch}', 'inbox/{batch}', 'rules/{batch}'])('no target lies in %s', (targets) => {
    expect(fault({ targets })).toMatchObject({
      message: expect.stringContaining(`the target ${targets} lies in ${targets.split('/')[0]}/`),
      hint: 'Put targets below data/.',
    })
  })

  test.each([
    ['the same', ['a/{batch}', 'a/{batch}']],
    ['inside the other', ['a/{batch}/', 'a/{batch}/x']],
  ])('two targets of a rule are not %s', (_, targets) => {
    expect(fault({ targets, recipe: 'r' })).toMatchObject({ message: expect.stringContaining('lie in each other') })
  })

  test.each([
    ['its source', 'a/{batch}', 'a/{batch}'],
    ['in its source folder', 'a/{batch}/', 'a/{batch}/out.txt'],
  ])('a target is not %s', (_, sources, targets) => {
    expect(fault({ sources, targets })).toMatchObject({
      message: `the target ${targets} lies in the rule's own source ${sources.replace(/\/$/, '')}`,
      hint: 'It would make itself stale for ever. Put the target elsewhere below data/.',
    })
  })

  test('a target in a folder of no rule may have a name that begins with another’s', () => {
    expect(faults(withRule({ targets: ['a/{batch}', 'a/{batch}.log'], recipe: 'r' }))).toEqual([])
  })

  test('a pattern’s own faults are where it stands', () => {
    expect(fault({ targets: ['out/{batch}', 'out/{Batch}'], recipe: 'r' })).toMatchObject({
      where: 'rules/r.yaml (rules.denoise.targets.1)',
      message: '"{Batch}" in "out/{Batch}" is not a wildcard',
    })
  })
})

describe('params', () => {
  test.each([
    ['source', 'a word'],
    ['targets', 'a word'],
    ['slots', 'a word'],
    ['batch', 'a wildcard'],
  ])('"%s" cannot be one: it is %s of the rule', (name, what) => {
    expect(fault({ params: { [name]: '' } })).toMatchObject({
      where: `rules/r.yaml (rules.denoise.params.${name})`,
      message: `"${name}" cannot be a param: it is ${what} of this rule`,
    })
  })

  test('a required one needs a batch to be looked up by', () => {
    expect(fault({ sources: 'in', targets: 'out', params: { omit: 'required' } })).toMatchObject({
      message: '"omit" is required, but the rule has no {batch} to look up in a manifest',
    })
  })
})

describe('recipes', () => {
  test('a rule has one or the other', () => {
    expect(fault({ script: 'true' })).toMatchObject({ message: 'a rule has a recipe or a script, not both' })
    expect(faults({ rules: { a: { targets: 'x' } } })).toMatchObject([
      { message: 'the rule has neither recipe nor script', hint: 'Add recipe: and the command that makes {target}.' },
    ])
  })

  test('a fault of a recipe or a duration is where it stands', () => {
    expect(fault({ recipe: 'a | b' })).toMatchObject({ where: 'rules/r.yaml (rules.denoise.recipe)' })
    expect(fault({ timeout: '90' })).toMatchObject({
      where: 'rules/r.yaml (rules.denoise.timeout)',
      message: '"90" is not a duration',
    })
  })
})

describe('members', () => {
  test('only a folder has members', () => {
    expect(fault({ expects: ['params.py'] })).toMatchObject({
      message: 'the rule makes no folder',
      hint: 'Members belong to target folders: end the target in a slash.',
    })
  })

  test.each(['/etc/passwd', '../x', 'a/../../x'])('%s is no member', (member) => {
    expect(fault({ targets: 'out/{batch}/', expects: member })).toMatchObject({
      message: `"${member}" is not a member of a folder`,
    })
  })
})

test.each(['inbox/{batch}/', 'rules/{batch}/', '.labmake/{batch}/'])('a drop cannot be kept in %s', (store) => {
  expect(faults({ inbox: [{ accept: '{batch}/*.mat', store }] })).toMatchObject([
    { message: expect.stringMatching(/^what is dropped cannot be kept in /) },
  ])
})

test('what an inbox stores by must be in what it accepts', () => {
  expect(faults({ inbox: [{ accept: '{batch}/*.mat', store: 'data/{batch}/{day}/' }] })).toMatchObject([
    { message: '{day} of data/{batch}/{day} is not in accept: {batch}/*.mat' },
  ])
})
