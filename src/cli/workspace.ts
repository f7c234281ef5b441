import { resolve } from 'node:path'
import { joinManifests } from '../core/batches.ts'
import { buildGraph } from '../core/graph.ts'
import { makePlan } from '../core/plan.ts'
import { canScope, scopeBatches, widenScope } from '../core/scope.ts'
import { surveyDisk } from '../core/survey.ts'
import type { PlannedGraph, Scope } from '../engine/book.ts'
import { systemClock } from '../io/clock.ts'
import { type Globber, openDisk } from '../io/disk.ts'
import { type JournalFile, openJournal } from '../io/journal.ts'
import { readManifests } from '../io/manifests.ts'
import { ruleReader } from '../io/ruleFiles.ts'
import { findWorkspace, goalFromWorkspace } from '../io/workspace.ts'
import { invariant } from '../model/errors.ts'
import type { Disk } from '../model/ports.ts'
import type { RuleSet } from '../model/rule.ts'

/** A workspace that a command works on. */
export interface OpenWorkspace {
  readonly root: string
  /** As they were read last. */
  readonly ruleSet: RuleSet
  readonly disk: Disk
  readonly journal: JournalFile
  /** Plans from the disk, the manifests and the journal as they are now: all batches, or these and those that hang on them. */
  plan(scope?: Scope): PlannedGraph
  /** Reads the rule files anew. Of a file that cannot be used now the last good version stays in use, and its fault is told. */
  rereadRules(): Promise<void>
  /** Reads the journal anew: with the lock held, nobody else writes it. */
  rereadJournal(): void
  /** A goal as typed where the person stands, as labmake knows it. */
  goal(typed: string): string
}

/** Finds the workspace and reads its rules. Throws UserError if there is none. */
export async function openWorkspace(directory: string): Promise<OpenWorkspace> {
  const root = findWorkspace(directory)
  const readRules = ruleReader(root)
  let ruleSet = await readRules()
  let globber = await loadGlobber(ruleSet)
  const disk = openDisk(root, () => globber())
  let journal = openJournal(root)
  let known: ReadonlySet<string> = new Set()
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
      const { rules } = ruleSet
      const all = joinManifests(readManifests(root, rules), rules, ruleSet.disabled)
      const scope = asked === 'all' || !canScope(rules) ? 'all' : widenScope(asked, [...known, ...all.byName.keys()])
      const batches = scope === 'all' ? all : scopeBatches(all, scope)
      const survey = surveyDisk(disk, scope === 'all' ? undefined : scope)
      const graph = buildGraph(rules, batches, survey)
      const faults = [...ruleSet.faults, ...all.faults, ...journal.faults]
      const history = (target: string) => journal.history(target)
      const plan = makePlan({ graph, rules, survey, history, faults, nowMs: systemClock.now() })
      const names = plan.jobs.flatMap(({ job }) => job.batch ?? [])
      known = new Set(scope === 'all' ? names : [...known, ...names])
      return { graph, plan, rules: ruleSet, scope }
    },
    async rereadRules() {
      ruleSet = await readRules()
      globber = await loadGlobber(ruleSet)
    },
    rereadJournal() {
      journal.close()
      journal = openJournal(root)
    },
    goal: (typed) => goalFromWorkspace(typed, root, resolve(directory)),
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
