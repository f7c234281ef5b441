import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planLines } from '../../src/cli/dryRun.ts'
import { planNamed } from '../../src/cli/namedPlan.ts'
import { openAsKnown, openRecall } from '../../src/cli/recall.ts'
import type { Style } from '../../src/cli/terminal.ts'
import { openWorkspace } from '../../src/cli/workspace.ts'
import { namedJobs } from '../../src/core/goals.ts'
import { takeIngredients, takeTargets } from '../../src/core/provenance.ts'
import { standingOf } from '../../src/core/standing.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import { formatLine, journalPath } from '../../src/io/journalLines.ts'
import { type LookBack, lookBack, pathsAt, stillStands } from '../../src/io/lookBack.ts'
import { changedLooks } from '../../src/io/looks.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import type { Standing } from '../../src/model/standing.ts'
import { version } from '../../src/version.ts'
import { ruleSetOf } from '../fakes/rules.ts'

const lookPath = '.labmake/look'
/** What became of the look since. */
const sincePath = '.labmake/look.since'
const rowsPath = '.labmake/look.rows'
const recipe = 'r {target}'
const kwd = { sources: 'in/{batch}/', targets: 'm/{batch}.kwd', recipe }
const phy = { sources: 'm/{batch}.kwd', targets: 'o/{batch}/', recipe }

/** A workspace on the disk, with what can be done to it. */
class Lab implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'labmake-recall-'))

  constructor(rules: object) {
    this.write('rules/r.yaml', JSON.stringify({ rules }))
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  path(path: string): string {
    return join(this.root, path)
  }

  /** What cannot be, because a file is in the way of a folder or the other way round, is left out. */
  write(path: string, content = 'x'): void {
    this.tick()
    try {
      mkdirSync(dirname(this.path(path)), { recursive: true })
      writeFileSync(this.path(path), content)
    } catch {}
  }

  touch(path: string, seconds: number): void {
    this.tick()
    if (existsSync(this.path(path))) utimesSync(this.path(path), seconds, seconds)
  }

  remove(path: string): void {
    this.tick()
    if (existsSync(this.path(path))) rmSync(this.path(path), { recursive: true })
  }

  /** Only the first bytes are left of what was written. */
  tear(path: string, bytes: number): void {
    if (existsSync(this.path(path))) truncateSync(this.path(path), Math.min(bytes, statSync(this.path(path)).size))
  }

  append(record: JournalRecord): void {
    this.tick()
    mkdirSync(this.path('.labmake'), { recursive: true })
    writeFileSync(this.path(journalPath), formatLine(record), { flag: 'a' })
  }

  /** Until the clock of the disk goes on: what is done next can be told from what was done before. */
  private tick(): void {
    const probe = `${this.root}.probe`
    const at = () => {
      writeFileSync(probe, '')
      return statSync(probe, { bigint: true }).ctimeNs
    }
    for (const before = at(); at() === before; );
    rmSync(probe)
  }

  /** How all jobs stand by a plan of everything. */
  async standing(): Promise<Standing> {
    const { plan } = (await openWorkspace(this.root)).plan()
    return standingOf(plan, new Set(plan.jobs.map(({ job }) => job.id)))
  }

  /** What `labmake -n` prints, by what is known from the last look, and by a plan of everything. */
  async dryRuns(): Promise<{ known: string[]; all: string[] }> {
    const recall = openRecall(this.root, lookBack(this.root, version))
    const { planned, others } = recall.look(await openWorkspace(this.root, recall))
    const { plan } = (await openWorkspace(this.root)).plan()
    return { known: dryRun(planned.plan, others), all: dryRun(plan, 0) }
  }

  /** The verdicts of what a goal names, by a plan of what it speaks of and by one of everything; or why there are none. */
  async named(goal: string): Promise<{ apart: unknown; all: unknown }> {
    const known = await openAsKnown(this.root)
    const workspace = await openWorkspace(this.root)
    const { plan } = workspace.plan()
    const { rules } = workspace.ruleSet
    const verdicts = ({ byId }: Plan, named: ReadonlySet<string>) => [...named].map((id) => [id, byId.get(id)!.verdict])
    const orRefused = (look: () => unknown) => {
      try {
        return look()
      } catch (error) {
        return error
      }
    }
    return {
      apart: orRefused(() => {
        const { planned, named } = planNamed(known, [goal])
        return verdicts(planned.plan, named)
      }),
      all: orRefused(() => verdicts(plan, namedJobs(plan, rules, [goal]))),
    }
  }

  /** As a build without goals looks, and keeps its look. Says how many batches it planned, or that it planned all or none. */
  async recall(): Promise<{ standing: Standing; planned: number | 'all' | 'none' }> {
    const back = lookBack(this.root, version)
    const still = back && stillStands(this.root, version, back)
    if (still !== undefined) return { standing: still, planned: 'none' }
    const recall = openRecall(this.root, back)
    const workspace = await openWorkspace(this.root, recall)
    const look = recall.look(workspace)
    // Ten seconds are over when the next one comes.
    recall.keep(workspace, { ...look, takenMs: look.takenMs + 10_000 })
    const { scope } = look.planned
    return { standing: look.standing, planned: scope === 'all' ? 'all' : scope.size }
  }

  /** As a short build without goals, while somebody else is at work, too. */
  async build(meanwhile: () => void): Promise<void> {
    const recall = openRecall(this.root, lookBack(this.root, version))
    const workspace = await openWorkspace(this.root, recall)
    const { scope } = recall.look(workspace).planned
    await this.makeAll()
    meanwhile()
    workspace.rereadJournal()
    const look = recall.lookAgain(workspace, scope)
    recall.keep(workspace, { ...look, takenMs: look.takenMs + 10_000 })
  }

  /** Makes what is stale, as the recipes would. */
  async makeAll(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      const workspace = await openWorkspace(this.root)
      const { plan, graph } = workspace.plan()
      const stale = plan.jobs.filter(({ verdict }) => verdict.state === 'stale')
      for (const { job } of stale) {
        for (const { path, isFolder } of job.targets) this.write(isFolder ? `${path}/made` : path, 'made')
        const survey = surveyDisk(workspace.disk)
        const made = { ...takeIngredients(job, survey, graph.ignoreOf), targets: takeTargets(job, survey) }
        const base = { at: '2026-01-05T08:00:00Z', job: job.id, target: job.targets[0]!.path }
        this.append({ type: 'made', ...base, ...made, attempt: 1, seconds: 1, log: '' })
      }
    }
  }
}

