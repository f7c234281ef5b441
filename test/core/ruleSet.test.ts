import { describe, expect, test } from 'vitest'
import { parseRuleFile } from '../../src/core/ruleFile.ts'
import { joinRuleFiles } from '../../src/core/ruleSet.ts'
import { locateIn } from '../fakes/rules.ts'

/** Rule files by name; four processors. */
function join(files: Readonly<Record<string, unknown>>) {
  const parsed = Object.entries(files).map(([file, content]) => parseRuleFile(file, content, locateIn(file)))
  return joinRuleFiles(parsed, 4)
}

const rule = (target: string, more: object = {}) => ({
  sources: 'in/{batch}',
  targets: target,
  recipe: 'r {source}',
  ...more,
})
const names = (ruleSet: ReturnType<typeof join>) => ruleSet.rules.map((r) => r.name)
const slots = (ruleSet: ReturnType<typeof join>) => Object.fromEntries([...ruleSet.pools].map(([n, p]) => [n, p.slots]))

test('two rules that make one target are an error that names both, and neither runs; the others do', () => {
  const it = join({
    'a.yaml': { rules: { one: rule('out/{batch}.kwd'), fine: rule('else/{batch}') } },
    'b.yaml': { rules: { two: rule('out/{batch}.kwd') } },
  })
  expect(names(it)).toEqual(['fine'])
  const message = 'two rules make out/{batch}.kwd: one (a.yaml (rules.one)) and two (b.yaml (rules.two))'
  expect(it.faults.map((f) => [f.where, f.message])).toEqual([
    ['b.yaml (rules.two)', message],
    ['a.yaml (rules.one)', message],
  ])
})

test('two rules make one target also where its wildcard has two names', () => {
  const it = join({ 'a.yaml': { rules: { one: rule('out/{batch}'), two: rule('out/{x}', { sources: 'in/{x}' }) } } })
  expect(names(it)).toEqual([])
})

test('two rules of one name are both left out, and both places are named', () => {
  const it = join({ 'a.yaml': { rules: { one: rule('a/{batch}') } }, 'b.yaml': { rules: { one: rule('b/{batch}') } } })
  expect(names(it)).toEqual([])
  expect(it.faults.map((f) => f.message)).toEqual([
    'rule one is also declared at a.yaml (rules.one)',
    'rule one is also declared at b.yaml (rules.one)',
  ])
})

test('three rules that make one target are all left out', () => {
  const files = { 'a.yaml': { rules: { one: rule('o/{batch}'), two: rule('o/{batch}'), three: rule('o/{batch}') } } }
  expect(names(join(files))).toEqual([])
})

test('auto is one slot for each processor, and there is always a pool cpu', () => {
  expect(slots(join({ 'a.yaml': { pools: { io: 'auto' } } }))).toEqual({ cpu: 4, io: 4 })
})

test('cpu may be declared like any other pool', () => {
  expect(slots(join({ 'a.yaml': { pools: { cpu: 16 } } }))).toEqual({ cpu: 16 })
})

test('a pool that no file declares is an error with a suggestion, and its rule does not run', () => {
  const it = join({ 'a.yaml': { pools: { ram: 1 }, rules: { one: rule('o/{batch}', { pool: 'rma' }) } } })
  expect(names(it)).toEqual([])
  expect(it.faults).toMatchObject([
    {
      where: 'a.yaml (rules.one)',
      message: 'rule one: no file declares a pool "rma"',
      hint: 'Did you mean ram? Declare it in a rule file: pools: { rma: 1 }',
    },
  ])
})

test('a pool of a file that is disabled: the hint says which file', () => {
  const it = join({ 'a.yaml': { pools: { ram: 0 } }, 'b.yaml': { rules: { one: rule('o/{batch}', { pool: 'ram' }) } } })
  expect(it.disabled).toEqual(['a.yaml'])
  expect(it.faults.at(-1)!.hint).toContain('a.yaml is disabled; its pools are not known.')
})

test('more slots than the pool has are an error of the plan', () => {
  const it = join({ 'a.yaml': { pools: { ram: 2 }, rules: { one: rule('o/{batch}', { pool: { ram: 3 } }) } } })
  expect(names(it)).toEqual([])
  expect(it.faults).toMatchObject([
    {
      message: 'rule one needs 3 slots of ram, which has 2 (a.yaml (pools.ram))',
      hint: 'Ask for 2 at the most, or give the pool more slots.',
    },
  ])
})

