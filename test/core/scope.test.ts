import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinManifests } from '../../src/core/batches.ts'
import { buildGraph, type Graph } from '../../src/core/graph.ts'
import { noHistory } from '../../src/core/history.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { makePlan } from '../../src/core/plan.ts'
import { canScope, scopeBatches, widenScope } from '../../src/core/scope.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Disk } from '../../src/model/ports.ts'
import type { RuleSet } from '../../src/model/rule.ts'
import { countActs } from '../fakes/acts.ts'
import { type FakeDisk, fakeDisk } from '../fakes/disk.ts'
import { ruleSetOf, soundRules } from '../fakes/rules.ts'

const nowMs = Date.UTC(2026, 0, 5, 8)
const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })

/** A disk whose files are an hour old. */
function diskOf(files: readonly string[]): FakeDisk {
  const disk = fakeDisk(() => nowMs - 3_600_000, countActs())
  for (const path of files) disk.write(path)
  return disk
}

interface Planned {
  readonly graph: Graph
  readonly plan: Plan
}

interface Workspace {
  readonly rules: RuleSet['rules']
  readonly disk: Disk
  /** Text of the one manifest. */
  readonly manifest?: string
}

const batchesOf = ({ rules, manifest = '' }: Workspace) => {
  const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
  return joinManifests([parseManifest(manifest, { file: 'm.tsv', firstParam })], rules, [])
}

/** A plan of everything, or of a scope. */
function planOf(workspace: Workspace, scope?: ReadonlySet<string>): Planned {
  const { rules, disk } = workspace
  const batches = scope === undefined ? batchesOf(workspace) : scopeBatches(batchesOf(workspace), scope)
  const survey = surveyDisk(disk, scope)
  const graph = buildGraph(rules, batches, survey)
  const plan = makePlan({ graph, rules, survey, history: () => noHistory, faults: batches.faults, nowMs })
  return { graph, plan }
}

/** What a plan says of the jobs of these batches, for comparing. */
function saidOf({ graph, plan }: Planned, names: ReadonlySet<string>) {
  const isNamed = (batch: string | undefined) => batch !== undefined && names.has(batch)
  return {
    jobs: plan.jobs
      .filter(({ job }) => isNamed(job.batch))
      .map((planned) => ({ ...planned, consumers: graph.consumers.get(planned.job.id)?.toSorted() })),
    orphaned: plan.orphaned
      .filter((orphan) => isNamed(orphan.batch))
      .toSorted((a, b) => (a.target + a.rule < b.target + b.rule ? -1 : 1)),
  }
}

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

test('a batch whose name differs from another one by case alone is planned with it', () => {
  expect(widenScope(new Set(['b1']), ['B1', 'B2', 'b10'])).toEqual(new Set(['b1', 'B1']))
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
  const { plan } = planOf({ rules, disk: watched }, new Set(['B7']))
  expect(plan.jobs.map(({ job, verdict }) => `${job.id} ${verdict.state}`)).toEqual(['a/B7 stale', 'b/B7 stale'])
  expect(read).toEqual(['mat/B7'])
})

test('a batch that is no more has no jobs, and its targets are orphaned', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  const { plan } = planOf({ rules, disk: diskOf(['kwd/B1.kwd', 'kwd/B2.kwd']) }, new Set(['B1']))
  expect(plan.jobs).toEqual([])
  expect(plan.orphaned).toEqual([{ target: 'kwd/B1.kwd', rule: 'a', batch: 'B1' }])
})

test('what is no batch name is not looked for', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  expect(planOf({ rules, disk: diskOf(['x/a', 'mat/y/a']) }, new Set(['../x', ''])).plan.jobs).toEqual([])
})

