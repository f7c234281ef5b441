import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boardToJson } from '../../src/core/board.ts'
import { standingOf } from '../../src/core/standing.ts'
import type { Action } from '../../src/model/action.ts'
import type { BoardJob } from '../../src/model/board.ts'
import { DiskFault } from '../../src/model/ports.ts'
import { Crash } from '../fakes/acts.ts'
import { settled } from '../fakes/lab.ts'
import { nextEngine, type Watching, watching } from '../fakes/watching.ts'
import { batches, type Change, change, rules, slots, sound, World } from '../fakes/world.ts'

// One property over an engine that stays: random rules, changes, failures, actions, deaths. The oracle knows no stamps, no
// journal and no plan.

type Move =
  | { readonly kind: 'change'; readonly change: Change; readonly told: 'batch' | 'all' }
  | { readonly kind: 'failing'; readonly jobs: readonly string[] }
  | { readonly kind: 'end'; readonly pick: number }
  | { readonly kind: 'act'; readonly action: Action }
  | { readonly kind: 'undo' }
  | { readonly kind: 'wait' }
  /** Killed before this many more acts of the disk, and the next one starts after a change. */
  | { readonly kind: 'die'; readonly acts: number; readonly change: Change; readonly recipesEnd: boolean }
  | { readonly kind: 'stop'; readonly how: 'leave' | 'end'; readonly recipesEnd: boolean }

const job = fc
  .tuple(fc.nat(3), fc.constantFrom(...batches, ''))
  .map(([rule, b]) => (b === '' ? `r${rule}` : `r${rule}/${b}`))
const jobs = fc.array(job, { minLength: 1, maxLength: 4 })
const pool = fc.constantFrom(...Object.keys(slots))
const byJobs = (type: 'retry' | 'cancel' | 'hold' | 'release' | 'first' | 'later' | 'rebuild') =>
  jobs.map((ids): Action => ({ type, jobs: ids }))
const action: fc.Arbitrary<Action> = fc.oneof(
  byJobs('retry'),
  byJobs('cancel'),
  byJobs('hold'),
  byJobs('release'),
  byJobs('first'),
  byJobs('later'),
  byJobs('rebuild'),
  fc.constantFrom<Action>(
    { type: 'build', jobs: [] },
    { type: 'build', jobs: ['r0'] },
    { type: 'build', jobs: ['B1'] },
  ),
  pool.map((name): Action => ({ type: 'pause', pool: name })),
  pool.map((name): Action => ({ type: 'resume', pool: name })),
  fc
    .tuple(pool, fc.constantFrom<number | 'declared'>(0, 1, 2, 3, 'declared'))
    .map(([name, n]): Action => ({ type: 'slots', pool: name, slots: n })),
)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5).map((pick) => ({ kind: 'end' as const, pick })) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      change,
      told: fc.constantFrom('batch' as const, 'batch' as const, 'all' as const),
    }),
  },
  { weight: 5, arbitrary: action.map((a) => ({ kind: 'act' as const, action: a })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'undo' as const }) },
  { weight: 2, arbitrary: fc.array(job, { maxLength: 3 }).map((ids) => ({ kind: 'failing' as const, jobs: ids })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('die' as const), acts: fc.nat(20), change, recipesEnd: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stop' as const),
      how: fc.constantFrom('leave' as const, 'end' as const),
      recipesEnd: fc.boolean(),
    }),
  },
)
const retriedRules = rules.chain((random) =>
  fc.tuple(...random.map((rule) => fc.constantFrom(0, 0, 1).map((retries) => ({ ...rule, retries })))),
)

/** One life of a workspace, through many engines. */
class Life {
  readonly world: World
  watch: Watching
  private asked = new Set<string>()
  private undo: Action | undefined
  private engines = 1

  private readonly faults: readonly unknown[]

  constructor(world: World, watch: Watching, faults: readonly unknown[]) {
    this.world = world
    this.watch = watch
    this.faults = faults
  }

  static async begin(world: World): Promise<Life> {
    // Recipes that start at once are checked for their slots and reasons as well.
    const { script } = world.it.launcher
    const starting = watching(world.it)
    const faults: unknown[] = []
    world.it.launcher.script = (recipe) => {
      try {
        script(recipe)
      } catch (fault) {
        // Thrown here it would be a fault of the launcher: see check.
        faults.push(fault)
      }
    }
    const life = new Life(world, await starting, faults)
    world.onStart = (recipe, { last, sameAsLast }) => {
      const { history } = world.it.journal
      const target = recipe.targets[0]!.path
      const { failures, held } = history(target)
      expect(held === undefined ? 'fine' : `${recipe.job} started though it is held`).toBe('fine')
      const isAsked = life.asked.delete(recipe.job)
      if (last === undefined || last.type === 'made' || !sameAsLast || isAsked) return
      if (last.type === 'cancelled') {
        expect(last.by === undefined ? 'fine' : `${recipe.job} started though it was stopped`).toBe('fine')
        return
      }
      const lost = last.cause.kind === 'lost' ? 1 : 0
      const retries = Math.max(world.rules[Number(recipe.job[1])]!.retries, lost)
      expect(failures, `${recipe.job} is tried again for the ${failures}. time`).toBeLessThanOrEqual(retries)
    }
    world.limits = () => life.limits()
    return life
  }

