import { joinManifests } from '../../src/core/batches.ts'
import { buildGraph, type Graph } from '../../src/core/graph.ts'
import { noHistory } from '../../src/core/history.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { makePlan } from '../../src/core/plan.ts'
import type { Locate } from '../../src/core/ruleFaults.ts'
import { parseRuleFile } from '../../src/core/ruleFile.ts'
import { joinRuleFiles } from '../../src/core/ruleSet.ts'
import { scopeBatches } from '../../src/core/scope.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import type { Fault } from '../../src/model/errors.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Disk } from '../../src/model/ports.ts'
import type { TargetHistory } from '../../src/model/record.ts'
import type { RuleSet } from '../../src/model/rule.ts'

/** The content of a rule file, as YAML would give it. */
export interface RuleFileContent {
  readonly pools?: unknown
  readonly inbox?: unknown
  readonly quiet?: unknown
  readonly notify?: unknown
  readonly rules?: unknown
}

/** `rules/r.yaml (rules.denoise.sources)`: where a fault is, where there are no lines. */
export const locateIn =
  (file: string): Locate =>
  (path) => ({ where: path.length === 0 ? file : `${file} (${path.map(String).join('.')})` })

/** Rules of one file; `auto` means four processors. */
export function ruleSetOf(content: RuleFileContent): RuleSet {
  return joinRuleFiles([parseRuleFile('rules/r.yaml', content, locateIn('rules/r.yaml'))], 4)
}

/** As ruleSetOf, where the rules are meant to be right. */
export function soundRules(content: RuleFileContent): RuleSet {
  const ruleSet = ruleSetOf(content)
  if (ruleSet.faults.length > 0) throw new Error(`the rules of this test are wrong: ${JSON.stringify(ruleSet.faults)}`)
  return ruleSet
}

/** Manifests by path → text. */
export type Manifests = Readonly<Record<string, string>>

export interface PlanContext {
  readonly disk: Disk
  readonly manifests?: Manifests
  readonly history?: (target: string) => TargetHistory
  readonly nowMs?: number
  /** These batches alone. */
  readonly scope?: ReadonlySet<string>
}

/** A plan of what lies on a disk, as a command would make it. */
export function planOf(ruleSet: RuleSet, context: PlanContext): { graph: Graph; plan: Plan } {
  const { disk, manifests = {}, history = () => noHistory, nowMs = Date.UTC(2026, 0, 5, 8) } = context
  const firstParam = ruleSet.rules.flatMap((rule) => [...rule.params.keys()])[0]
  const parsed = Object.entries(manifests).map(([file, text]) => parseManifest(text, { file, firstParam }))
  const all = joinManifests(parsed, ruleSet.rules, ruleSet.disabled)
  const batches = context.scope === undefined ? all : scopeBatches(all, context.scope)
  const survey = surveyDisk(disk, context.scope)
  const graph = buildGraph(ruleSet.rules, batches, survey)
  const faults: Fault[] = [...ruleSet.faults, ...batches.faults]
  return { graph, plan: makePlan({ graph, rules: ruleSet.rules, survey, history, faults, nowMs }) }
}
