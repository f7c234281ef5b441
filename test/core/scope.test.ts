import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canScope, caseTwinsIn, caseTwinsOf, rulesApart, widenScope } from '../../src/core/scope.ts'
import type { Disk } from '../../src/model/ports.ts'
import { names, randomWorkspace } from '../fakes/randomWorkspaces.ts'
import { soundRules } from '../fakes/rules.ts'
import { diskOf, knownBatches, planScope, saidOf } from '../fakes/scopes.ts'

const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })

test.each<[string, object, boolean]>([
  [
    'the two steps of the lab',
    { a: one('mat/{batch}/', 'kwd/{batch}.kwd'), b: one('kwd/{batch}.kwd', 'phy/{batch}/') },
    true,
  ],
  ['members of a batch are gathered', { a: one('mat/{batch}/*.mat', 'kwd/{batch}.kwd') }, true],
  ['a file that nobody makes is read by all', { a: one(['mat/{batch}/', 'maps/*.json'], 'kwd/{batch}.kwd') }, true],
  ['a rule has no batch', { a: one('mat/{name}/', 'kwd/{name}.kwd') }, false],
  ['a table of all batches', { a: one('mat/{batch}/', 'kwd/{batch}'), all: one('kwd/*', 'all.txt') }, false],
  [
    'a batch reads what the others make',
    { a: one('mat/{batch}/', 'kwd/{batch}'), b: one(['mat/{batch}/', 'kwd/*'], 'out/{batch}') },
    false,
  ],
  [
    'a batch uses what another may make',
    { a: one('mat/{batch}', 'maps/{batch}.json'), b: one('in/{batch}', 'out/{batch}', { uses: 'maps/B1.json' }) },
    false,
  ],
  [
    'another ending makes another batch',
    { a: one('in/{batch}.dat', 'x/{batch}.a'), b: one('x/{batch}', 'y/{batch}') },
    false,
  ],
  [
    'two endings that no name has both of',
    { a: one('in/{batch}.dat', 'x/{batch}.a'), b: one('in/{batch}.dat', 'x/{batch}.b') },
    true,
  ],
  [
    'the batch stands elsewhere in the path',
    { a: one('in/{batch}/{x}', 'o/{batch}/{x}'), b: one('o/{x}/{batch}', 'p/{batch}/{x}') },
    false,
  ],
  ['a batch is not told from what is beside it', { a: one('in/{batch}/{x}', 'o/{batch}_{x}') }, false],
  ['rules that go in a circle', { a: one('x/{batch}', 'y/{batch}'), b: one('y/{batch}', 'x/{batch}') }, false],
  ['no rules at all', {}, true],
])('can batches be planned apart: %s', (_, rules, expected) => {
  expect(canScope(soundRules({ rules }).rules)).toBe(expected)
})

const steps = {
  a: one('mat/{batch}/', 'kwd/{batch}.kwd'),
  b: one('kwd/{batch}.kwd', 'phy/{batch}/'),
}
test.each<[string, object, readonly string[] | undefined]>([
  ['all, where none gathers', steps, ['a', 'b']],
  ['those of batches, beside a table of all', { ...steps, table: one('phy/*/x', 'all.txt') }, ['a', 'b']],
  [
    'none, where a batch uses the table',
    { ...steps, table: one('mat/*', 'x'), c: one('mat/{batch}/', 'c/{batch}', { uses: 'x' }) },
    undefined,
  ],
  ['none, where the table lies among what batches make', { ...steps, table: one('mat/*', 'kwd/all.kwd') }, undefined],
  [
    'none, where the table needs what need not be there',
    { a: { ...steps.a, intermediate: true }, b: steps.b, table: one('kwd/*', 'all.txt') },
    undefined,
  ],
  ['none, where batches are not apart themselves', { a: one('in/{batch}/{x}', 'o/{batch}_{x}') }, undefined],
  ['none, where no rule is of batches', { table: one('mat/*', 'all.txt') }, undefined],
])('rules by which a batch can be planned by itself: %s', (_, rules, expected) => {
  expect(rulesApart(soundRules({ rules }).rules)?.map(({ name }) => name)).toEqual(expected)
})

