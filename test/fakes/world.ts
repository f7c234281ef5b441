import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { StagedTarget } from '../../src/model/attempt.ts'
import type { TargetRecord } from '../../src/model/record.ts'
import { type Lab, lab, settled, type Underway } from './lab.ts'
import { exitWith, type FakeRecipe } from './launcher.ts'

// Random rules and random changes of what they read, with an oracle that knows no stamps, no journal and no plan: it
// counts changes.

export const batches = ['B1', 'B2', 'B3']
export const slots: Readonly<Record<string, number>> = { cpu: 2, ram: 1 }

/** Rule number i makes `r<i>/{batch}`, a file or a folder, of the recording (-1) and of earlier rules; or `r<i>.all` of all batches. */
export interface RandomRule {
  readonly from: readonly number[]
  readonly isFolder: boolean
  readonly gathers: boolean
  readonly pool: Readonly<Record<string, number>>
  readonly retries: number
}

export type Change =
  | { readonly kind: 'write'; readonly batch: string; readonly file: number; readonly old: number }
  | { readonly kind: 'remove'; readonly batch: string; readonly file: number }
  /** The whole recording goes. */
  | { readonly kind: 'take away'; readonly batch: string }
  | { readonly kind: 'param'; readonly batch: string; readonly value: number }
  | { readonly kind: 'recipe'; readonly rule: number }
  | { readonly kind: 'delete target'; readonly rule: number; readonly batch: string }

export const batch = fc.constantFrom(...batches)
export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), batch, file: fc.nat(2), old: fc.nat(9) }) },
  fc.record({ kind: fc.constant('remove' as const), batch, file: fc.nat(2) }),
  fc.record({ kind: fc.constant('take away' as const), batch }),
  fc.record({ kind: fc.constant('param' as const), batch, value: fc.nat(2) }),
  fc.record({ kind: fc.constant('recipe' as const), rule: fc.nat(3) }),
  fc.record({ kind: fc.constant('delete target' as const), rule: fc.nat(3), batch }),
)
const rule = (i: number): fc.Arbitrary<RandomRule> =>
  fc.record({
    from:
      i === 0 ? fc.constant([-1]) : fc.uniqueArray(fc.integer({ min: -1, max: i - 1 }), { minLength: 1, maxLength: 2 }),
    isFolder: fc.boolean(),
    gathers: i === 0 ? fc.constant(false) : fc.boolean(),
    pool: fc.constantFrom({ cpu: 1 }, { ram: 1 }, { cpu: 1, ram: 1 }, { cpu: 2 }),
    retries: fc.constant(0),
  })
export const rules = fc
  .integer({ min: 2, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => rule(i))))

/** Some changes make no sense of every set of rules: a rule that reads only what has no batch needs the recording too. */
export function sound(random: readonly RandomRule[]): RandomRule[] {
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
export const targetOf = (r: RandomRule, i: number, b: string) => (r.gathers ? `r${i}.all` : `r${i}/${b}`)
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
      retries: r.retries,
      recipe: `make v${versions[i]} {p${i}} {target} {sources}`,
    },
  ])
  return { pools: slots, rules: Object.fromEntries(entries) as object }
}

const hash = (text: string) => createHash('sha1').update(text).digest('hex').slice(0, 10)

/** The world as the oracle sees it. */
export class World {
  readonly it: Lab
  readonly rules: readonly RandomRule[]
  readonly versions: number[]
  readonly params = new Map<string, number>()
  /** How often a file of a recording was changed. */
  readonly changes = new Map<string, number>()
  /** What a job was started from, by job and attempt. */
  readonly startedFrom = new Map<string, string>()
  failing: readonly string[] = []
  /** Slots by pool, as they are in force. */
  limits = (): Readonly<Record<string, number>> => slots
  /** A recipe was started. `last`: the end of the job's attempt before. `sameAsLast`: nothing that it reads changed since that began. */
  onStart: (recipe: FakeRecipe, more: { readonly last: EndRecord | undefined; readonly sameAsLast: boolean }) => void =
    () => {}
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
      if (c.kind === 'write') this.write(`in/${c.batch}/${c.file}.mat`, c.old)
      else if (c.kind === 'remove') {
        const path = `in/${c.batch}/${c.file}.mat`
        if (disk.read(path) === undefined) continue
        disk.delete(path)
        // What was there before never comes back as it was: a recipe that had read something else in between would be right
        // by the stamps of before and after.
        const [other] = Object.keys(disk.tree(`in/${c.batch}`))
        if (other !== undefined) this.write(other, 0)
      } else if (c.kind === 'take away') {
        if (disk.stat(`in/${c.batch}`) !== undefined) disk.delete(`in/${c.batch}`)
      } else if (c.kind === 'param') {
        this.params.set(c.batch, c.value)
        disk.write(
          'data/manifests/m.tsv',
          ['batch\tp0', ...[...this.params].map(([b, value]) => `${b}\t${value}`)].join('\n'),
        )
      } else if (c.kind === 'recipe' && c.rule < this.rules.length) {
        this.versions[c.rule]!++
        this.it.edit(ruleFile(this.rules, this.versions))
      } else if (c.kind === 'delete target' && c.rule < this.rules.length) {
        const path = targetOf(this.rules[c.rule]!, c.rule, c.batch)
        if (disk.stat(path) !== undefined) disk.delete(path)
      }
    }
  }

  private write(path: string, old: number): void {
    const { disk } = this.it
    this.changes.set(path, this.ticks)
    disk.write(path, `${this.ticks}`)
    // Also older than what was there before, but never of the same time.
    disk.age(path, { seconds: old * 1000 + this.ticks / 1000 })
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

  target(i: number, b: string): string {
    return targetOf(this.rules[i]!, i, b)
  }

  /** What a recipe wrote there; undefined if nothing is there. */
  made(i: number, b: string): string | undefined {
    const target = this.target(i, b)
    return this.it.disk.read(this.rules[i]!.isFolder ? `${target}/made` : target)
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
    const { i, b, id } = this.places().find((place) => place.id === recipe.job)!
    // A pool that was made smaller may be over its limit with what runs; nothing is added to it.
    for (const pool of Object.keys(this.rules[i]!.pool))
      expect(used.get(pool), pool).toBeLessThanOrEqual(this.limits()[pool]!)
    const now = this.dependsOn(i, b)
    const target = targetOf(this.rules[i]!, i, b)
    const attempts = this.it.journal.records.flatMap((r) => ('job' in r && r.job === id && isEnd(r) ? [r] : []))
    const last = attempts.at(-1)
    const sameAsLast = last !== undefined && this.startedFrom.get(`${id} ${last.attempt}`) === now
    const isAsked = this.it.journal.history(target).rebuild !== undefined
    const isUpToDate = this.content(target) !== undefined && last?.type === 'made' && sameAsLast && !isAsked
    expect(isUpToDate ? `${id} ran, but is up to date` : 'fine').toBe('fine')
    this.startedFrom.set(`${id} ${recipe.log.match(/(\d+)\.log$/)![1]}`, now)
    this.onStart(recipe, { last, sameAsLast })
  }

  /** The recipe does its work and ends. */
  end(recipe: FakeRecipe): void {
    if (recipe.cancelled.length > 0) {
      recipe.end({ status: 'cancelled' })
      return
    }
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
}

type EndRecord = Extract<TargetRecord, { type: 'made' | 'failed' | 'cancelled' }>

const isEnd = (record: TargetRecord): record is EndRecord =>
  record.type === 'made' || record.type === 'failed' || record.type === 'cancelled'
