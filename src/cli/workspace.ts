import { resolve } from 'node:path'
import { type Batches, joinManifests } from '../core/batches.ts'
import { manifestFolder } from '../core/dropManifest.ts'
import { distinctFaults } from '../core/faults.ts'
import { batchesOfGoals } from '../core/goals.ts'
import { buildGraph } from '../core/graph.ts'
import { outlineOf } from '../core/outline.ts'
import { makePlan } from '../core/plan.ts'
import { canScope, caseTwinsIn, rulesApart, scopeBatches, widenScope } from '../core/scope.ts'
import { type Survey, surveyDisk } from '../core/survey.ts'
import type { PlannedGraph, Scope } from '../engine/book.ts'
import { systemClock } from '../io/clock.ts'
import { type Globber, openDisk } from '../io/disk.ts'
import { type JournalFile, openJournal } from '../io/journal.ts'
import type { LastLook } from '../io/lastLook.ts'
import { type LookRecorder, type Looks, lookInto } from '../io/looks.ts'
import { readManifests } from '../io/manifests.ts'
import { exchangeLooks, inOrder } from '../io/orderedLooks.ts'
import { findWorkspace, goalFromWorkspace } from '../io/workspace.ts'
import { invariant } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Disk } from '../model/ports.ts'
import type { Rule, RuleSet } from '../model/rule.ts'

/** A workspace that a command works on. */
export interface OpenWorkspace {
  readonly root: string
  /** As they were read last. */
  readonly ruleSet: RuleSet
  readonly disk: Disk
  readonly journal: JournalFile
  /** Plans from the disk, the manifests and the journal as they are now: all batches, or these and those that hang on them. */
  plan(scope?: Scope): PlannedGraph
  /** All jobs that there are, without a look at whether they are stale, which takes most of a plan. */
  jobs(): readonly Job[]
  /** Plans the batches that goals may speak of, where they can be told apart; else everything. */
  planOfGoals(goals: readonly string[]): PlannedGraph
  /** Plans these batches as the manifests have them, and no others; `all`: of everything. `survey`: of these batches, just begun. */
  planOf(scope: Scope, manifests: Batches, survey?: Survey): PlannedGraph
  /** What the manifests say now. */
  batches(): Batches
  /** What they said as the last plan was made. */
  readonly plannedBatches: Batches
  /** Looks at the rule files and manifests that the last plan was made with, in order; undefined where looks are not taken down. */
  inputs(): Looks | undefined
  /** Reads the rule files anew. Of a file that cannot be used now the last good version stays in use, and its fault is told. */
  rereadRules(): Promise<void>
  /** Reads the journal anew: with the lock held, nobody else writes it. What is known of it stays known. */
  rereadJournal(): void
  /** A goal as typed where the person stands, as labmake knows it. */
  goal(typed: string): string
}

export interface OpenOptions {
  /** Takes down every look; a plan of everything begins anew. */
  readonly recorder?: LookRecorder | undefined
  /** What is known from the last look: where the journal was read to, and which batches there were. */
  readonly last?: Pick<LastLook, 'journal' | 'resting' | 'restless'> | undefined
  /** What rules are known to say, with the looks at their files. */
  readonly rules?: ReadRules | undefined
}

/** Rules, and what lay on the disk before they were read; undefined where looks are not taken down. */
export interface ReadRules {
  readonly ruleSet: RuleSet
  readonly looks: Looks | undefined
}

