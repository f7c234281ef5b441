import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outlineOf } from '../../src/core/outline.ts'
import { caseTwinsOf } from '../../src/core/scope.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import { Sweep, type SweepEnd } from '../../src/engine/sweep.ts'
import type { Fault } from '../../src/model/errors.ts'
import type { Orphan, PlannedJob } from '../../src/model/plan.ts'
import type { RuleSet } from '../../src/model/rule.ts'
import { randomFile, randomWorkspace, writeIfPossible } from '../fakes/randomWorkspaces.ts'
import { soundRules } from '../fakes/rules.ts'
import { batchesOf, diskOf, type Planned, planScope, type Workspace } from '../fakes/scopes.ts'

const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })

/** Plans everything, batch by batch as slowly as can be: a slice is as small as it gets. `between` is called before each step. */
function swept(workspace: Workspace, known: readonly string[] = [], between: (step: number) => void = () => {}) {
  const rules: RuleSet = { ...soundRules({ rules: {} }), rules: workspace.rules }
  const twins = caseTwinsOf([])
  const note = (names: Iterable<string>) => {
    for (const name of names) twins.add(name)
  }
  note(batchesOf(workspace).byName.keys())
  function* outline() {
    const found = yield* outlineOf(rules, batchesOf(workspace), surveyDisk(workspace.disk))!
    note(found.names)
    return found
  }
  const scopes: string[][] = []
  const plan = (asked: 'all' | ReadonlySet<string>) => {
    note(asked)
    const scope = new Set([...asked].flatMap((name) => twins.of(name)))
    scopes.push([...scope])
    return { ...planScope(workspace, scope), rules, scope }
  }
  let nowMs = 0
  const sweep = new Sweep({ outline: outline(), plan, known: () => known, now: () => (nowMs += 100) })
  const jobs = new Map<string, PlannedJob>()
  for (let n = 0; ; n++) {
    between(n)
    const step = sweep.next()
    // As a book takes them over: a twin that is known only later is planned twice.
    if (step.kind === 'planned') for (const planned of step.planned.plan.jobs) jobs.set(planned.job.id, planned)
    if (step.kind === 'over') return { jobs: [...jobs.values()], end: step.end, scopes, sweep, plan }
  }
}

const byText = (faults: readonly Fault[]) => faults.map(({ where, message }) => `${where}: ${message}`).sort()
const orphansOf = (orphans: readonly Orphan[]) =>
  orphans.map(({ rule, target, batch }) => `${rule} ${target} ${batch}`).sort()

/** What a plan of everything says, however it was made. */
function said(jobs: readonly PlannedJob[], end: SweepEnd | Planned['plan']) {
  const sorted = jobs.toSorted((a, b) => (a.job.id < b.job.id ? -1 : 1))
  const faults = 'errors' in end ? end.errors : end.faults
  return { jobs: sorted, orphaned: orphansOf(end.orphaned), faults: byText(faults), warnings: byText(end.warnings) }
}

test('a plan of everything that is made in slices says what one that is made at once says', () => {
  const change = fc.record({ file: randomFile, goes: fc.boolean(), ageSeconds: fc.constantFrom(1, 5, -600) })
  fc.assert(
    fc.property(randomWorkspace, fc.array(change, { maxLength: 6 }), (workspace, changes) => {
      const { disk } = workspace
      let known: string[] = []
      for (const { file, goes, ageSeconds } of [undefined, ...changes].map((c) => c ?? changes[0] ?? noChange)) {
        if (goes) {
          if (disk.stat(file) !== undefined) disk.delete(file)
        } else writeIfPossible(disk, file, ageSeconds)
        const whole = planScope(workspace)
        const { jobs, end, scopes } = swept(workspace, known)
        expect(said(jobs, end)).toEqual(said(whole.plan.jobs, whole.plan))
        const planned = scopes.flat()
        known = jobs.flatMap(({ job }) => job.batch ?? [])
        expect(planned).toEqual(expect.arrayContaining(known))
      }
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 300) },
  )
}, 60_000)

const noChange = { file: 'in/B1', goes: false, ageSeconds: 5 }

const lab = { a: one('mat/{batch}/', 'kwd/{batch}.kwd'), b: one('kwd/{batch}.kwd', 'phy/{batch}/') }

test('one path that two rules make is one fault, however many batches it is of', () => {
  const { rules } = soundRules({
    rules: { a: one('in/{batch}', 'out/{batch}/'), b: one('raw/{batch}', 'out/{batch}/x') },
  })
  const disk = diskOf(['in/B10', 'raw/B10', 'in/B9', 'raw/B9'])
  const { end } = swept({ rules, disk })
  expect(byText(end.faults)).toEqual([expect.stringContaining('two jobs make out/B9/x: a/B9')])
  expect(byText(end.faults)).toEqual(byText(planScope({ rules, disk }).plan.errors))
})

test('what holds no batch name is told of, though no slice looks for it', () => {
  const { rules } = soundRules({ rules: lab })
  const { end } = swept({ rules, disk: diskOf(['mat/B1/a', 'mat/not a name/a']) })
  expect(byText(end.faults)).toEqual(['mat/not a name: "not a name" holds no batch name, so it is not a recording'])
})

test('a batch that is gone by now is planned once more, and nothing is left of it', () => {
  const { rules } = soundRules({ rules: lab })
  const { scopes, jobs } = swept({ rules, disk: diskOf(['mat/B1/a']) }, ['B0'])
  expect(scopes.flat()).toEqual(['B1', 'B0'])
  expect(jobs.map(({ job }) => job.id)).toEqual(['a/B1', 'b/B1'])
})

test('a batch that was planned by itself meanwhile is not planned again, and its orphans are as that plan says', () => {
  const { rules } = soundRules({ rules: lab })
  const disk = diskOf(['mat/B1/a', 'mat/B2/a', 'kwd/B3.kwd'])
  const workspace = { rules, disk }
  const { sweep, plan, end } = swept(workspace)
  expect(orphansOf(end.orphaned)).toEqual(['a kwd/B3.kwd B3'])
  disk.delete('kwd/B3.kwd')
  sweep.take(plan(new Set(['B3'])))
  const step = sweep.next()
  expect(step).toEqual({ kind: 'over', end: { ...end, orphaned: [] } })
})
