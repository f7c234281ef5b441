import { joinManifests } from '../../src/core/batches.ts'
import { buildGraph, type Graph } from '../../src/core/graph.ts'
import { noHistory } from '../../src/core/history.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { makePlan } from '../../src/core/plan.ts'
import { scopeBatches } from '../../src/core/scope.ts'
import { type Survey, surveyDisk } from '../../src/core/survey.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Disk } from '../../src/model/ports.ts'
import type { RuleSet } from '../../src/model/rule.ts'
import { countActs } from './acts.ts'
import { type FakeDisk, fakeDisk } from './disk.ts'

const nowMs = Date.UTC(2026, 0, 5, 8)

/** A disk whose files are an hour old. */
export function diskOf(files: readonly string[]): FakeDisk {
  const disk = fakeDisk(() => nowMs - 3_600_000, countActs())
  for (const path of files) disk.write(path)
  return disk
}

export interface Planned {
  readonly graph: Graph
  readonly plan: Plan
}

export interface Workspace {
  readonly rules: RuleSet['rules']
  readonly disk: Disk
  /** Text of the one manifest. */
  readonly manifest?: string
}

export function batchesOf({ rules, manifest = '' }: Workspace) {
  const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
  return joinManifests([parseManifest(manifest, { file: 'm.tsv', firstParam })], rules, [])
}

/** A plan of everything, or of a scope; `begun`: by this survey. */
export function planScope(workspace: Workspace, scope?: ReadonlySet<string>, begun?: Survey): Planned {
  const { rules, disk } = workspace
  const batches = scope === undefined ? batchesOf(workspace) : scopeBatches(batchesOf(workspace), scope)
  const survey = begun ?? surveyDisk(disk, scope)
  const graph = buildGraph(rules, batches, survey)
  const plan = makePlan({ graph, rules, survey, history: () => noHistory, faults: batches.faults, nowMs })
  return { graph, plan }
}

/** All batches that a plan and the manifest know. */
export function knownBatches(workspace: Workspace, { plan }: Planned): string[] {
  return [...batchesOf(workspace).byName.keys(), ...plan.jobs.flatMap(({ job }) => job.batch ?? [])]
}

/** What a plan says of the jobs of some batches, for comparing. */
export function saidOf({ graph, plan }: Planned, isMeant: (batch: string) => boolean) {
  const isNamed = (batch: string | undefined) => batch !== undefined && isMeant(batch)
  return {
    jobs: plan.jobs
      .filter(({ job }) => isNamed(job.batch))
      .map((planned) => ({ ...planned, consumers: graph.consumers.get(planned.job.id)?.toSorted() })),
    orphaned: plan.orphaned
      .filter((orphan) => isNamed(orphan.batch))
      .toSorted((a, b) => (a.target + a.rule < b.target + b.rule ? -1 : 1)),
  }
}