const plain: Style = { color: false, unicode: true }
const dryRun = (plan: Plan, others: number) =>
  planLines(plan, new Set(plan.byId.keys()), { style: plain, verbose: true, others })

const sorted = (standing: Standing) => ({
  ...standing,
  protected: standing.protected.toSorted(),
  failed: standing.failed.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  faults: standing.faults.map(({ where, message }) => `${where} ${message}`).toSorted(),
})

async function standingLab(batches: readonly string[]): Promise<Lab> {
  const lab = new Lab({ kwd, phy })
  for (const batch of batches) lab.write(`in/${batch}/a.mat`)
  await lab.makeAll()
  await lab.recall()
  return lab
}

test('a workspace in which nothing changed is not planned again', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  expect(await lab.recall()).toMatchObject({ planned: 'none', standing: { upToDate: 10, stale: 0 } })
})

test.each<[string, (lab: Lab) => void, Partial<Standing>]>([
  ['a source changed', (lab) => lab.write('in/B1/a.mat', 'other'), { upToDate: 8, stale: 2 }],
  ['a source was dated anew', (lab) => lab.touch('in/B1/a.mat', 1_600_000_000), { upToDate: 8, stale: 2 }],
  ['a source was added', (lab) => lab.write('in/B1/b.mat'), { upToDate: 8, stale: 2 }],
  ['a target is gone', (lab) => lab.remove('m/B1.kwd'), { upToDate: 8, stale: 2 }],
  ['a batch is new', (lab) => lab.write('in/B9/a.mat'), { upToDate: 10, stale: 2 }],
  ['a recording is gone', (lab) => lab.remove('in/B1'), { upToDate: 9, orphaned: 1 }],
  ['somebody edited a result', (lab) => lab.write('o/B1/made', 'edited'), { upToDate: 10, edited: 1 }],
  [
    'a manifest came that names one more',
    (lab) => lab.write('data/manifests/m.tsv', 'B9\n'),
    { upToDate: 10, waiting: 2 },
  ],
  [
    'another labmake was asked for it again',
    (lab) => lab.append({ type: 'rebuild', at: '2026-01-05T08:00:00Z', job: 'kwd/B1', target: 'm/B1.kwd', by: 'ana' }),
    { upToDate: 8, stale: 2 },
  ],
])('one batch of five is planned again when %s', async (_, change, expected) => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  change(lab)
  expect(await lab.recall()).toMatchObject({ planned: 1, standing: expected })
  expect(sorted((await lab.recall()).standing)).toEqual(sorted(await lab.standing()))
})

