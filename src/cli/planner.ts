import { type Batches, joinManifests } from '../core/batches.ts'
import { buildGraph } from '../core/graph.ts'
import { type Outline, outlineOf } from '../core/outline.ts'
import { makePlan } from '../core/plan.ts'
import { canScope, caseTwinsOf, scopeBatches } from '../core/scope.ts'
import { surveyDisk } from '../core/survey.ts'
import type { PlannedGraph, Scope } from '../engine/book.ts'
import { systemClock } from '../io/clock.ts'
import { manifestReader } from '../io/manifests.ts'
import type { RuleSet } from '../model/rule.ts'
import type { OpenWorkspace } from './workspace.ts'

/** Plans for an engine, which stays and plans again and again: what was read and did not change since is not read anew. */
export interface Planner {
  /** From the disk, the manifests and the journal as they are now: all batches, or these and those that hang on them. */
  plan(scope: Scope): PlannedGraph
  outline(): Generator<undefined, Outline, undefined> | undefined
  /** What the manifests say now. */
  batches(): Batches
}

export function openPlanner(workspace: OpenWorkspace): Planner {
  const { root, disk } = workspace
  const readManifests = manifestReader(root)
  let joined: { readonly rules: RuleSet; readonly of: unknown; readonly batches: Batches } | undefined
  /** Names that are known to the outline or to manifests, by what they have in common but for case. */
  let twins = caseTwinsOf([])

  function batches(): Batches {
    const rules = workspace.ruleSet
    const manifests = readManifests(rules.rules)
    if (joined?.rules !== rules || joined.of !== manifests) {
      joined = { rules, of: manifests, batches: joinManifests(manifests, rules.rules, rules.disabled) }
      for (const name of joined.batches.byName.keys()) twins.add(name)
    }
    return joined.batches
  }

  return {
    batches,
    plan(asked) {
      const rules = workspace.ruleSet
      if (asked === 'all' || !canScope(rules.rules)) return workspace.plan()
      const all = batches()
      for (const name of asked) twins.add(name)
      const scope = new Set([...asked].flatMap((name) => twins.of(name)))
      const survey = surveyDisk(disk, scope)
      const graph = buildGraph(rules.rules, scopeBatches(all, scope), survey)
      const { journal } = workspace
      const plan = makePlan({
        graph,
        rules: rules.rules,
        survey,
        history: (target) => journal.history(target),
        faults: [...rules.faults, ...all.faults, ...journal.faults],
        nowMs: systemClock.now(),
      })
      return { graph, plan, rules, scope }
    },
    outline() {
      const found = outlineOf(workspace.ruleSet, batches(), surveyDisk(disk))
      return found === undefined ? undefined : noted(found)
    },
  }

  function* noted(found: Generator<undefined, Outline, undefined>): Generator<undefined, Outline, undefined> {
    const outline = yield* found
    twins = caseTwinsOf([...outline.names, ...batches().byName.keys()])
    return outline
  }
}
