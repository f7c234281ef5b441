import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBelow } from '../../src/core/pattern.ts'
import type { JobSource } from '../../src/model/job.ts'
import { lab } from '../fakes/lab.ts'
import { randomWorkspace } from '../fakes/randomWorkspaces.ts'
import { planScope } from '../fakes/scopes.ts'

const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })

/** Ids of all jobs, in order, each with what it comes after. */
function jobs(rules: object, files: Readonly<Record<string, string>>): string[] {
  return lab({ rules }, files)
    .plan()
    .graph.jobs.map((job) => [job.id, ...job.prerequisites].join(' < '))
}

const errors = (rules: object, files: Readonly<Record<string, string>>) => lab({ rules }, files).plan().plan.errors

test('a chain of any depth is found from its first source alone', () => {
  const depth = 40
  const rules = Object.fromEntries(
    Array.from({ length: depth }, (_, i) => [`step${i}`, one(`d${i}/{batch}`, `d${i + 1}/{batch}`)]),
  )
  const found = jobs(rules, { 'd0/B1': 'x' })
  expect(found).toHaveLength(depth)
  expect(found[0]).toBe('step0/B1')
  expect(found.at(-1)).toBe('step39/B1 < step38/B1')
})

test('a rule that stands before the one it needs comes after it all the same', () => {
  expect(jobs({ b: one('y/{batch}', 'z/{batch}'), a: one('x/{batch}', 'y/{batch}') }, { 'x/B1': '' })).toEqual([
    'a/B1',
    'b/B1 < a/B1',
  ])
})

test('a diamond is made from its top once', () => {
  const rules = {
    top: one('in/{batch}', 't/{batch}'),
    left: one('t/{batch}', 'l/{batch}'),
    right: one('t/{batch}', 'r/{batch}'),
    both: one(['l/{batch}', 'r/{batch}'], 'b/{batch}'),
  }
  expect(jobs(rules, { 'in/B1': '' })).toEqual([
    'top/B1',
    'left/B1 < top/B1',
    'right/B1 < top/B1',
    'both/B1 < left/B1 < right/B1',
  ])
})

test('jobs go batch by batch, and B2 comes before B10', () => {
  const rules = { a: one('in/{batch}', 'a/{batch}'), b: one('a/{batch}', 'b/{batch}') }
  expect(jobs(rules, { 'in/B10': '', 'in/B2': '' }).map((text) => text.split(' ')[0])).toEqual([
    'a/B2',
    'b/B2',
    'a/B10',
    'b/B10',
  ])
})

test('a rule that gathers takes what is on disk and what will be made', () => {
  const it = lab(
    { rules: { a: one('in/{batch}', 'a/{batch}.tsv'), all: one('a/*.tsv', 'all.tsv') } },
    { 'in/B1': '', 'a/old.tsv': '' },
  )
  const job = it.plan().graph.byId.get('all')!
  expect(job.sources[0]!.gathered).toEqual(['a/B1.tsv', 'a/old.tsv'])
  expect(job.prerequisites).toEqual(['a/B1'])
})

test('a rule that gathers for each batch takes only what is of it', () => {
  const it = lab(
    { rules: { all: one('in/{batch}/*.mat', 'all/{batch}') } },
    { 'in/B1/a.mat': '', 'in/B1/b.mat': '', 'in/B2/c.mat': '' },
  )
  const { graph } = it.plan()
  expect(graph.jobs.map((job) => [job.id, job.sources[0]!.gathered])).toEqual([
    ['all/B1', ['in/B1/a.mat', 'in/B1/b.mat']],
    ['all/B2', ['in/B2/c.mat']],
  ])
})

test('a rule without wildcards is one job by its own name', () => {
  expect(jobs({ all: one('in.txt', 'out.txt') }, { 'in.txt': '' })).toEqual(['all'])
})

