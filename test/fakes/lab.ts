import { joinManifests } from '../../src/core/batches.ts'
import { namedJobs, withPrerequisites } from '../../src/core/goals.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { outlineOf } from '../../src/core/outline.ts'
import { takeIngredients, takeTargets } from '../../src/core/provenance.ts'
import { reasonText, verdictReason } from '../../src/core/reasons.ts'
import { canScope, caseTwinsOf } from '../../src/core/scope.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import type { PlannedGraph, Scope } from '../../src/engine/book.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { Outcome } from '../../src/engine/entry.ts'
import type { Ports } from '../../src/engine/ports.ts'
import { type Recovery, recover } from '../../src/engine/recover.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { RuleSet } from '../../src/model/rule.ts'
import { type Acts, Crash, countActs } from './acts.ts'
import { type FakeClock, fakeClock } from './clock.ts'
import { type FakeDisk, fakeDisk } from './disk.ts'
import { type FakeAttempts, type FakeJournal, fakeAttempts, fakeJournal } from './journal.ts'
import { type FakeLauncher, fakeLauncher } from './launcher.ts'
import { planOf, type RuleFileContent, soundRules } from './rules.ts'
import { type FakeSharedSlots, fakeSharedSlots } from './sharedSlots.ts'

export interface LabBuild {
  readonly goals?: readonly string[]
  readonly maxJobs?: number
  readonly failFast?: boolean
  readonly adopted?: EngineOptions['adopted']
  readonly settled?: EngineOptions['settled']
  /** `watch`: it stays, as the engine of a watcher does. */
  readonly mode?: 'watch' | 'build'
}

/** An engine at work. */
export interface Underway {
  readonly outcomes: Promise<ReadonlyMap<string, Outcome>>
  readonly events: readonly EngineEvent[]
  readonly engine: Engine
  /** As Ctrl-C, once and twice. */
  stop(): void
  kill(): void
}

/** A workspace of fakes: everything that labmake touches, in the test's hands. */
export interface Lab {
  readonly disk: FakeDisk
  readonly clock: FakeClock
  readonly acts: Acts
  readonly journal: FakeJournal
  readonly attempts: FakeAttempts
  readonly launcher: FakeLauncher
  readonly sharedSlots: FakeSharedSlots
  readonly ports: Ports
  /** The rules in force; set them to edit a rule file. */
  rules: RuleSet
  edit(content: RuleFileContent): void
  /** `untouched`: see LooksAtDisk; here everything is looked at all the same. */
  plan(scope?: Scope, untouched?: ReadonlySet<string>): PlannedGraph
  /** Engines are told of every change: nothing is looked at that nobody told of. */
  hearsAll: boolean
  /** What an engine that stays makes plans of everything of. */
  outline: EngineOptions['outline']
  /** Ids of jobs that would run, in order. */
  stale(): string[]
  /** The state of a job's verdict and the text of its reason: `stale: data/mat/B1/a changed`. */
  verdict(job: string): string
  start(options?: LabBuild): Underway
  /** Builds to the end, with recipes that work on their own; returns the ids of the jobs whose recipes ran. */
  build(options?: LabBuild): Promise<string[]>
  recover(): Promise<Recovery>
  /** labmake is killed: nothing that it still does reaches the disk, and what comes later is done by the next one. */
  dies(): void
  accept(job: string): Promise<void>
  rebuild(job: string): Promise<void>
}