test('a folder in which something came and went is no reason to plan', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.write('m/.labmake-staging/B1.kwd', '')
  lab.remove('m/.labmake-staging')
  expect(lookBack(lab.root, version)!.changed).not.toEqual([])
  expect(await lab.recall()).toMatchObject({ planned: 'none', standing: { upToDate: 10, stale: 0 } })
  lab.write('m/B6.kwd')
  expect(await lab.recall()).toMatchObject({ standing: { upToDate: 10, orphaned: 1 } })
})

test('an orphan that is gone is not told of any more', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.remove('in/B1')
  lab.remove('o/B1')
  expect(await lab.recall()).toMatchObject({ standing: { orphaned: 1 } })
  lab.remove('m/B1.kwd')
  expect(await lab.recall()).toMatchObject({ standing: { orphaned: 0 } })
})

test.each<[string, (lab: Lab) => void]>([
  ['a rule changed', (lab) => lab.write('rules/r.yaml', JSON.stringify({ rules: { kwd } }))],
  ['the look was thrown away', (lab) => lab.remove(lookPath)],
  ['the look is torn', (lab) => lab.write(lookPath, readFileSync(lab.path(lookPath), 'latin1').slice(0, 500))],
  [
    'the rules say something else in as many signs',
    (lab) => lab.write('rules/r.yaml', JSON.stringify({ rules: { kwd, phy: { ...phy, recipe: 's {target}' } } })),
  ],
  ['a rule file came', (lab) => lab.write('rules/more.yaml', 'pools: { gpu: 1 }')],
  ['a param has another value', (lab) => lab.write('data/manifests/m.tsv', 'batch\tomit\nB1\t3\n')],
  ['the journal is another one', (lab) => lab.write(journalPath, readFileSync(lab.path(journalPath), 'utf8').slice(9))],
  [
    'a line of the journal was damaged where it lies',
    (lab) => lab.write(journalPath, readFileSync(lab.path(journalPath), 'utf8').replace('"made"', '"mode"')),
  ],
  ['the journal is gone', (lab) => lab.remove(journalPath)],
])('everything is planned again when %s', async (_, change) => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  change(lab)
  const { standing, planned } = await lab.recall()
  expect(planned).toBe('all')
  expect(sorted(standing)).toEqual(sorted(await lab.standing()))
})

const manifest = 'data/manifests/m.tsv'

async function labWithRows(rows: string): Promise<Lab> {
  const lab = new Lab({ kwd: { ...kwd, params: { omit: '' }, recipe: 'r {target} {omit}' }, phy })
  for (const batch of ['B1', 'B2', 'B3', 'B4', 'B5', 'B6']) lab.write(`in/${batch}/a.mat`)
  lab.write(manifest, rows)
  await lab.makeAll()
  await lab.recall()
  return lab
}

test.each<[string, string, number]>([
  ['one has another value', 'B1\t3\nB2\t5\n', 1],
  ['one came', 'B1\t3\nB2\t4\nB3\t1\n', 1],
  ['one went', 'B1\t3\n', 1],
  ['one has another value, and one came', 'B1\t9\nB2\t4\nB3\t1\n', 2],
  ['they stand in another order', 'B2\t4\nB1\t3\n', 0],
  ['all went', '', 2],
])('of the rows of a manifest %s: those batches are planned', async (_, rows, count) => {
  using lab = await labWithRows('B1\t3\nB2\t4\n')
  lab.write(manifest, rows)
  expect(await lab.recall()).toMatchObject({ planned: count, standing: { upToDate: 12 - 2 * count, stale: 2 * count } })
})