  private limits(): Readonly<Record<string, number>> {
    const pools = [...this.watch.engine.board().pools.values()]
    return Object.fromEntries(pools.map((p) => [p.name, p.pausedBy === undefined ? p.slots : 0]))
  }

  async make(move: Move): Promise<void> {
    const { world, watch } = this
    const { launcher } = world.it
    switch (move.kind) {
      case 'change':
        return this.change(move.change, move.told)
      case 'failing':
        world.failing = move.jobs
        return
      case 'end': {
        const running = launcher.running()
        if (running.length > 0) world.end(running[move.pick % running.length]!)
        return
      }
      case 'act':
        return this.act(move.action)
      case 'undo':
        return this.undo === undefined ? undefined : this.act(this.undo)
      case 'wait':
        world.it.clock.tick(60_000)
        return
      case 'die':
        return this.die(move)
      case 'stop': {
        await this.act({ type: 'stop', jobs: move.how })
        if (move.how === 'end') for (const recipe of launcher.running()) world.end(recipe)
        await watch.outcomes
        if (move.recipesEnd) for (const recipe of launcher.running()) world.end(recipe)
        return this.next()
      }
    }
  }

  private async change(one: Change, told: 'batch' | 'all'): Promise<void> {
    this.world.apply([one])
    if (told === 'all' || one.kind === 'recipe') await this.watch.changed()
    else await this.watch.changed(one.batch)
  }

  private async act(action: Action): Promise<void> {
    const held = new Set(this.heldJobs())
    const before = [...this.asked]
    if (action.type === 'retry' || action.type === 'rebuild') for (const id of action.jobs) this.asked.add(id)
    if (action.type === 'build') for (const { id } of this.world.places()) this.asked.add(id)
    try {
      const { done, text, count, undo } = await this.watch.act(action)
      expect(text).not.toBe('')
      if (!done) {
        this.asked = new Set(before)
        return
      }
      this.undo = undo
      if (action.type === 'hold') expect(new Set(this.heldJobs()).size).toBe(held.size + count)
      if (action.type === 'release') expect(new Set(this.heldJobs()).size).toBe(held.size - count)
    } catch (error) {
      if (!(error instanceof Crash || error instanceof DiskFault || (error as Error).name === 'UserError')) throw error
    }
  }

  private heldJobs(): string[] {
    const { journal } = this.world.it
    const targets = this.world.rules.flatMap((rule, i) =>
      rule.gathers ? [`r${i}.all`] : batches.map((b) => `r${i}/${b}`),
    )
    return targets.filter((target) => journal.history(target).held !== undefined)
  }

  private async die({ acts, change: one, recipesEnd }: Move & { kind: 'die' }): Promise<void> {
    const { it } = this.world
    it.acts.mend()
    it.acts.crashAt(acts)
    for (const recipe of it.launcher.running()) this.world.end(recipe)
    await settled()
    it.acts.mend()
    it.dies()
    this.world.apply([one])
    if (recipesEnd) for (const recipe of it.launcher.running()) this.world.end(recipe)
    await this.next()
  }

  private async next(): Promise<void> {
    // What a person changed of the pools ended with the engine.
    this.world.limits = () => slots
    this.undo = undefined
    this.watch = await nextEngine(this.world.it)
    this.engines++
    this.world.limits = () => this.limits()
  }

  /** What started had a reason and slots, the client's board is the engine's, and no target is made by two. */
  check(): void {
    if (this.faults.length > 0) throw this.faults[0]
    const { watch, world } = this
    const sorted = (jobs: readonly BoardJob[]) => jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const plain = (board: ReturnType<Watching['board']>) => {
      const { jobs, ...rest } = boardToJson(board)
      return JSON.parse(JSON.stringify({ ...rest, jobs: sorted(jobs) })) as unknown
    }
    expect(plain(watch.board())).toEqual(plain(watch.engine.board()))
    const targets = world.it.launcher.running().flatMap((recipe) => recipe.targets.map((t) => t.path))
    expect(targets).toEqual([...new Set(targets)])
    const running = world.it.launcher.running().map((recipe) => recipe.job)
    const shown = [...watch.engine.board().jobs.values()].filter(({ status }) => status.state === 'running')
    for (const { id } of shown) expect(running).toContain(id)
    // What an earlier engine left may belong to no job any more.
    if (this.engines === 1) expect(shown.map(({ id }) => id).sort()).toEqual(running.sort())
  }