/** `files`: paths → contents; files below data/manifests/ are manifests. All are an hour old. */
export function lab(content: RuleFileContent, files: Readonly<Record<string, string>> = {}): Lab {
  const clock = fakeClock()
  const acts = countActs()
  const disk = fakeDisk(() => clock.now(), acts)
  let life = 0
  for (const [path, text] of Object.entries(files)) disk.write(path, text)
  clock.tick(3_600_000)
  const journal = fakeJournal(acts)
  const attempts = fakeAttempts(acts)
  const launcher = fakeLauncher(disk, attempts, clock)
  const sharedSlots = fakeSharedSlots()
  const alive = (): Ports =>
    mortal({ disk, writer: disk.writer, launcher, attempts, journal, clock, sharedSlots }, life, () => life)
  /** Names that were met, with those that differ by case alone. */
  const twins = caseTwinsOf([])
  const twinsOf = (names: Iterable<string>) => {
    for (const name of names) twins.add(name)
    return new Set([...names].flatMap((name) => twins.of(name)))
  }
  const noted = (found: ReturnType<EngineOptions['outline']>) => found && notedSteps(found)
  function* notedSteps(found: NonNullable<ReturnType<EngineOptions['outline']>>) {
    const outline = yield* found
    twinsOf(outline.names)
    return outline
  }
  const self: Lab = {
    disk,
    clock,
    acts,
    journal,
    attempts,
    launcher,
    sharedSlots,
    get ports() {
      return alive()
    },
    rules: soundRules(content),
    hearsAll: false,
    edit: (changed) => {
      self.rules = soundRules(changed)
    },
    plan: (asked = 'all') => {
      const { rules } = self.rules
      const scope = asked === 'all' || !canScope(rules) ? 'all' : twinsOf(asked)
      const planned = planOf(self.rules, {
        disk,
        manifests: disk.tree('data/manifests'),
        history: (target) => journal.history(target),
        nowMs: clock.now(),
        ...(scope === 'all' ? {} : { scope }),
      })
      return { ...planned, rules: self.rules, scope }
    },
    outline() {
      const { rules, disabled } = self.rules
      const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
      const manifests = Object.entries(disk.tree('data/manifests')).map(([file, text]) => {
        return parseManifest(text, { file, firstParam })
      })
      return noted(outlineOf(self.rules, joinManifests(manifests, rules, disabled), surveyDisk(disk)))
    },
    stale() {
      const { plan } = self.plan()
      return plan.jobs.filter(({ verdict }) => verdict.state === 'stale').map(({ job }) => job.id)
    },
    verdict(job) {
      const verdict = self.plan().plan.byId.get(job)?.verdict
      if (verdict === undefined) throw new Error(`there is no job ${job}`)
      return `${verdict.state}: ${reasonText(verdictReason(verdict))}`
    },
    start: (options = {}) => startBuild(self, options),
    async build(options) {
      const before = launcher.recipes.length
      await self.start(options).outcomes
      return launcher.ran.slice(before)
    },
    recover: () => recover(alive(), () => self.plan().plan.jobs.map(({ job }) => job)),
    dies: () => void life++,
    async accept(id) {
      const { graph, plan } = self.plan()
      const { job, verdict } = plan.byId.get(id)!
      const survey = surveyDisk(disk)
      const { sourceBytes: _, ...ingredients } = takeIngredients(job, survey, graph.ignoreOf)
      const edited = verdict.state === 'protected' || (verdict.state === 'up-to-date' && verdict.edited !== undefined)
      const record = { at: new Date(clock.now()).toISOString(), job: id, target: job.targets[0]!.path, by: 'ana' }
      await journal.append({ type: 'accepted', ...record, ...ingredients, targets: takeTargets(job, survey), edited })
    },
    async rebuild(id) {
      const { job } = self.plan().plan.byId.get(id)!
      const at = new Date(clock.now()).toISOString()
      await journal.append({ type: 'rebuild', at, job: id, target: job.targets[0]!.path, by: 'ana' })
    },
  }
  return self
}

/** The ports of one labmake: once it is dead, its acts are a Crash. */
function mortal(ports: Ports, born: number, life: () => number): Ports {
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver)
        if (typeof value !== 'function' || life() === born) return value
        return () => Promise.reject(new Crash('this labmake is dead'))
      },
    })
  const { writer, launcher, attempts, journal } = ports
  return {
    ...ports,
    writer: guard(writer),
    launcher: guard(launcher),
    attempts: guard(attempts),
    journal: { ...journal, append: (record) => guard(journal).append(record) },
  }
}

function startBuild(at: Lab, options: LabBuild): Underway {
  const { goals = [], maxJobs, failFast = false, adopted = [], settled = [], mode = 'build' } = options
  const events: EngineEvent[] = []
  const engine = new Engine(
    {
      engine: { ...engineOfTests, mode },
      plan: (scope, untouched) => at.plan(scope, untouched),
      outline: () => at.outline(),
      catchUp: async () => at.hearsAll,
      choose: (plan) => withPrerequisites(plan, namedJobs(plan, at.rules.rules, goals)),
      maxJobs,
      failFast,
      adopted,
      settled,
      user: 'ana',
    },
    at.ports,
  )
  engine.subscribe((event) => events.push(event))
  const stop = () => engine.stop({ now: false })
  return { engine, outcomes: engine.run(), events, stop, kill: () => engine.stop({ now: true }) }
}

const engineOfTests = {
  pid: 1,
  user: 'ana',
  host: 'server',
  startedMs: 0,
  version: '0.0.0-test',
  root: '/lab',
  stopping: false,
} as const

/** Until everything that can happen without the test has happened: the fakes need no time, only turns. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