test('every binding of several wildcards is a job', () => {
  const rules = { tetrode: one('in/{batch}/{tetrode}.mat', 'out/{batch}/{tetrode}.kwd') }
  expect(jobs(rules, { 'in/B1/t1.mat': '', 'in/B1/t2.mat': '', 'in/B2/t1.mat': '' })).toEqual([
    'tetrode/B1/t1',
    'tetrode/B1/t2',
    'tetrode/B2/t1',
  ])
})

test('a folder without the file that the pattern ends in is no batch', () => {
  const rules = { table: one('phy/{batch}/params.py', 'table/{batch}') }
  expect(jobs(rules, { 'phy/B1/params.py': '', 'phy/B2/other.py': '' })).toEqual(['table/B1'])
})

test('sources that share a wildcard are joined on it', () => {
  const rules = {
    join: one(['in/{batch}/{tetrode}.mat', 'maps/{tetrode}/{version}.json'], 'out/{batch}/{tetrode}/{version}'),
  }
  const files = {
    'in/B1/t1.mat': '',
    'in/B1/t2.mat': '',
    'maps/t1/v1.json': '',
    'maps/t1/v2.json': '',
    'maps/t9/v1.json': '',
  }
  expect(jobs(rules, files)).toEqual(['join/B1/t1/v1', 'join/B1/t1/v2'])
})

test('sources that share no wildcard give every pair', () => {
  const rules = { pair: one(['in/{batch}.mat', 'maps/{map}.json'], 'out/{batch}/{map}') }
  expect(jobs(rules, { 'in/B1.mat': '', 'in/B2.mat': '', 'maps/m.json': '' })).toEqual(['pair/B1/m', 'pair/B2/m'])
})

test('a source inside another job’s target folder comes after that job', () => {
  const rules = { phy: one('in/{batch}', 'phy/{batch}/'), table: one('phy/{batch}/params.py', 'table/{batch}') }
  expect(jobs(rules, { 'in/B1': '' })).toEqual(['phy/B1', 'table/B1 < phy/B1'])
})

test('a source folder that jobs make a part of comes after them', () => {
  const rules = { a: one('in/{batch}', 'out/{batch}/a.txt'), sum: one('out/{batch}/', 'sum/{batch}') }
  expect(jobs(rules, { 'in/B1': '' })).toEqual(['a/B1', 'sum/B1 < a/B1'])
})

test('a job that makes two parts of a source folder is named once', () => {
  const parts = one('in/{batch}', ['t/{batch}/x', 't/{batch}/y'], { recipe: 'r {targets}' })
  const rules = { a: parts, b: one('t/{batch}/', 'out/{batch}') }
  const found = lab({ rules }, { 'in/B1': '' }).plan().graph.byId.get('b/B1')!
  expect(found.sources[0]!.madeBy).toEqual(['a/B1'])
})

test('who makes a source is whoever makes it, a folder above it, or what lies in it', () => {
  fc.assert(
    fc.property(randomWorkspace, (workspace) => {
      const { jobs } = planScope(workspace).graph
      const made = jobs.flatMap(({ id, targets }) => targets.map((target) => ({ ...target, id })))
      const makersOf = ({ path, isFolder }: JobSource) => {
        const [whole] = made.filter((t) => t.path === path || (t.isFolder && isBelow(path, t.path)))
        if (whole !== undefined) return [whole.id]
        return isFolder ? made.filter((t) => isBelow(t.path, path)).map(({ id }) => id) : []
      }
      for (const source of jobs.flatMap(({ sources }) => sources)) {
        if (source.gathered === undefined) expect(new Set(source.madeBy)).toEqual(new Set(makersOf(source)))
      }
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 300) },
  )
}, 60_000)

test('a file that gathers from the members of target folders comes after those', () => {
  const rules = { phy: one('in/{batch}', 'phy/{batch}/'), all: one('phy/*/params.py', 'all.txt') }
  expect(jobs(rules, { 'in/B1': '', 'phy/B1/params.py': '' })).toEqual(['phy/B1', 'all < phy/B1'])
})

test('a wildcard that stands twice must have one value', () => {
  expect(jobs({ a: one('in/{batch}/{batch}.mat', 'out/{batch}') }, { 'in/B1/B1.mat': '', 'in/B1/B2.mat': '' })).toEqual(
    ['a/B1'],
  )
})

