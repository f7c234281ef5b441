import { resolve } from 'node:path'
import { joinManifests } from '../core/batches.ts'
import { buildGraph } from '../core/graph.ts'
import { makePlan } from '../core/plan.ts'
import { surveyDisk } from '../core/survey.ts'
import type { PlannedGraph } from '../engine/build.ts'
import { systemClock } from '../io/clock.ts'
import { type Globber, openDisk } from '../io/disk.ts'
import { type JournalFile, openJournal } from '../io/journal.ts'
import { readManifests } from '../io/manifests.ts'
import { readRuleFiles } from '../io/ruleFiles.ts'
import { findWorkspace, goalFromWorkspace } from '../io/workspace.ts'
import { invariant } from '../model/errors.ts'
import type { Disk } from '../model/ports.ts'
import type { RuleSet } from '../model/rule.ts'

/** A workspace that a command works on. */
export interface OpenWorkspace {
  readonly root: string
  readonly ruleSet: RuleSet
  readonly disk: Disk
  readonly journal: JournalFile
  /** Plans from the disk, the manifests and the journal as they are now. */
  plan(): PlannedGraph
  /** Reads the journal anew: with the lock held, nobody else writes it. */
  rereadJournal(): void
  /** A goal as typed where the person stands, as labmake knows it. */
  goal(typed: string): string
}

/** Finds the workspace and reads its rules. Throws UserError if there is none. */
export async function openWorkspace(directory: string): Promise<OpenWorkspace> {
  const root = findWorkspace(directory)
  const ruleSet = await readRuleFiles(root)
  const disk = openDisk(root, await loadGlobber(ruleSet))
  let journal = openJournal(root)
  return {
    root,
    ruleSet,
    disk,
    get journal() {
      return journal
    },
    plan() {
      const batches = joinManifests(readManifests(root, ruleSet.rules), ruleSet.rules, ruleSet.disabled)
      const survey = surveyDisk(disk)
      const graph = buildGraph(ruleSet.rules, batches, survey)
      const faults = [...ruleSet.faults, ...batches.faults, ...journal.faults]
      const history = (target: string) => journal.history(target)
      const plan = makePlan({ graph, rules: ruleSet.rules, survey, history, faults, nowMs: systemClock.now() })
      return { graph, plan }
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
