import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StartedAttempt } from '../../src/engine/attempt.ts'
import type { Outcome } from '../../src/engine/entry.ts'
import type { StagedTarget } from '../../src/model/attempt.ts'
import { type Lab, lab, settled, type Underway } from '../fakes/lab.ts'
import { exitWith, type FakeRecipe } from '../fakes/launcher.ts'

// One property over all of it: random rules, random changes, failures and kills, at any parallelism. What labmake did is
// compared with an oracle that knows no stamps, no journal and no plan: it counts changes.

const batches = ['B1', 'B2', 'B3']
const slots: Readonly<Record<string, number>> = { cpu: 2, ram: 1 }

/** Rule number i makes `r<i>/{batch}`, a file or a folder, of the recording (-1) and of earlier rules; or `r<i>.all` of all batches. */
interface RandomRule {
  readonly from: readonly number[]
  readonly isFolder: boolean
  readonly gathers: boolean
  readonly pool: Readonly<Record<string, number>>
}

type Change =
  | { readonly kind: 'write'; readonly batch: string; readonly file: number; readonly old: number }
  | { readonly kind: 'remove'; readonly batch: string; readonly file: number }
  | { readonly kind: 'param'; readonly batch: string; readonly value: number }
  | { readonly kind: 'recipe'; readonly rule: number }
  | { readonly kind: 'delete target'; readonly rule: number; readonly batch: string }

interface Step {
  readonly changes: readonly Change[]
  /** Jobs whose recipe fails in this step. */
  readonly failing: readonly string[]
  /** Which of the running recipes ends next. */
  readonly picks: readonly number[]
  readonly maxJobs: number | undefined
  /** labmake is killed before this act, and a new one starts after `meanwhile`. */
  readonly crash:
    | { readonly act: number; readonly meanwhile: readonly Change[]; readonly recipesEnd: boolean }
    | undefined
}

const batch = fc.constantFrom(...batches)
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), batch, file: fc.nat(2), old: fc.nat(9) }) },
  fc.record({ kind: fc.constant('remove' as const), batch, file: fc.nat(2) }),
  fc.record({ kind: fc.constant('param' as const), batch, value: fc.nat(2) }),
  fc.record({ kind: fc.constant('recipe' as const), rule: fc.nat(3) }),
  fc.record({ kind: fc.constant('delete target' as const), rule: fc.nat(3), batch }),
)
const step: fc.Arbitrary<Step> = fc.record({
  changes: fc.array(change, { maxLength: 4 }),
  failing: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    fc.array(
      fc.tuple(fc.nat(3), batch).map(([rule, b]) => `r${rule}/${b}`),
      { maxLength: 3 },
    ),
  ),
  picks: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
  maxJobs: fc.constantFrom(undefined, undefined, 1, 2),
  crash: fc.option(
    fc.record({ act: fc.nat(60), meanwhile: fc.array(change, { maxLength: 2 }), recipesEnd: fc.boolean() }),
    { nil: undefined, freq: 3 },
  ),
})
const rule = (i: number): fc.Arbitrary<RandomRule> =>
  fc.record({
    from:
      i === 0 ? fc.constant([-1]) : fc.uniqueArray(fc.integer({ min: -1, max: i - 1 }), { minLength: 1, maxLength: 2 }),
    isFolder: fc.boolean(),
    gathers: i === 0 ? fc.constant(false) : fc.boolean(),
    pool: fc.constantFrom({ cpu: 1 }, { ram: 1 }, { cpu: 1, ram: 1 }, { cpu: 2 }),
  })
const rules = fc.integer({ min: 2, max: 4 }).chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => rule(i))))

/** Some changes make no sense of every set of rules: a rule that reads only what has no batch needs the recording too. */
function sound(random: readonly RandomRule[]): RandomRule[] {
  const made: RandomRule[] = []
  for (const [i, r] of random.entries()) {
    const batchwise = r.from.filter((j) => j >= 0 && !made[j]!.gathers)
    if (r.gathers && batchwise.length > 0) made.push({ ...r, from: batchwise.slice(0, 1) })
    else if (batchwise.length > 0 || r.from.includes(-1)) made.push({ ...r, gathers: false })
    else made.push({ ...r, gathers: false, from: [-1, ...r.from] })
    if (i === 0) made[0] = { ...r, from: [-1], gathers: false }
  }
  return made
}

const slash = ({ isFolder }: RandomRule) => (isFolder ? '/' : '')
const targetOf = (r: RandomRule, i: number, b: string) => (r.gathers ? `r${i}.all` : `r${i}/${b}`)
const jobOf = (r: RandomRule, i: number, b: string) => (r.gathers ? `r${i}` : `r${i}/${b}`)