  /** Lets everything come to its end that will. */
  async rest(): Promise<void> {
    const { it } = this.world
    for (let calm = 0; calm < 3; calm++) {
      for (let n = 0; it.launcher.running().length > 0; n++) {
        expect(n, 'it comes to an end').toBeLessThan(500)
        this.world.end(it.launcher.running()[0]!)
        await settled()
        this.check()
        calm = 0
      }
      it.clock.tick(3_600_000)
      await settled()
    }
  }

  /** What is said of everything is what a plan from nothing says, though the engine planned only what it was told of. */
  async stands(): Promise<void> {
    const { it } = this.world
    it.hearsAll = true
    const { standing } = await this.watch.engine.standing([])
    const { plan } = it.plan()
    expect(standing).toEqual(standingOf(plan, new Set(plan.byId.keys())))
    it.hearsAll = false
  }

  /** Every job is done, or stands where it stands for a reason that is true. */
  judge(): void {
    const { jobs } = this.watch.engine.board()
    for (const { i, b, id } of this.world.places()) {
      const shown = jobs.get(id)
      if (shown === undefined) {
        expect(this.world.sources(i, b), `${id} is not on the board, and has no sources`).toBeUndefined()
        continue
      }
      expect(this.fault(shown, i, b), `${id} ${JSON.stringify(shown.status)}`).toBeUndefined()
    }
    expect([...jobs.keys()].sort(), 'a plan knows the same jobs').toEqual(
      [...this.world.it.plan().plan.byId.keys()].sort(),
    )
  }

  /** All that a job needs, be it through others. */
  private needs(id: string): ReadonlySet<string> {
    const needed = new Set(this.watch.engine.board().jobs.get(id)?.prerequisites)
    for (const other of needed)
      for (const more of this.watch.engine.board().jobs.get(other)?.prerequisites ?? []) needed.add(more)
    return needed
  }

  /** Why a job cannot stand as it does; undefined if it may. */
  private fault({ id, status, prerequisites }: BoardJob, i: number, b: string): string | undefined {
    const { world } = this
    const target = world.target(i, b)
    const history = world.it.journal.history(target)
    const last = history.stopped ?? history.failed
    const isAsLast = last !== undefined && world.startedFrom.get(`${id} ${last.attempt}`) === world.dependsOn(i, b)
    const other = (name: string) => this.watch.engine.board().jobs.get(name)?.status.state
    switch (status.state) {
      case 'done':
        return world.made(i, b) === world.expected(i, b) ? undefined : 'it is not what its recipe makes of its sources'
      case 'failed':
        if (history.failed === undefined) return 'nothing failed'
        if (status.cause.kind === 'exit' && history.failures <= world.rules[i]!.retries) return 'it has retries left'
        return isAsLast || status.cause.kind === 'unstable-source' ? undefined : 'something changed since'
      case 'cancelled':
        if (history.stopped === undefined) return 'nobody stopped it'
        return isAsLast ? undefined : 'something changed since'
      case 'held':
        return history.held === undefined ? 'nobody holds it' : undefined
      case 'blocked':
        if (!this.needs(id).has(status.job)) return 'it does not need that'
        return other(status.job) === 'failed' ? undefined : 'that did not fail'
      case 'waiting': {
        const { reason } = status
        if (reason.kind === 'no-source') return world.sources(i, b) === undefined ? undefined : 'its sources are there'
        if (reason.kind !== 'prerequisite') return 'there is no such reason here'
        if (!prerequisites.includes(reason.job)) return 'that is no prerequisite'
        const stands = other(reason.job) ?? ''
        return ['held', 'cancelled', 'waiting', 'queued'].includes(stands) ? undefined : `that is ${stands}`
      }
      case 'queued': {
        const limits = this.limits()
        const isShort = Object.entries(world.rules[i]!.pool).some(([name, n]) => limits[name]! < n)
        return isShort ? undefined : 'there are slots for it'
      }
      case 'orphaned':
        return world.sources(i, b) === undefined ? undefined : 'its sources are there'
      default:
        return 'that cannot be'
    }
  }
}

test('whatever happens, an engine that stays makes what can be made, and says truly why the rest is not', async () => {
  await fc.assert(
    fc.asyncProperty(retriedRules, fc.array(move, { minLength: 1, maxLength: 25 }), async (random, moves) => {
      const world = new World(sound(random))
      world.apply(batches.slice(0, 2).map((b) => ({ kind: 'write', batch: b, file: 0, old: 0 })))
      const life = await Life.begin(world)
      life.check()
      for (const one of moves) {
        await life.make(one)
        await settled()
        life.check()
      }
      await life.rest()
      life.check()
      life.judge()
      await life.stands()
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 100) },
  )
}, 120_000)
