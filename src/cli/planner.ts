import { type Batches, joinManifests } from '../core/batches.ts'
import { type LastSeen, lastSeenOf } from '../core/lastSeen.ts'
import { type Outline, outlineOf } from '../core/outline.ts'
import { canScope, caseTwinsOf } from '../core/scope.ts'
import { surveyDisk } from '../core/survey.ts'
import type { PlannedGraph, Scope } from '../engine/book.ts'
import { manifestReader } from '../io/manifests.ts'
import type { RuleSet } from '../model/rule.ts'
import type { OpenWorkspace } from './workspace.ts'

/** Plans for an engine, which stays and plans again and again: what was read and did not change since is not read anew. */
export interface Planner {
  /**
   * From the disk, the manifests and the journal as they are now: all batches, or these and those that hang on them. Of files of
   * batches that are `untouched` what was seen last may stand.
   */
  plan(scope: Scope, untouched?: ReadonlySet<string>): PlannedGraph
  /** Somebody did something to files of these batches, or may have: they are looked at by the next plan. */
  forget(touched: ReadonlySet<string> | 'everything'): void
  outline(): Generator<undefined, Outline, undefined> | undefined
  /** What the manifests say now. */
  batches(): Batches
}

export interface PlannerOptions {
  /** Does the system tell of every change to what the rules in force are about, from now on? */
  readonly hearsAll: () => boolean
}

const none: ReadonlySet<string> = new Set()

export function openPlanner(workspace: OpenWorkspace, { hearsAll }: PlannerOptions): Planner {
  const { root, disk } = workspace
  const readManifests = manifestReader(root)
  let joined: { readonly rules: RuleSet; readonly of: unknown; readonly batches: Batches } | undefined
  /** Names that are known to the outline or to manifests, by what they have in common but for case. */
  let twins = caseTwinsOf([])
  let seen: { readonly rules: RuleSet; readonly last: LastSeen } | undefined

  function lastSeen(): LastSeen {
    const rules = workspace.ruleSet
    if (seen?.rules !== rules) seen = { rules, last: lastSeenOf(rules.rules) }
    return seen.last
  }

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
    plan(asked, untouched = none) {
      if (asked === 'all' || !canScope(workspace.ruleSet.rules)) return workspace.plan()
      const manifests = batches()
      for (const name of asked) twins.add(name)
      const scope = new Set([...asked].flatMap((name) => twins.of(name)))
      if (!hearsAll()) return workspace.planOf(scope, manifests)
      const last = lastSeen()
      const survey = surveyDisk(disk, scope, last.of([...scope].filter((name) => untouched.has(name))))
      const planned = workspace.planOf(scope, manifests, survey)
      last.keep(scope, survey)
      return planned
    },
    forget: (touched) => seen?.last.forget(touched),
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