test('of what rows said nothing is taken on trust: without it, or with that of another look, everything is planned', async () => {
  using lab = await labWithRows('B1\t3\n')
  const rows = lab.path('.labmake/look.rows')
  const older = readFileSync(rows)
  lab.write(manifest, 'B1\t3\nB2\t4\n')
  await lab.recall()
  writeFileSync(rows, older)
  lab.write(manifest, 'B1\t3\n')
  expect(await lab.recall()).toMatchObject({ planned: 'all', standing: { upToDate: 12 } })
  rmSync(rows)
  lab.write(manifest, 'B1\t5\n')
  expect(await lab.recall()).toMatchObject({ planned: 'all', standing: { stale: 2 } })
})

test('a row that changes while another batch is made is found by the next build', async () => {
  using lab = await labWithRows('B1\t3\nB2\t4\n')
  lab.write('in/B8/a.mat')
  await lab.build(() => lab.write(manifest, 'B1\t7\nB2\t4\n'))
  expect(await lab.recall()).toMatchObject({ planned: 1, standing: { upToDate: 12, stale: 2 } })
  lab.write(manifest, 'B1\t7\nB2\t8\n')
  await lab.build(() => lab.write(manifest, 'B1\t7\nB2\t8\nB3\t9\n'))
  expect(await lab.recall()).toMatchObject({ planned: 1, standing: { upToDate: 12, stale: 2 } })
})

test('rules are not read again as long as their files lie as they lay', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  const rulesOf = () => openRecall(lab.root, lookBack(lab.root, version)).rules?.ruleSet
  const { ruleSet } = await openWorkspace(lab.root)
  expect(rulesOf()).toEqual(ruleSet)
  lab.touch('rules/r.yaml', 1_700_000_000)
  expect(rulesOf()).toBeUndefined()
  lab.remove('rules/r.yaml')
  expect(rulesOf()).toBeUndefined()
})

test('rules that changed after they were compared are read by the next build', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.write('in/B8/a.mat')
  await lab.build(() =>
    lab.write('rules/r.yaml', JSON.stringify({ rules: { kwd, phy: { ...phy, recipe: 's {target}' } } })),
  )
  expect(await lab.recall()).toMatchObject({ planned: 'all', standing: { upToDate: 6, stale: 6 } })
})

test('rules with a fault are read again, and so is what a module says', async () => {
  using lab = await standingLab(['B1', 'B2'])
  const rulesOf = () => openRecall(lab.root, lookBack(lab.root, version)).rules
  lab.write('rules/wrong.yaml', 'rules: { x: { targets: 3 } }')
  await lab.recall()
  expect(rulesOf()).toBeUndefined()
  lab.remove('rules/wrong.yaml')
  lab.write('rules/more.mjs', 'export default {}')
  await lab.recall()
  expect(rulesOf()).toBeUndefined()
})

test('a look says nothing of where notices go', async () => {
  using lab = await standingLab(['B1', 'B2'])
  lab.write('rules/tell.yaml', 'notify: [{ webhook: "https://example.org/secret-part" }]')
  await lab.recall()
  expect(readFileSync(lab.path(lookPath), 'latin1')).not.toContain('secret-part')
  expect(openRecall(lab.root, lookBack(lab.root, version)).rules).toBeDefined()
})

test('a link that is young is looked at once more, and so is the folder that it leads to', async () => {
  using lab = new Lab({ kwd, phy })
  lab.write('elsewhere/a.mat')
  lab.write('in/B2/a.mat')
  symlinkSync('../elsewhere', lab.path('in/B1'))
  await lab.makeAll()
  await lab.recall()
  const waysOf = ({ last }: LookBack) =>
    last.looks.paths.flatMap((path, i) => (path === 'in/B1' ? [[i, last.looks.follows[i]]] : []))
  const back = lookBack(lab.root, version)!
  const ways = waysOf(back)
  expect(ways.map(([, follows]) => follows)).toEqual([1, 0])
  const link = ways.filter(([, follows]) => follows === 0).map(([place]) => place!)
  expect(stillStands(lab.root, version, { ...back, changed: link })).toBeDefined()
  expect(waysOf(lookBack(lab.root, version)!)).toEqual(ways)
})