describe('what a rule asks of a pool of another kind is a fault of the rule', () => {
  const ask = (pool: unknown, ram: unknown = '64GB') => {
    const it = join({ 'a.yaml': { pools: { ram }, rules: { one: rule('o/{batch}', { pool }) } } })
    expect(names(it)).toEqual([])
    expect(it.faults).toHaveLength(1)
    expect(it.faults[0]!.where).toBe('a.yaml (rules.one)')
    return `${it.faults[0]!.message}. ${it.faults[0]!.hint}`
  }

  test('an amount of a pool of slots', () => {
    expect(ask({ ram: '12GB' }, 2)).toBe(
      'rule one asks for 12 GB of ram, which has no memory but 2 slots (a.yaml (pools.ram)). Ask for slots, pool: { ram: 1 }, or let the pool count memory: pools: { ram: 64GB }',
    )
  })

  test.each(['ram', { ram: 1 }, { ram: 2, cpu: 1 }])('no amount of a pool that counts memory: %j', (pool) => {
    expect(ask(pool)).toBe(
      'rule one does not say how much of ram it needs, which counts memory: 64 GB (a.yaml (pools.ram)). Write the most that one job needs: pool: { ram: 12GB }. labmake doctor tells what past runs needed.',
    )
  })

  test('and it is told apart from rules that nobody declares', () => {
    const pools = { ram: '64GB' }
    const it = join({ 'a.yaml': { pools, rules: { one: rule('o/{batch}', { pool: 'ram' }), two: rule('p/{batch}') } } })
    expect(it.rejected.map(({ name }) => name)).toEqual(['one'])
    expect(names(it)).toEqual(['two'])
  })

  test('more than the pool has, which could never start', () => {
    expect(ask({ ram: '128GB' })).toBe(
      'rule one asks for 128 GB of ram, which has 64 GB (a.yaml (pools.ram)). It could never start. Ask for 64GB at the most, or give the pool more.',
    )
    expect(ask({ ram: '64GiB' })).toContain('asks for 64 GiB of ram, which has 64 GB')
  })

  test('all of it is not too much', () => {
    const pools = { ram: '64GB' }
    expect(names(join({ 'a.yaml': { pools, rules: { one: rule('o/{batch}', { pool: { ram: '64GB' } }) } } }))).toEqual([
      'one',
    ])
  })
})

test('a pool that two files declare with different memory has the less, and it is said', () => {
  const it = join({ 'a.yaml': { pools: { ram: '64GB' } }, 'b.yaml': { pools: { ram: '32GiB' } } })
  expect(slots(it)).toEqual({ cpu: 4, ram: 32 * 1024 ** 3 })
  expect(it.faults).toMatchObject([
    {
      where: 'b.yaml (pools.ram)',
      message: 'pool ram has 32 GiB here and 64 GB at a.yaml (pools.ram)',
      hint: 'Declare it in one file only. Until then it has 32 GiB.',
    },
  ])
})

test('a pool that has slots in one file and memory in another is as in the first, and it is said', () => {
  const it = join({ 'a.yaml': { pools: { ram: 2 } }, 'b.yaml': { pools: { ram: '64GB' } } })
  expect(it.pools.get('ram')).toMatchObject({ slots: 2, counts: 'slots' })
  expect(it.faults).toMatchObject([
    {
      where: 'b.yaml (pools.ram)',
      message: 'pool ram has 64 GB here and 2 slots at a.yaml (pools.ram)',
      hint: 'Declare it in one file only, with slots or with memory. Until then it is as it is there.',
    },
  ])
})

test('a pool that one file shares and another does not is shared, and it is said', () => {
  const it = join({ 'a.yaml': { pools: { gpu: { slots: 1, shared: true } } }, 'b.yaml': { pools: { gpu: 1 } } })
  expect(it.pools.get('gpu')).toMatchObject({ slots: 1, shared: true })
  expect(it.faults).toEqual([
    {
      where: 'b.yaml (pools.gpu)',
      message: 'pool gpu is not shared here, and it is at a.yaml (pools.gpu)',
      hint: 'Declare it in one file only. Until then it is shared.',
    },
  ])
})

test('a pool that two files declare alike is one', () => {
  const it = join({ 'a.yaml': { pools: { ram: 2 } }, 'b.yaml': { pools: { ram: 2 } } })
  expect(it.faults).toEqual([])
  expect(slots(it)).toEqual({ cpu: 4, ram: 2 })
})

test.each([
  [2, 1],
  [1, 2],
])('a pool that two files declare with %i and %i slots has the fewer, and it is said', (first, second) => {
  const it = join({ 'a.yaml': { pools: { ram: first } }, 'b.yaml': { pools: { ram: second } } })
  expect(slots(it)).toEqual({ cpu: 4, ram: 1 })
  expect(it.faults).toMatchObject([
    {
      where: 'b.yaml (pools.ram)',
      message: `pool ram has ${second === 1 ? '1 slot' : '2 slots'} here and ${first} at a.yaml (pools.ram)`,
      hint: 'Declare it in one file only. Until then it has 1 slot.',
    },
  ])
})

test('a file with a fault is disabled as a whole, and the other files’ rules run', () => {
  const it = join({
    'a.yaml': { pools: { ram: 1 }, rules: { good: rule('g/{batch}'), bad: rule('b/{Batch}') } },
    'b.yaml': { rules: { fine: rule('f/{batch}') } },
  })
  expect(names(it)).toEqual(['fine'])
  expect(it.disabled).toEqual(['a.yaml'])
  expect(slots(it)).toEqual({ cpu: 4 })
})

describe('how long a drop must have been still', () => {
  const quietMs = (...files: object[]) => join(Object.fromEntries(files.map((file, i) => [`${i}.yaml`, file]))).quietMs

  test('is 30 s where no file says', () => {
    expect(quietMs({}, {})).toBe(30_000)
  })

  test('is the longest of those that say', () => {
    expect(quietMs({ quiet: '2s' }, {}, { quiet: '5s' })).toBe(5000)
  })

  test.each([
    ['0s', 'a drop would be taken while it is still being copied'],
    ['30', '"30" is not a duration'],
  ])('is never %s', (quiet, message) => {
    expect(join({ 'a.yaml': { quiet } }).faults).toMatchObject([{ where: 'a.yaml (quiet)', message }])
  })
})

test('whom to tell is what all files say together', () => {
  const file = (variable: string) => ({ notify: [{ webhook: `env:${variable}` }] })
  expect(join({ 'a.yaml': file('A'), 'b.yaml': file('B') }).notify.map((n) => n.where)).toEqual([
    'a.yaml (notify.0)',
    'b.yaml (notify.0)',
  ])
})
