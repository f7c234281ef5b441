import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LastSeen, lastSeenOf } from '../../src/core/lastSeen.ts'
import { type Survey, surveyDisk } from '../../src/core/survey.ts'
import { type Watched, watchedFolders } from '../../src/core/watched.ts'
import { type Step, stepsInto } from '../../src/core/watchSteps.ts'
import type { Disk } from '../../src/model/ports.ts'
import type { FakeDisk } from '../fakes/disk.ts'
import { names, type RandomWorkspace, randomFile, randomWorkspace, writeIfPossible } from '../fakes/randomWorkspaces.ts'
import { soundRules } from '../fakes/rules.ts'
import { batchesOf, diskOf, type Planned, planScope, type Workspace } from '../fakes/scopes.ts'

const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })
const { rules: lab } = soundRules({
  rules: { a: one('mat/{batch}/', 'kwd/{batch}.kwd'), b: one('kwd/{batch}.kwd', 'phy/{batch}/') },
})

/** A system that tells of what happens in the folders that are watched, and of nothing else. */
class Hearing {
  readonly last: LastSeen
  private readonly workspace: Workspace
  private readonly watched: Watched
  /** Told of by the system, and not heard yet. */
  private untold: string[] = []

  constructor(workspace: Workspace) {
    this.workspace = workspace
    this.last = lastSeenOf(workspace.rules)
    this.watched = watchedFolders(workspace.rules)
  }

  /** Something happened at these paths. */
  happened(...paths: readonly string[]): void {
    this.untold.push(...paths.filter((path) => this.isWatched(path.slice(0, Math.max(0, path.lastIndexOf('/'))))))
  }

  hear(): void {
    for (const path of this.untold) this.last.forget(this.watched.touched(path))
    this.untold = []
  }

  /** The system dropped some, and Node told so in the end. */
  lose(): void {
    this.untold = []
    this.last.forget('everything')
  }

  /** As a plan of batches of which only rows have changed. `looked`: every path that is looked at is added. */
  plan(scope: ReadonlySet<string>, looked: string[] = []) {
    const disk = noting(this.workspace.disk, looked)
    const survey = surveyDisk(disk, scope, this.last.of(scope))
    const planned = planScope(this.workspace, scope, survey)
    this.last.keep(scope, survey)
    return { planned, survey }
  }

  private isWatched(folder: string): boolean {
    let steps: Step[] = this.watched.folders.map((of) => ({ of, depth: 0 }))
    for (const name of folder === '' ? [] : folder.split('/')) steps = stepsInto(steps, name)
    return steps.length > 0
  }
}

function noting(disk: Disk, looked: string[]): Disk {
  const noted = <T>(look: (path: string) => T) => {
    return (path: string) => {
      looked.push(path)
      return look(path)
    }
  }
  const { stat, names, list, glob } = disk
  return { stat: noted(stat), names: noted(names.bind(disk)), list: noted(list), glob }
}

const actAt = (path: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), path, age: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), path }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-parent' as const), path }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), path, to: path }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename-parent' as const), path, to: path }) },
    // Where a link leads nothing is watched, unless it stands for a folder that is.
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('link' as const), path }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('link-parent' as const), path }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('behind-link' as const), age: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rows' as const), value: fc.constantFrom('', '1', '2') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  )
type Act = ReturnType<typeof actAt> extends fc.Arbitrary<infer T> ? T : never

interface Changing extends RandomWorkspace {
  manifest?: string
  /** Where one was made, be it there or not. */
  readonly links: Set<string>
}

/** The path, and the files below it. */
const below = (disk: FakeDisk, path: string) => [path, ...Object.keys(disk.tree(path))]