test('a batch that comes while another new one is made is found by the next look', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.write('in/B8/a.mat')
  await lab.build(() => lab.write('in/B9/a.mat'))
  expect(await lab.recall()).toMatchObject({ planned: 1, standing: { upToDate: 12, stale: 2 } })
})

test('what all batches use, and changed while one was made, makes all of them stale', async () => {
  using lab = new Lab({ kwd: { ...kwd, uses: 'maps/*' } })
  for (let i = 1; i <= 5; i++) lab.write(`in/B${i}/a.mat`)
  lab.write('maps/one')
  await lab.makeAll()
  await lab.recall()
  lab.write('in/B8/a.mat')
  await lab.build(() => lab.write('maps/two'))
  expect(await lab.recall()).toMatchObject({ planned: 'all', standing: { upToDate: 0, stale: 6 } })
})

test('what changed just before a look is not taken for settled', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.write('in/B1/a.mat', 'other')
  const recall = openRecall(lab.root, lookBack(lab.root, version))
  const workspace = await openWorkspace(lab.root, recall)
  recall.keep(workspace, recall.look(workspace))
  // A second change within the same tick of the disk's clock would leave the same marks.
  const { looks, takenMs } = lookBack(lab.root, version)!.last
  const changed = changedLooks(lab.root, looks, takenMs)
  expect(changed === 'most' ? [] : pathsAt(looks, changed)).toContain('in/B1/a.mat')
})

/** Files of batches that are there, that come and go, and now and then of what is no batch. */
const randomFile = fc
  .tuple(
    fc.constantFrom('in', 'in', 'm', 'o', 'p'),
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('C1', 'C2', 'C3.a', 'B1', 'x') },
      { weight: 1, arbitrary: fc.constantFrom('c1', 'x y') },
    ),
    fc.constantFrom('', '', '/x', '/x', '.a', '/y/x', '.b'),
  )
  .map(([folder, name, end]) => `${folder}/${name}${end}`)

/** Rules of which most keep batches apart. What they make feeds at most the next one, so that there is an end to it. */
const randomRules = fc
  .record({
    sources: fc.constantFrom(
      'in/{batch}',
      'in/{batch}/',
      'in/{batch}.a',
      'in/{batch}/*',
      'in/{batch}/**/x',
      'in/{batch}/x',
    ),
    target: fc.constantFrom('m/{batch}', 'm/{batch}.b', 'm/{batch}/', 'm/{batch}/y'),
    uses: fc.constantFrom(undefined, undefined, undefined, 'p/x', 'p/*', 'p/{batch}', 'p/'),
    next: fc.constantFrom(undefined, 'o/{batch}/', 'o/{batch}.c', 'o/{batch}/z'),
    table: fc.constantFrom(undefined, undefined, undefined, undefined, 'all'),
  })
  .map(({ sources, target, uses, next, table }) => ({
    first: { sources, targets: target, recipe, params: { p: 'x' }, ...(uses && { uses }) },
    ...(next && { second: { sources: target, targets: next, recipe } }),
    ...(table && { table: { sources: 'm/*', targets: table, recipe } }),
  }))
  .filter((rules) => ruleSetOf({ rules }).faults.length === 0)

type Step = (lab: Lab) => void | Promise<void>