test('a source may lie on another disk', () => {
  expect(jobs({ a: one('/store/{batch}.mat', 'out/{batch}') }, { '/store/B1.mat': '' })).toEqual(['a/B1'])
})

test('rules that go in a circle are an error with the whole path, and do not run', () => {
  const rules = {
    a: one('c/{batch}', 'a/{batch}'),
    b: one('a/{batch}', 'b/{batch}'),
    c: one('b/{batch}', 'c/{batch}'),
    fine: one('in/{batch}', 'out/{batch}'),
  }
  const it = lab({ rules }, { 'a/B1': '', 'in/B1': '' })
  expect(it.plan().plan.errors).toMatchObject([
    { message: 'the rules go in a circle: a/B1 → c/B1 → b/B1 → a/B1', hint: expect.any(String) },
  ])
  expect(it.stale()).toEqual(['fine/B1'])
})

test('every job of circles that share one is left out', () => {
  const rules = {
    a: one(['b/{batch}', 'd/{batch}'], 'a/{batch}'),
    b: one('a/{batch}', 'b/{batch}'),
    d: one('b/{batch}', 'd/{batch}'),
  }
  expect(jobs(rules, { 'b/B1': '' })).toEqual([])
})

test('one circle of rules is told of once, not once for each batch', () => {
  const rules = { a: one('b/{batch}', 'a/{batch}'), b: one('a/{batch}', 'b/{batch}') }
  expect(errors(rules, { 'a/B1': '', 'a/B2': '', 'a/B3': '' })).toHaveLength(1)
})

test('a target of a circle that lies there is not called orphaned', () => {
  const rules = { a: one('b/{batch}', 'a/{batch}'), b: one('a/{batch}', 'b/{batch}') }
  expect(lab({ rules }, { 'a/B1': '' }).plan().plan.orphaned).toEqual([])
})

test('a rule that makes its own sources without end is an error, and runs for none of them', () => {
  const rules = { filter: one('data/{name}.txt', 'data/{name}.x.txt'), fine: one('in/{batch}', 'out/{batch}') }
  const it = lab({ rules }, { 'data/a.txt': '', 'in/B1': '' })
  expect(it.plan().plan.errors).toMatchObject([
    { message: expect.stringMatching(/^rule filter makes its own sources, without end: … → data\/a/) },
  ])
  expect(it.stale()).toEqual(['fine/B1'])
})

test('what an endless rule made already is not called orphaned', () => {
  const rules = { filter: one('data/{name}.txt', 'data/{name}.x.txt') }
  expect(lab({ rules }, { 'data/a.txt': '', 'data/a.x.txt': '' }).plan().plan.orphaned).toEqual([])
})

test('what hangs on an endless rule is not run for sources that nobody will make', () => {
  const rules = { filter: one('data/{name}.txt', 'data/{name}.x.txt'), after: one('data/{name}.txt', 'out/{name}') }
  const it = lab({ rules }, { 'data/a.txt': '' })
  expect(it.plan().graph.jobs.map((job) => job.id)).toEqual(['after/a'])
})

test('two rules that make each other’s sources without end run neither', () => {
  const rules = {
    a: one('x/{name}', 'y/{name}.a'),
    b: one('y/{name}', 'x/{name}.b'),
    fine: one('in/{batch}', 'out/{batch}'),
  }
  const it = lab({ rules }, { 'x/1': '', 'in/B1': '' })
  expect(it.plan().plan.errors).toHaveLength(1)
  expect(it.stale()).toEqual(['fine/B1'])
})

test('two jobs that make one path are an error that names both, and neither runs', () => {
  const rules = { a: one('in/{batch}.a', 'out/{batch}.txt'), b: one('in/{name}.b', 'out/B{name}.txt') }
  const it = lab({ rules }, { 'in/B1.a': '', 'in/1.b': '' })
  expect(it.plan().plan.errors).toMatchObject([
    { message: expect.stringMatching(/^two jobs make out\/B1.txt: a\/B1 \(.*\) and b\/1 \(.*\)$/) },
  ])
  expect(it.stale()).toEqual([])
})