function perform(one: Act, hearing: Hearing, workspace: Changing): void {
  const { disk, links } = workspace
  const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))
  const remove = (path: string) => {
    if (disk.stat(path) === undefined) return
    const gone = below(disk, path)
    disk.delete(path)
    hearing.happened(...gone)
  }
  const above = (path: string) => path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
  const isOwnFolder = (path: string) => {
    const stat = disk.stat(path)
    return stat?.kind === 'folder' && stat.link === undefined
  }
  const move = (from: string, to: string) => {
    if (disk.stat(from) === undefined || disk.stat(to) !== undefined) return
    if (!isOwnFolder(parentOf(to)) || to.startsWith(`${from}/`)) return
    void disk.writer.rename(from, to)
    hearing.happened(from, to)
  }
  const link = (path: string) => {
    remove(path)
    if (!isOwnFolder(parentOf(path))) return
    disk.link(path, `${'../'.repeat(path.split('/').length - 1)}store/B1`)
    links.add(path)
    hearing.happened(path)
  }
  switch (one.kind) {
    case 'write':
      writeIfPossible(disk, one.path, one.age)
      hearing.happened(...above(one.path))
      return
    case 'delete':
      remove(one.path)
      return
    case 'delete-parent':
      remove(parentOf(one.path))
      return
    case 'rename':
      move(one.path, one.to)
      return
    case 'rename-parent':
      move(parentOf(one.path), parentOf(one.to))
      return
    case 'link':
      link(one.path)
      return
    case 'link-parent':
      link(parentOf(one.path))
      return
    case 'behind-link':
      writeIfPossible(disk, 'store/B1/x', one.age)
      hearing.happened(...[...links].filter((at) => disk.stat(at)?.link !== undefined).map((at) => `${at}/x`))
      return
    case 'rows':
      workspace.manifest = `B1\t${one.value}\nB2\t\n`
      return
    case 'lose':
      hearing.lose()
      return
  }
}

/** What a plan says, and what it saw of all that its jobs are about. */
function saying({ plan, graph }: Planned, survey: Survey) {
  const seen = plan.jobs.flatMap(({ job }) =>
    [...job.sources, ...job.uses, ...job.targets].map(({ path, isFolder }) => survey.snapshot(path, { isFolder })),
  )
  return { ...plan, seen, faults: graph.faults, consumers: [...graph.consumers] }
}

/** Some acts, whether a plan is made before they are told of, and batches that are planned after that. */
const stepsOf = (act: fc.Arbitrary<Act>, batches: readonly string[]) => {
  const scopes = fc.array(fc.subarray([...batches], { minLength: 1 }), { minLength: 1, maxLength: 3 })
  return fc.array(fc.tuple(fc.array(act, { maxLength: 3 }), fc.boolean(), scopes), { minLength: 1, maxLength: 8 })
}
type Steps = ReturnType<typeof stepsOf> extends fc.Arbitrary<infer T> ? T : never

function check(random: RandomWorkspace, steps: Steps, batches: readonly string[]): void {
  const workspace: Changing = { ...random, links: new Set() }
  workspace.disk.write('store/B1/x')
  const hearing = new Hearing(workspace)
  hearing.plan(new Set(batches))
  for (const [acts, isPlannedTooSoon, scopes] of steps) {
    for (const one of acts) perform(one, hearing, workspace)
    // Before the system has told: what that says is said anew.
    if (isPlannedTooSoon) hearing.plan(new Set(scopes[0]))
    hearing.hear()
    for (const scope of scopes.map((some) => new Set([...some, ...batchesOf(workspace).byName.keys()]))) {
      const { planned, survey } = hearing.plan(scope)
      const fresh = surveyDisk(workspace.disk, scope)
      expect(saying(planned, survey)).toEqual(saying(planScope(workspace, scope, fresh), fresh))
    }
  }
}

const numRuns = Number(process.env.RANDOM_RUNS ?? 300)

test('whatever happens to files, a plan that takes what it heard no change of for what it was is a plan from nothing', () => {
  const steps = stepsOf(actAt(randomFile), names)
  fc.assert(
    fc.property(randomWorkspace, steps, (random, steps) => check(random, steps, names)),
    { numRuns },
  )
}, 60_000)

