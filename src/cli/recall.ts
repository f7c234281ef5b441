import { type Batches, changedBatches } from '../core/batches.ts'
import { digest } from '../core/digest.ts'
import { manifestFolder } from '../core/dropManifest.ts'
import { touchedByLooks } from '../core/recall.ts'
import { canScope } from '../core/scope.ts'
import { standingOf } from '../core/standing.ts'
import { watchedFolders } from '../core/watched.ts'
import type { PlannedGraph } from '../engine/book.ts'
import { manifestLooks, ruleLooks } from '../io/inputLooks.ts'
import { writeJournalIndex } from '../io/journalIndex.ts'
import { keepRows, takeUpRows } from '../io/keptRows.ts'
import { keepRules, takeUpRules } from '../io/keptRules.ts'
import { amendLastLook, jobsAtRest, type LastLook, type Resting, writeLastLook } from '../io/lastLook.ts'
import { type Known, type LookBack, lastKnown, pathsAt } from '../io/lookBack.ts'
import { type LookRecorder, type Looks, lookInto, lookRecorder, settledLooks } from '../io/looks.ts'
import { exchangeLooks, inOrder, looksAt, pathsBelow } from '../io/orderedLooks.ts'
import { findWorkspace } from '../io/workspace.ts'
import type { RuleSet } from '../model/rule.ts'
import type { Standing } from '../model/standing.ts'
import { version } from '../version.ts'
import { type OpenWorkspace, openWorkspace, type ReadRules } from './workspace.ts'

/** A plan of everything, or of what may have changed since the last look. */
export interface Look {
  readonly planned: PlannedGraph
  /** Jobs that need not be planned, all of them up to date. */
  readonly others: number
  /** How all jobs stand, those that need not be planned included. */
  readonly standing: Standing
  /** When it began, in ms since the epoch. */
  readonly takenMs: number
}

/** What a build keeps in mind from one run to the next, so that the next need not plan what lies as it lay. */
export interface Recall {
  readonly recorder: LookRecorder
  readonly last: LastLook | undefined
  /** The rules, where their files lie as they lay. */
  readonly rules: ReadRules | undefined
  /** Plans what may have changed, which may be everything. */
  look(workspace: OpenWorkspace): Look
  /** Plans the same batches again, or everything. */
  lookAgain(workspace: OpenWorkspace, scope: PlannedGraph['scope']): Look
  /** Keeps for the next labmake what the last look found. */
  keep(workspace: OpenWorkspace, look: Look): void
}

/** `back`: how the workspace compares to the last look, if there was one. */
export function openRecall(root: string, back: LookBack | undefined): Recall {
  const recorder = lookRecorder(root)
  const known = back && rulesOf(back)
  /** What was looked at to find which batches to plan: folders of many, with nothing new in them but what is planned. */
  let compared: Looks | undefined
  let rows: Rows | undefined
  const plan = (workspace: OpenWorkspace, scope: PlannedGraph['scope'], takenMs: number): Look => {
    const planned = workspace.plan(scope)
    const { jobs } = planned.plan
    const own = standingOf(planned.plan, new Set(jobs.map(({ job }) => job.id)))
    const others = planned.scope === 'all' ? 0 : jobsAtRest(back!.last.resting, planned.scope)
    const standing = { ...own, upToDate: own.upToDate + others, isEmpty: own.isEmpty && others === 0 }
    return { planned, others, standing, takenMs }
  }
  return {
    recorder,
    last: back?.last,
    rules: known,
    look(workspace) {
      recorder.clear()
      rows = back && rowsOf(workspace, back)
      const scope = back === undefined ? 'all' : scopeOf(workspace, back, known, rows)
      compared = recorder.taken()
      recorder.clear()
      return plan(workspace, scope, back?.atMs ?? Date.now())
    },
    lookAgain(workspace, scope) {
      recorder.clear()
      return plan(workspace, scope, Date.now())
    },
    keep(workspace, { planned, standing, takenMs }) {
      const taken = recorder.taken()
      const inputs = workspace.inputs()
      const { journal } = workspace
      if (taken === undefined || inputs === undefined || journal.faults.length > 0) return
      const { scope } = planned
      const { resting, restless } = restOf(planned)
      const since = { takenMs, inputs, journal: journal.mark, standing, restless, resting }
      if (scope === 'all') {
        const rules = known?.ruleSet === workspace.ruleSet ? back!.last.rules : keptRules(workspace.ruleSet, inputs)
        writeLastLook(root, version, { ...since, rules, looks: inOrder(taken) })
        if (journal.mark !== undefined) writeJournalIndex(root, journal.mark)
        keepRows(root, inputs, workspace.plannedBatches)
        return
      }
      if (compared === undefined || rows === undefined || back === undefined || back.changed === 'most') return
      const { last, atMs, changed } = back
      const { touched } = watchedFolders(workspace.ruleSet.rules)
      // What all batches read, or lie in, stays as it was known, unless it was compared, and settled by then: it may have
      // changed since, and these batches alone were planned. As long as it differs from that, it is compared again at each look.
      const isOwn = (path: string) => path !== '.' && touched(path) !== 'everything'
      const own = looksAt(
        taken,
        [...taken.paths.keys()].filter((place) => isOwn(taken.paths[place]!)),
      )
      const settled = looksAt(compared, settledLooks(compared, atMs))
      const looks = exchangeLooks(inOrder(own), [], inOrder(settled))
      const paths = [...pathsAt(last.looks, changed).filter(isOwn), ...looks.paths]
      // Of other batches, rows that have changed since are yet to be found.
      const inputsThen = exchangeLooks(ruleLooks(inputs), [], rows.looks)
      amendLastLook(root, version, last, { ...since, inputs: inputsThen, looks, paths, planned: [...scope] })
      if (rows.read !== undefined) keepRows(root, inputsThen, rows.read)
    },
  }
}