test('a batch whose name differs from another one by case alone is planned with it', () => {
  expect(widenScope(new Set(['b1']), ['B1', 'B2', 'b10'])).toEqual(new Set(['b1', 'B1']))
})

test('twins are the same whether many names are searched or each is looked at', () => {
  const name = fc.constantFrom('b1', 'B1', 'b10', 'B10', 'ab1', 'Ab1', 'b.1', 'b+1', 'b_1')
  const some = fc.uniqueArray(name)
  fc.assert(
    fc.property(some, some, name, (names, added, asked) => {
      const twins = [caseTwinsIn(names), caseTwinsOf(names)]
      for (const each of twins) for (const more of added) each.add(more)
      const [found, expected] = twins.map((each) => each.of(asked).toSorted())
      expect(found).toEqual(expected)
    }),
  )
})

test('one batch among many is planned without reading the folders that hold them all', () => {
  const { rules } = soundRules({
    rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd'), b: one('kwd/{batch}.kwd', 'phy/{batch}/') },
  })
  const disk = diskOf(Array.from({ length: 50 }, (_, i) => `mat/B${i}/a.mat`))
  const read: string[] = []
  const watched: Disk = {
    stat: (path) => disk.stat(path),
    glob: (glob, kind) => disk.glob(glob, kind),
    names: (path) => {
      read.push(path)
      return disk.names(path)
    },
    list: (path) => {
      read.push(path)
      return disk.list(path)
    },
  }
  const { plan } = planScope({ rules, disk: watched }, new Set(['B7']))
  expect(plan.jobs.map(({ job, verdict }) => `${job.id} ${verdict.state}`)).toEqual(['a/B7 stale', 'b/B7 stale'])
  expect(read).toEqual(['mat/B7'])
})

test('a batch that is no more has no jobs, and its targets are orphaned', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  const { plan } = planScope({ rules, disk: diskOf(['kwd/B1.kwd', 'kwd/B2.kwd']) }, new Set(['B1']))
  expect(plan.jobs).toEqual([])
  expect(plan.orphaned).toEqual([{ target: 'kwd/B1.kwd', rule: 'a', batch: 'B1' }])
})

test('what is no batch name is not looked for', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  expect(planScope({ rules, disk: diskOf(['x/a', 'mat/y/a']) }, new Set(['../x', ''])).plan.jobs).toEqual([])
})

test('a recording that may not be read waits in a plan of its batch too', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  const disk = diskOf(['mat/B1/a.mat', 'mat/B2/a.mat'])
  disk.deny('mat/B1')
  const names = new Set(['B1'])
  const isMeant = (batch: string) => names.has(batch)
  const said = saidOf(planScope({ rules, disk }, names), isMeant)
  expect(said.jobs[0]?.verdict).toMatchObject({ state: 'waiting', reason: { kind: 'unreadable' } })
  expect(said).toEqual(saidOf(planScope({ rules, disk }), isMeant))
})

test('a plan of some batches says of them what a plan of everything says', () => {
  const scope = fc.uniqueArray(fc.constantFrom(...names, 'B3'), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(randomWorkspace, scope, (workspace, scope) => {
      const full = planScope(workspace)
      const wide = widenScope(new Set(scope), knownBatches(workspace, full))
      const isMeant = (batch: string) => wide.has(batch)
      const expected = saidOf(full, isMeant)
      fc.pre(expected.jobs.length + expected.orphaned.length > 0)
      const scoped = planScope(workspace, wide)
      expect(saidOf(scoped, isMeant)).toEqual(expected)
      expect(scoped.plan.jobs.every(({ job }) => isMeant(job.batch!))).toBe(true)
      expect(scoped.plan.warnings.filter((w) => !full.plan.warnings.some((f) => f.where === w.where))).toEqual([])
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 300) },
  )
}, 60_000)