/** Finds the workspace and reads its rules. Throws UserError if there is none. */
export async function openWorkspace(
  directory: string,
  { recorder, last, rules: known }: OpenOptions = {},
): Promise<OpenWorkspace> {
  const root = findWorkspace(directory)
  const readRules = rulesReader(root, { takesDownLooks: recorder !== undefined })
  let { ruleSet, looks: ruleLooks } = known ?? (await readRules())
  let manifestLooks: Looks | undefined
  let manifests: Batches = { byName: new Map(), faults: [] }
  let globber = await loadGlobber(ruleSet)
  const disk = openDisk(root, () => globber(), recorder)
  let journal = openJournal(root, last?.journal)
  let twins = caseTwinsIn([...(last?.resting.batches ?? []), ...(last?.restless ?? [])])
  const readBatches = () => joinManifests(readManifests(root, ruleSet.rules), ruleSet.rules, ruleSet.disabled)
  const planBy = (rules: readonly Rule[], scope: Scope, manifests: Batches, begun?: Survey): PlannedGraph => {
    const { faults } = ruleSet
    if (scope === 'all') recorder?.clear()
    const survey = begun ?? surveyDisk(disk, scope === 'all' ? undefined : scope)
    const graph = buildGraph(rules, scope === 'all' ? manifests : scopeBatches(manifests, scope), survey)
    const plan = makePlan({
      graph,
      rules,
      survey,
      history: (target) => journal.history(target),
      faults: [...faults, ...manifests.faults, ...journal.faults],
      nowMs: systemClock.now(),
    })
    return { graph, plan, rules: ruleSet, scope }
  }
  const planOf: OpenWorkspace['planOf'] = (scope, manifests, begun) => planBy(ruleSet.rules, scope, manifests, begun)
  return {
    root,
    disk,
    get ruleSet() {
      return ruleSet
    },
    get journal() {
      return journal
    },
    plan(asked = 'all') {
      if (recorder !== undefined) manifestLooks = lookInto(root, manifestFolder)
      manifests = readBatches()
      const isApart = asked !== 'all' && canScope(ruleSet.rules)
      const wide = () =>
        widenScope(new Set([...asked].flatMap((name) => [name, ...twins.of(name)])), manifests.byName.keys())
      const planned = planOf(isApart ? wide() : 'all', manifests)
      const names = planned.plan.jobs.flatMap(({ job }) => job.batch ?? [])
      if (planned.scope === 'all') twins = caseTwinsIn(names)
      else for (const name of names) twins.add(name)
      return planned
    },
    jobs: () => buildGraph(ruleSet.rules, readBatches(), surveyDisk(disk)).jobs,
    planOfGoals(goals) {
      const manifests = readBatches()
      const rules = goals.length === 0 ? undefined : rulesApart(ruleSet.rules)
      if (rules === undefined) return planOf('all', manifests)
      const outline = outlineOf({ ...ruleSet, rules }, manifests, surveyDisk(disk))
      if (outline === undefined) return planOf('all', manifests)
      let step = outline.next()
      while (step.done !== true) step = outline.next()
      const { names, faults } = step.value
      const named = batchesOfGoals(ruleSet.rules, goals, names)
      if (named === undefined) return planOf('all', manifests)
      const planned = planBy(rules, widenScope(named, names), manifests)
      const errors = distinctFaults([...planned.plan.errors, ...faults])
      return { ...planned, plan: { ...planned.plan, errors } }
    },
    planOf,
    batches: readBatches,
    get plannedBatches() {
      return manifests
    },
    inputs: () => ruleLooks && manifestLooks && exchangeLooks(inOrder(ruleLooks), [], inOrder(manifestLooks)),
    async rereadRules() {
      ;({ ruleSet, looks: ruleLooks } = await readRules())
      globber = await loadGlobber(ruleSet)
    },
    rereadJournal() {
      journal = journal.reread()
    },
    goal: (typed) => goalFromWorkspace(typed, root, resolve(directory)),
  }
}

/** Reads the rule files whenever it is called. What that takes is more than all the rest of a start, so it is loaded by then. */
function rulesReader(root: string, { takesDownLooks }: { readonly takesDownLooks: boolean }): () => Promise<ReadRules> {
  let reader: (() => Promise<RuleSet>) | undefined
  return async () => {
    // Before they are read, as all looks: what changes meanwhile is found to be changed.
    const looks = takesDownLooks ? lookInto(root, 'rules') : undefined
    reader ??= (await import('../io/ruleFiles.ts')).ruleReader(root)
    return { ruleSet: await reader(), looks }
  }
}

/** fast-glob costs more than all the rest of a start, so it is loaded only where a rule gathers. */
async function loadGlobber({ rules }: RuleSet): Promise<() => Globber> {
  const gathers = rules.some((rule) => [...rule.sources.map((s) => s.pattern), ...rule.uses].some((p) => p.gathers))
  if (!gathers) {
    return () => {
      invariant(false, 'only a pattern that gathers is searched for by glob')
    }
  }
  const { default: fastGlob } = await import('fast-glob')
  return () => fastGlob.sync
}