test('a recording that may not be read waits in a plan of its batch too', () => {
  const { rules } = soundRules({ rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd') } })
  const disk = diskOf(['mat/B1/a.mat', 'mat/B2/a.mat'])
  disk.deny('mat/B1')
  const names = new Set(['B1'])
  const said = saidOf(planOf({ rules, disk }, names), names)
  expect(said.jobs[0]?.verdict).toMatchObject({ state: 'waiting', reason: { kind: 'unreadable' } })
  expect(said).toEqual(saidOf(planOf({ rules, disk }), names))
})

// Patterns that meet in every way: the batch alone, with another wildcard, in other places, with endings that hide in names.
const places = [
  '{batch}',
  '{batch}.a',
  '{batch}/{x}',
  '{batch}/{x}.a',
  '{x}/{batch}',
  '{batch}_{x}',
  '{batch}/{batch}',
  'b/{batch}',
  '{x}',
  'B1',
]
/** What labs write, so that many of the random rules are such that batches can be planned apart. */
const common = ['{batch}', '{batch}.a', '{batch}/{x}', '{batch}/x']
const gathering = ['{batch}/*', '{batch}/**/x', '*/{batch}', '{batch}_*', '*', '{batch}/b*/{x}']
const folder = fc.constantFrom('in', 'm', 'o', 'p')
const slash = fc.constantFrom('', '/')
const path = (names: readonly string[]) =>
  fc.tuple(folder, fc.constantFrom(...names), slash).map(([f, name, s]) => `${f}/${name}${s}`)
const randomRule = fc.record({
  sources: fc.array(path([...common, ...places, ...common, ...gathering]), { minLength: 1, maxLength: 2 }),
  targets: fc.array(path([...common, ...common, ...places]), { minLength: 1, maxLength: 2 }),
  uses: fc.option(path([...common, ...places, ...common, ...gathering]), { freq: 3, nil: undefined }),
  intermediate: fc.boolean(),
  param: fc.constantFrom({}, { p: 'x' }, { p: 'required' }),
})
const names = ['B1', 'b1', 'B2', 'B2.a', 'B2_b', 'b', 'x', 'x y']
const randomFile = fc
  .tuple(folder, fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }))
  .map(([f, parts]) => [f, ...parts].join('/'))
const randomWorld = fc.record({
  rules: fc.array(randomRule, { minLength: 1, maxLength: 4 }),
  files: fc.array(fc.record({ path: randomFile, ageSeconds: fc.constantFrom(1, 2, 3, -600) }), { maxLength: 12 }),
  rows: fc.array(fc.tuple(fc.constantFrom('B1', 'b1', 'B2', 'B3', 'b'), fc.constantFrom('', '1', '2')), {
    maxLength: 3,
  }),
  scope: fc.uniqueArray(fc.constantFrom(...names, 'B3'), { minLength: 1, maxLength: 3 }),
})

test('a plan of some batches says of them what a plan of everything says', () => {
  fc.assert(
    fc.property(randomWorld, ({ rules: random, files, rows, scope }) => {
      const content = random.map(({ sources, targets, uses, intermediate, param }, i) => {
        const more = { params: param, intermediate, ...(uses === undefined ? {} : { uses }) }
        return [`r${i}`, one(sources, targets, more)]
      })
      // A rule that makes no sense disables the file, so each rule is a file of its own here.
      const sound = content.filter(
        ([name, rule]) => ruleSetOf({ rules: { [name as string]: rule } }).faults.length === 0,
      )
      const { rules } = ruleSetOf({ rules: Object.fromEntries(sound) })
      fc.pre(rules.length > 0 && canScope(rules))
      const disk = diskOf([])
      for (const { path, ageSeconds } of files) {
        // A file lies where a folder would be: the first come stays.
        try {
          disk.write(path)
          disk.age(path, { seconds: ageSeconds })
        } catch {}
      }
      const workspace = { rules, disk, manifest: rows.map((row) => `${row.join('\t')}\n`).join('') }
      const full = planOf(workspace)
      const known = [...batchesOf(workspace).byName.keys(), ...full.plan.jobs.flatMap(({ job }) => job.batch ?? [])]
      const wide = widenScope(new Set(scope), known)
      const expected = saidOf(full, wide)
      fc.pre(expected.jobs.length + expected.orphaned.length > 0)
      const scoped = planOf(workspace, wide)
      expect(saidOf(scoped, wide)).toEqual(expected)
      expect(scoped.plan.jobs.every(({ job }) => wide.has(job.batch!))).toBe(true)
      expect(scoped.plan.warnings.filter((w) => !full.plan.warnings.some((f) => f.where === w.where))).toEqual([])
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 300) },
  )
}, 60_000)