/** Opens a workspace for a look at a few of its jobs: what builds read before of its rules and its journal is not read again. */
export function openAsKnown(directory: string): Promise<OpenWorkspace> {
  const known = lastKnown(findWorkspace(directory), version)
  return openWorkspace(directory, known && { last: known.last, rules: rulesOf(known) })
}

/** What was known of them comes with the looks of then: a file that changed since they were compared is found to have changed. */
function rulesOf({ last, inputs }: Known): ReadRules | undefined {
  const { areText, kept } = last.rules
  const ruleSet = inputs !== 'other' && areText ? kept && takeUpRules(kept) : undefined
  return ruleSet && { ruleSet, looks: ruleLooks(last.inputs) }
}

function keptRules(rules: RuleSet, inputs: Looks): LastLook['rules'] {
  const areText = !inputs.paths.some((path) => isModule(path))
  return { digest: rulesDigest(rules), areText, kept: areText ? keepRules(rules) : undefined }
}

const isModule = (path: string) => /\.(mjs|ts)$/.test(path)

/** The batches to plan: those that something touched, and those that were not all at rest. `rows`: see rowsOf. */
function scopeOf(
  workspace: OpenWorkspace,
  back: LookBack,
  known: ReadRules | undefined,
  rows: Rows | undefined,
): PlannedGraph['scope'] {
  const { last, hasNews, changed } = back
  const { ruleSet, journal, disk } = workspace
  if (changed === 'most') return 'all'
  const news = hasNews ? journal.news : []
  if (news === undefined || rows === undefined) return 'all'
  if (last.standing.faults.length > 0 || !canScope(ruleSet.rules)) return 'all'
  if (known?.ruleSet !== ruleSet && last.rules.digest !== rulesDigest(ruleSet)) return 'all'
  const targets = news.flatMap((record) => {
    if (record.type === 'drop') return []
    return record.type === 'action' ? record.targets : [record.target]
  })
  const paths = [...pathsAt(last.looks, changed), ...targets]
  const seenBelow = (folder: string) => pathsBelow(last.looks, folder)
  const touched = touchedByLooks(paths, { watched: watchedFolders(ruleSet.rules), disk, seenBelow })
  if (touched === 'everything') return 'all'
  const scope = new Set([...touched, ...rows.changed, ...last.restless])
  // Of most batches a plan of everything is quicker.
  return scope.size > last.resting.batches.length / 2 ? 'all' : scope
}

/** What manifests said as it was found which batches to plan. */
interface Rows {
  /** The looks before they were read. */
  readonly looks: Looks
  /** Undefined where they say what they said. */
  readonly read: Batches | undefined
  /** Batches of which they say something else than at the last look. */
  readonly changed: Iterable<string>
}

/** Undefined if anything may have changed. */
function rowsOf({ root, batches }: OpenWorkspace, { last, inputs }: LookBack): Rows | undefined {
  if (inputs === 'same') return { looks: manifestLooks(last.inputs), read: undefined, changed: [] }
  const before = inputs === 'other' ? undefined : takeUpRows(root, last.inputs)
  const looks = lookInto(root, manifestFolder)
  if (before === undefined || looks === undefined) return undefined
  const read = batches()
  const areSound = before.faults.length + read.faults.length === 0
  return areSound ? { looks: inOrder(looks), read, changed: changedBatches(before, read) } : undefined
}

/** What of the rules decides which jobs there are and which are stale. */
function rulesDigest({ rules, disabled }: RuleSet): string {
  const plain = (_key: string, value: unknown) =>
    value instanceof Map ? [...value] : value instanceof RegExp ? value.source : value
  return digest(JSON.stringify([rules, disabled], plain))
}

/** Which batches of a plan are wholly up to date, and which are to be planned at each look. */
function restOf({ plan }: PlannedGraph): { readonly resting: Resting; readonly restless: readonly string[] } {
  const jobs = new Map<string, number>()
  const restless = new Set(plan.orphaned.flatMap(({ batch }) => batch ?? []))
  for (const { job, verdict } of plan.jobs) {
    if (job.batch === undefined) continue
    jobs.set(job.batch, (jobs.get(job.batch) ?? 0) + 1)
    if (verdict.state !== 'up-to-date' || verdict.edited !== undefined) restless.add(job.batch)
  }
  for (const batch of restless) jobs.delete(batch)
  const batches = [...jobs.keys()].sort()
  const resting = { batches, jobs: Uint16Array.from(batches, (batch) => jobs.get(batch)!) }
  return { resting, restless: [...restless] }
}