function ruleFile(random: readonly RandomRule[], versions: readonly number[]) {
  const pattern = (j: number, gathers: boolean) =>
    j < 0 ? 'in/{batch}/' : `${targetOf(random[j]!, j, gathers ? '*' : '{batch}')}${slash(random[j]!)}`
  const entries = random.map((r, i) => [
    `r${i}`,
    {
      sources: r.from.map((j) => pattern(j, r.gathers)),
      targets: `${targetOf(r, i, '{batch}')}${slash(r)}`,
      params: { [`p${i}`]: '0' },
      pool: r.pool,
      recipe: `make v${versions[i]} {p${i}} {target} {sources}`,
    },
  ])
  return { pools: slots, rules: Object.fromEntries(entries) as object }
}

const hash = (text: string) => createHash('sha1').update(text).digest('hex').slice(0, 10)

/** The world as the oracle sees it. */
class World {
  readonly it: Lab
  readonly rules: readonly RandomRule[]
  readonly versions: number[]
  readonly params = new Map<string, number>()
  /** How often a file of a recording was changed. */
  readonly changes = new Map<string, number>()
  /** What a job was started from, by job and attempt. */
  readonly startedFrom = new Map<string, string>()
  failing: readonly string[] = []
  private ticks = 0

  constructor(random: readonly RandomRule[]) {
    this.rules = random
    this.versions = random.map(() => 1)
    this.it = lab(ruleFile(random, this.versions))
    this.it.launcher.script = (recipe) => this.check(recipe)
  }

  apply(changes: readonly Change[]): void {
    const { disk, clock } = this.it
    for (const c of changes) {
      clock.tick()
      this.ticks++
      if (c.kind === 'write' || c.kind === 'remove') {
        const path = `in/${c.batch}/${c.file}.mat`
        this.changes.set(path, this.ticks)
        if (c.kind === 'write') {
          disk.write(path, `${this.ticks}`)
          // Also older than what was there before, but never of the same time.
          disk.age(path, { seconds: c.old * 1000 + this.ticks / 1000 })
        } else if (disk.read(path) !== undefined) disk.delete(path)
      } else if (c.kind === 'param') {
        this.params.set(c.batch, c.value)
        disk.write('data/manifests/m.tsv', [...this.params].map(([b, value]) => `batch\tp0\n${b}\t${value}\n`).join(''))
      } else if (c.kind === 'recipe' && c.rule < this.rules.length) {
        this.versions[c.rule]!++
        this.it.edit(ruleFile(this.rules, this.versions))
      } else if (c.kind === 'delete target' && c.rule < this.rules.length) {
        const path = targetOf(this.rules[c.rule]!, c.rule, c.batch)
        if (disk.stat(path) !== undefined) disk.delete(path)
      }
    }
  }

  /** Paths of what a job reads; undefined if a part of it is not there. */
  sources(i: number, b: string): string[] | undefined {
    const found: string[] = []
    for (const j of this.rules[i]!.from) {
      const paths = j < 0 ? [`in/${b}`] : this.rules[i]!.gathers ? this.allOf(j) : [targetOf(this.rules[j]!, j, b)]
      const there = paths.filter((path) => this.content(path) !== undefined)
      if (there.length === 0) return undefined
      found.push(...there)
    }
    return found
  }

  private allOf(j: number): string[] {
    return batches.map((b) => targetOf(this.rules[j]!, j, b))
  }

  content(path: string): string | undefined {
    const tree = this.it.disk.tree(path)
    return this.it.disk.read(path) ?? (Object.keys(tree).length === 0 ? undefined : JSON.stringify(tree))
  }

  param(i: number, b: string): number {
    return i === 0 ? (this.params.get(b) ?? 0) : 0
  }

  /** What the recipe would write. */
  expected(i: number, b: string): string | undefined {
    const sources = this.sources(i, b)
    if (sources === undefined) return undefined
    return this.written(`v${this.versions[i]}`, String(this.param(i, b)), sources)
  }

  private written(version: string, param: string, sources: readonly string[]): string {
    return hash([version, param, ...sources.map((path) => `${path} ${this.content(path)}`)].join('\n'))
  }

  /** Everything that a job depends on, by how often it was changed or made. */
  dependsOn(i: number, b: string): string {
    const count = (path: string) => {
      if (path.startsWith('in/')) return Object.keys(this.it.disk.tree(path)).map((f) => `${f}@${this.changes.get(f)}`)
      return this.it.journal.records.filter((r) => r.type === 'made' && r.target === path).length
    }
    const sources = (this.sources(i, b) ?? []).map((path) => `${path}#${count(path)}`)
    return [this.versions[i], this.param(i, b), ...sources].join(' ')
  }

  places(): { i: number; b: string; id: string }[] {
    return this.rules.flatMap((r, i) => (r.gathers ? [''] : batches).map((b) => ({ i, b, id: jobOf(r, i, b) })))
  }