const record = { at: '2026-01-05T08:00:00Z', by: 'ana' }
const target = fc.constantFrom('m/B1', 'm/B2.b', 'm/b', 'o/B1', 'o/C1.c', 'm/C2')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: randomFile.map(
      (path): Step =>
        (lab) =>
          lab.write(path, String(path.length)),
    ),
  },
  {
    weight: 2,
    arbitrary: randomFile.map(
      (path): Step =>
        (lab) =>
          lab.write(path, 'other'),
    ),
  },
  {
    weight: 2,
    arbitrary: randomFile.map(
      (path): Step =>
        (lab) =>
          lab.remove(path),
    ),
  },
  {
    weight: 2,
    arbitrary: randomFile.map(
      (path): Step =>
        (lab) =>
          lab.touch(path, 1_700_000_000),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((lab) => lab.makeAll()) },
  {
    weight: 3,
    arbitrary: randomFile.map(
      (path): Step =>
        (lab) =>
          lab.build(() => lab.write(path, 'meanwhile')),
    ),
  },
  {
    weight: 1,
    arbitrary: target.map(
      (target): Step =>
        (lab) =>
          lab.append({ type: 'rebuild', job: 'r0/x', target, ...record }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('B1\n', 'B1\tx\nb\n', 'B3\n', 'C1\tx\nC2\ty\n', 'C1\ty\n', 'c1\ty\n').map(
      (text): Step =>
        (lab) =>
          lab.write('data/manifests/m.tsv', text),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((lab) => lab.remove(lookPath)) },
  { weight: 1, arbitrary: fc.constant<Step>((lab) => lab.remove(sincePath)) },
  { weight: 1, arbitrary: fc.constant<Step>((lab) => lab.remove(rowsPath)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(lookPath, sincePath, rowsPath), fc.integer({ min: 0, max: 3000 })).map(
      ([path, length]): Step =>
        (lab) =>
          lab.tear(path, length),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('x', 'y').map(
      (value): Step =>
        (lab) =>
          lab.write(
            'rules/r.yaml',
            readFileSync(lab.path('rules/r.yaml'), 'utf8').replace(/"p":"."/, `"p":"${value}"`),
          ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('pools: { gpu: 1 }', 'rules: { x: 3 }', undefined).map(
      (text): Step =>
        (lab) =>
          text === undefined ? lab.remove('rules/more.yaml') : lab.write('rules/more.yaml', text),
    ),
  },
)

/** With batches that stay at rest, beside those that the steps are about. */
async function labAtRest(rules: object): Promise<Lab> {
  const lab = new Lab(rules)
  for (let i = 1; i <= 12; i++) for (const end of ['/x', '.a']) lab.write(`in/C${i}${end}`)
  await lab.makeAll()
  await lab.recall()
  return lab
}

test('after any changes a look back says what a plan of everything says, whatever became of the looks', async () => {
  let recalled = 0
  await fc.assert(
    fc.asyncProperty(randomRules, fc.array(step, { minLength: 2, maxLength: 8 }), async (rules, steps) => {
      using lab = await labAtRest(rules)
      for (const [i, change] of steps.entries()) {
        await change(lab)
        const { standing, planned } = await lab.recall()
        if (typeof planned === 'number') recalled++
        expect([i, sorted(standing)]).toEqual([i, sorted(await lab.standing())])
      }
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 40) },
  )
  // It did look back.
  expect(recalled).toBeGreaterThan(5)
}, 120_000)

const goal = fc
  .tuple(
    fc.constantFrom('', 'first/', 'second/', 'm/', 'o/', './m/'),
    fc.constantFrom('C1', 'C12', 'B1', 'B3', 'c1', 'x'),
  )
  .map(([start, name]) => start + name)

test('a batch that is named waits for the one that differs from it by case alone, though nobody looked since that came', async () => {
  using lab = await standingLab(['B1', 'B2', 'B3', 'B4', 'B5'])
  lab.write('in/b1/a.mat')
  const { apart, all } = await lab.named('kwd/B1')
  expect(apart).toMatchObject([['kwd/B1', { state: 'waiting' }]])
  expect(apart).toEqual(all)
})

test('after any changes a dry run, and what goals name, are told as by a plan of everything', async () => {
  let wasApart = 0
  const change = fc.tuple(step, fc.boolean(), goal)
  await fc.assert(
    fc.asyncProperty(randomRules, fc.array(change, { minLength: 2, maxLength: 6 }), async (rules, changes) => {
      using lab = await labAtRest(rules)
      for (const [i, [change, isBuilt, goal]] of changes.entries()) {
        await change(lab)
        const { known, all } = await lab.dryRuns()
        expect([i, known]).toEqual([i, all])
        const named = await lab.named(goal)
        expect([i, goal, named.apart]).toEqual([i, goal, named.all])
        const { scope } = (await openAsKnown(lab.root)).planOfGoals([goal])
        if (scope !== 'all' && scope.size > 0) wasApart++
        if (isBuilt) await lab.recall()
      }
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 40) },
  )
  expect(wasApart).toBeGreaterThan(5)
}, 120_000)