test('a path that two jobs would make is not called orphaned', () => {
  const rules = { a: one('in/{batch}.a', 'out/{batch}.txt'), b: one('in/{name}.b', 'out/B{name}.txt') }
  expect(lab({ rules }, { 'in/B1.a': '', 'in/1.b': '', 'out/B1.txt': '' }).plan().plan.orphaned).toEqual([])
})

test('a target that lies in another job’s target folder is an error', () => {
  const rules = { phy: one('in/{batch}', 'phy/{batch}/'), note: one('in/{batch}', 'phy/{batch}/note.txt') }
  expect(errors(rules, { 'in/B1': '' })).toMatchObject([
    { message: expect.stringContaining('two jobs make phy/B1/note.txt') },
  ])
})

test.each(['a;touch PWNED', '-rf', 'with space', '.hidden2', 'Umlautä', 'a\tb', '$(id)', "o'clock", 'x'.repeat(129)])(
  'a recording called %j is no batch: said, where its name starts with no dot, and not run',
  (name) => {
    const it = lab({ rules: { a: one('in/{batch}/', 'out/{batch}') } }, { [`in/${name}/a.mat`]: '' })
    expect(it.stale()).toEqual([])
    expect(it.plan().plan.errors).toMatchObject(
      name.startsWith('.') ? [] : [{ where: `in/${name}`, hint: expect.stringContaining('Rename it') }],
    )
  },
)

test('a file beside the source folders is no recording, and no fault', () => {
  const it = lab({ rules: { a: one('in/{batch}/', 'out/{batch}') } }, { 'in/read me.txt': '', 'in/B1/a.mat': '' })
  expect(it.plan().plan.errors).toEqual([])
  expect(it.stale()).toEqual(['a/B1'])
})

test('batches that differ by case alone are told of once', () => {
  expect(errors({ a: one('in/{batch}/', 'out/{batch}') }, { 'in/b1/a': '', 'in/B1/a': '' })).toMatchObject([
    { message: 'the batches b1 and B1 differ by case alone' },
  ])
})

test('a recording that may not be read waits, the others go on, and the person is told what to do', () => {
  const files = { 'in/B1/a.mat': '', 'in/B2/a.mat': '' }
  const it = lab({ rules: { a: one('in/{batch}/', 'out/{batch}') } }, files)
  it.disk.deny('in/B1')
  expect(it.verdict('a/B1')).toBe('waiting: cannot look at in/B1: permission denied')
  expect(it.stale()).toEqual(['a/B2'])
  expect(it.plan().plan.errors).toMatchObject([{ where: 'in/B1', hint: 'Mend the permissions.' }])
})

test('a target that may not be read is not taken for missing', () => {
  const it = lab({ rules: { a: one('in/{batch}/', 'out/{batch}/') } }, { 'in/B1/a.mat': '', 'out/B1/mine.csv': '' })
  it.disk.deny('out/B1')
  expect(it.verdict('a/B1')).toBe('waiting: cannot look at out/B1: permission denied')
})

test('a table of all batches waits for one that may not be read: it would be wrong without it', () => {
  const it = lab({ rules: { all: one('in/*', 'all.txt') } }, { 'in/B1': '', 'in/B2': '' })
  it.disk.deny('in/B1')
  expect(it.verdict('all')).toBe('waiting: cannot look at in/B1: permission denied')
})

test('a staging folder that was left behind is never taken for a target or a source', () => {
  const rules = { a: one('in/{name}/', 'out/{name}'), all: one('out/*', 'all.txt') }
  const it = lab({ rules }, { 'in/B1/m': '', 'in/.labmake-x/B1': '', 'out/.labmake-x/B1': '' })
  expect(it.plan().graph.jobs.map((j) => j.id)).toEqual(['a/B1', 'all'])
  expect(it.plan().graph.byId.get('all')!.sources[0]!.gathered).toEqual(['out/B1'])
})