test('so it is with the rules of a lab, whose recordings come, grow, are renamed, linked and deleted', () => {
  const { rules } = soundRules({
    rules: {
      a: one('mat/{batch}/', 'kwd/{batch}.kwd', { params: { p: '' }, uses: 'maps/{batch}.json' }),
      b: one('kwd/{batch}.kwd', 'phy/{batch}/'),
      c: one(['phy/{batch}/', 'mat/{batch}/notes'], 'sum/{batch}/'),
    },
  })
  const places = [
    'mat/B/m0',
    'mat/B/m1',
    'mat/B/notes',
    'mat/B/deep/m',
    'kwd/B.kwd',
    'phy/B/x',
    'phy/B/y',
    'sum/B/z',
    'maps/B.json',
  ]
  const path = fc.tuple(fc.constantFrom(...places), fc.constantFrom('B1', 'B2')).map(([at, b]) => at.replace('B', b))
  const batches = ['B1', 'B2']
  fc.assert(
    fc.property(fc.subarray([...places]), stepsOf(actAt(path), batches), (files, steps) => {
      const disk = diskOf(batches.flatMap((batch) => files.map((file) => file.replace('B', batch))))
      check({ rules, disk }, steps, batches)
    }),
    { numRuns: 2 * numRuns },
  )
}, 60_000)

describe('of a batch that nothing happened to', () => {
  const made = ['mat/B1/m0', 'mat/B1/m1', 'kwd/B1.kwd', 'phy/B1/params.py']

  /** What the second of two plans looks at. */
  function lookedAt(
    files: readonly string[],
    between: (disk: FakeDisk, hearing: Hearing) => void = () => {},
  ): string[] {
    const disk = diskOf(files)
    const hearing = new Hearing({ rules: lab, disk })
    hearing.plan(new Set(['B1']))
    between(disk, hearing)
    const looked: string[] = []
    hearing.plan(new Set(['B1']), looked)
    return [...new Set(looked)].sort()
  }

  test('only the target that nobody reads, and so nobody watches, is looked into', () => {
    expect(lookedAt(made)).toEqual(['phy/B1', 'phy/B1/params.py'])
  })

  test('what is not there is looked for', () => {
    expect(lookedAt(['mat/B1/m0', 'phy/B1/x'])).toContain('kwd/B1.kwd')
  })

  test('a recording with a folder in it is looked at as a whole', () => {
    expect(lookedAt([...made, 'mat/B1/deep/m2'])).toContain('mat/B1/deep/m2')
  })

  test.each<[string, (disk: FakeDisk) => void]>([
    ['a member that is a link', (disk) => disk.link('mat/B1/m2', '../../store/m2')],
    ['a link that leads nowhere', (disk) => disk.link('mat/B1/m2', 'nowhere')],
    [
      'a recording that is one',
      (disk) => {
        disk.delete('mat/B1')
        disk.link('mat/B1', '../store')
      },
    ],
  ])('links are looked at again: %s', (_, link) => {
    const disk = diskOf([...made, 'store/m2'])
    link(disk)
    const hearing = new Hearing({ rules: lab, disk })
    hearing.plan(new Set(['B1']))
    const looked: string[] = []
    hearing.plan(new Set(['B1']), looked)
    expect(looked).toContain('mat/B1')
  })

  test('a recording that was touched is looked at, and others are not', () => {
    const disk = diskOf([...made, 'mat/B2/m0', 'kwd/B2.kwd'])
    const hearing = new Hearing({ rules: lab, disk })
    const both = new Set(['B1', 'B2'])
    hearing.plan(both)
    hearing.happened('mat/B2/m0')
    hearing.hear()
    const looked: string[] = []
    hearing.plan(both, looked)
    expect(looked).toContain('mat/B2/m0')
    expect(looked).not.toContain('mat/B1/m0')
  })

  test('what events may be lost of is looked at', () => {
    expect(lookedAt(made, (_, hearing) => hearing.lose())).toContain('mat/B1/m0')
  })

  test('what has a name that never counts is looked at, for nobody is told of it', () => {
    const { rules } = soundRules({ rules: { a: one('mat/{batch}~', 'kwd/{batch}') } })
    const hearing = new Hearing({ rules, disk: diskOf(['mat/B1~']) })
    hearing.plan(new Set(['B1']))
    const looked: string[] = []
    hearing.plan(new Set(['B1']), looked)
    expect(looked).toContain('mat/B1~')
  })
})