  /** A recipe starts: are there slots for it, and is there a reason? */
  private check(recipe: FakeRecipe): void {
    const used = new Map<string, number>()
    for (const { job } of this.it.launcher.running()) {
      for (const [pool, n] of Object.entries(this.rules[Number(job[1])]!.pool))
        used.set(pool, (used.get(pool) ?? 0) + n)
    }
    for (const [pool, n] of used) expect(n, pool).toBeLessThanOrEqual(slots[pool]!)
    const { i, b, id } = this.places().find((place) => place.id === recipe.job)!
    const now = this.dependsOn(i, b)
    const attempts = this.it.journal.records.filter((r) => 'job' in r && r.job === id && r.type !== 'started')
    const last = attempts.at(-1)
    const isThere = this.content(targetOf(this.rules[i]!, i, b)) !== undefined
    const made = last?.type === 'made' ? this.startedFrom.get(`${id} ${last.attempt}`) : undefined
    expect(isThere && made === now ? `${id} ran, but is up to date` : 'fine').toBe('fine')
    this.startedFrom.set(`${id} ${recipe.log.match(/(\d+)\.log$/)![1]}`, now)
  }

  /** The recipe does its work and ends. */
  end(recipe: FakeRecipe): void {
    if (this.failing.includes(recipe.job)) {
      recipe.end(exitWith(1))
      return
    }
    this.it.clock.tick()
    const [, version = '', param = '', , ...sources] = recipe.words
    const content = this.written(version, param, sources)
    for (const { staged, isFolder } of recipe.targets as readonly StagedTarget[]) {
      this.it.disk.write(isFolder ? `${staged}/made` : staged, content)
    }
    recipe.end()
  }

  async drive({ outcomes }: Underway, picks: readonly number[]): Promise<void> {
    let over = false
    void outcomes.then(
      () => (over = true),
      () => (over = true),
    )
    for (let n = 0; ; n++) {
      await settled()
      const running = this.it.launcher.running()
      if (over || running.length === 0) return
      this.end(running[picks[n % picks.length]! % running.length]!)
    }
  }

  /** labmake is killed; what runs may end, files may change; the next one takes over. */
  async crash(crash: NonNullable<Step['crash']>, picks: readonly number[]): Promise<readonly StartedAttempt[]> {
    const { acts, launcher } = this.it
    acts.mend()
    acts.crashAt(crash.act)
    const build = this.it.start()
    build.outcomes.catch(() => undefined)
    await this.drive(build, picks)
    acts.mend()
    this.it.dies()
    this.apply(crash.meanwhile)
    if (crash.recipesEnd) for (const recipe of launcher.running()) this.end(recipe)
    const { running, troubles } = await this.it.recover()
    expect(troubles).toEqual([])
    return running
  }
}

async function live(world: World, { changes, failing, picks, maxJobs, crash }: Step): Promise<void> {
  const { it } = world
  world.apply(changes)
  world.failing = failing
  if (crash !== undefined) {
    const adopted = await world.crash(crash, picks)
    await world.drive(it.start({ adopted }), picks)
    // A recipe whose job exists no more is waited for by nobody: labmake may be through before it ends. It ends some time,
    // and the next labmake settles it.
    for (const recipe of it.launcher.running()) world.end(recipe)
    await it.recover()
  }
  const planned = it.stale()
  const before = it.launcher.recipes.length
  const build = it.start(maxJobs === undefined ? {} : { maxJobs })
  await world.drive(build, picks)
  const outcomes = await build.outcomes
  const ended = (outcome: Outcome) => [...outcomes].filter(([, o]) => o === outcome).map(([id]) => id)
  expect([...it.launcher.ran.slice(before), ...ended('blocked')].sort(), 'the dry run').toEqual(planned.toSorted())
  const failed = [...ended('failed'), ...ended('blocked')]
  for (const { i, b, id } of world.places()) {
    const expected = failed.includes(id) ? undefined : world.expected(i, b)
    if (expected === undefined) continue
    const target = targetOf(world.rules[i]!, i, b)
    const content = world.rules[i]!.isFolder ? it.disk.read(`${target}/made`) : it.disk.read(target)
    expect(content, `${target} is what its recipe makes of the sources as they are`).toBe(expected)
  }
  expect(
    it.stale().filter((id) => !failed.includes(id)),
    'still stale',
  ).toEqual([])
  expect(Object.keys(it.disk.tree()).filter((path) => path.includes('.labmake-'))).toEqual([])
  expect(it.attempts.left()).toEqual([])
}

test('whatever happens, every target is what its recipe makes of its sources, and nothing ran for nothing', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(step, { minLength: 1, maxLength: 5 }), async (random, steps) => {
      const world = new World(sound(random))
      world.apply(batches.slice(0, 2).map((b) => ({ kind: 'write', batch: b, file: 0, old: 0 })))
      for (const one of steps) await live(world, one)
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 100) },
  )
}, 60_000)
