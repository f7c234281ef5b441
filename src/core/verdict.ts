import { type Job, type JobSource, shownPath } from '../model/job.ts'
import type { EditedReason, StaleReason, Verdict, WaitReason } from '../model/plan.ts'
import type { AcceptedRecord, MadeRecord, Provenance, TargetHistory } from '../model/record.ts'
import type { Snapshot, Stamp } from '../model/stamp.ts'
import type { IgnoreOf } from './provenance.ts'
import { usedParams } from './recipe.ts'
import { compareStamps, isIgnored } from './stamp.ts'
import type { Survey } from './survey.ts'

/** What a verdict is judged from. */
export interface Evidence {
  readonly survey: Survey
  readonly history: (target: string) => TargetHistory
  readonly ignoreOf: IgnoreOf
  readonly producerOf: (path: string) => string | undefined
  /** Verdicts of prerequisites; undefined for one that was made a moment ago. */
  readonly verdictOf: (job: string) => Verdict | undefined
  /** Stands in for an intermediate that is absent; undefined if it is not. */
  readonly absent: (path: string) => AbsentTarget | undefined
  /** May this job's target be absent, because it is an intermediate that nothing needs now? */
  readonly mayBeAbsent: (job: Job) => boolean
}

/** What is known of an intermediate that a person deleted. */
export interface AbsentTarget {
  readonly stamp: Stamp | undefined
  /** Newest of what it was made from, ns: what make compares when an intermediate is gone. */
  readonly newestNs: bigint
  readonly newestPath: string
}

interface SourceState {
  readonly path: string
  readonly isFolder: boolean
  readonly stamp: Stamp | undefined
  readonly newestNs: bigint
  readonly newestPath: string
}

interface Looked {
  readonly sources: readonly SourceState[]
  readonly uses: readonly SourceState[]
  /** A stale job that will make a source anew. */
  readonly upstream: string | undefined
}

/** Of most jobs most of the time: one for all. */
export const upToDate: Verdict = { state: 'up-to-date', edited: undefined, absent: false }

/** Is the job's target up to date, and why not: the table of reasons, in one place. Never throws. */
export function judge(job: Job, evidence: Evidence): Verdict {
  const wait = missingParam(job)
  const looked = wait ?? lookAtSources(job, evidence)
  const targets = job.targets.map(({ path, isFolder }): TargetState => {
    return { path, isFolder, snapshot: evidence.survey.snapshot(path, { isFolder, ignore: job.rule.ignore }) }
  })
  const closed = targets.find((t) => t.snapshot.status === 'unreadable')?.snapshot
  if (closed?.status === 'unreadable') {
    return { state: 'waiting', reason: { kind: 'unreadable', problem: closed.problem } }
  }
  if ('kind' in looked) {
    const there = targets.find((t) => t.snapshot.status === 'there')
    if (looked.kind === 'no-source' && there !== undefined) {
      return { state: 'orphaned', reason: { kind: 'orphaned', path: shownPath(there) } }
    }
    return { state: 'waiting', reason: looked }
  }
  const history = evidence.history(job.targets[0]!.path)
  const missing = targets.flatMap((t) => missingMember(job, t, evidence.survey) ?? [])
  const reasons = collectReasons({ job, looked, targets, history, missing })
  const edited = history.current && findEdit(job, targets, history.current)
  const [first, ...rest] = reasons
  if (first === undefined) return edited === undefined ? upToDate : { state: 'up-to-date', edited, absent: false }
  const gone = targets.every((t) => t.snapshot.status !== 'there') && reasons.every((r) => r.kind === 'target-missing')
  if (gone && evidence.mayBeAbsent(job)) return { state: 'up-to-date', edited: undefined, absent: true }
  if (edited !== undefined && history.rebuild === undefined)
    return { state: 'protected', edited, reasons: [first, ...rest] }
  return { state: 'stale', reasons: [first, ...rest] }
}

function missingParam(job: Job): WaitReason | undefined {
  const missing = job.missing[0]
  if (missing === undefined) return undefined
  if (missing.kind === 'required') return { kind: 'no-param', name: missing.name }
  return { kind: 'row-refused', where: missing.where, message: missing.message }
}

/** The state of everything the job reads, or what it waits for. */
function lookAtSources(job: Job, evidence: Evidence): Looked | WaitReason {
  const sources: SourceState[] = []
  const uses: SourceState[] = []
  let upstream: string | undefined
  for (const source of job.sources) {
    const stale = staleMaker(source, evidence)
    upstream ??= stale
    const wait = lookAtSource(source, { stale, into: sources }, evidence)
    if (wait !== undefined) return wait
  }
  for (const use of job.uses) {
    const stale = staleMaker(use, evidence)
    upstream ??= stale
    const wait = lookAtSource(use, { stale, into: uses }, evidence)
    if (wait !== undefined) return wait
  }
  return { sources, uses, upstream }
}

/** The first job that will make it, or a part of it, anew. */
function staleMaker({ madeBy }: JobSource, { verdictOf }: Evidence): string | undefined {
  return madeBy.find((id) => verdictOf(id)?.state === 'stale')
}

interface LookAt {
  /** See staleMaker. */
  readonly stale: string | undefined
  /** What is there is added to these. */
  readonly into: SourceState[]
}

/** Looks at all paths of a source. Returns what the job waits for, if it has to. */
function lookAtSource(source: JobSource, { stale, into }: LookAt, evidence: Evidence): WaitReason | undefined {
  const before = into.length
  for (const path of source.gathered ?? [source.path]) {
    const found = lookAtPath(source, path, evidence)
    if (found !== undefined && 'kind' in found) return found
    if (found !== undefined) into.push(found)
  }
  if (into.length > before || stale !== undefined) return undefined
  const waiting = source.madeBy.find((id) => evidence.verdictOf(id)?.state === 'waiting')
  if (waiting !== undefined) return { kind: 'prerequisite', job: waiting }
  if (source.gathered !== undefined) return { kind: 'no-source', path: shownPath(source), state: 'no match' }
  const { status } = evidence.survey.snapshot(source.path, {
    isFolder: source.isFolder,
    ignore: evidence.ignoreOf(source.path),
  })
  return { kind: 'no-source', path: shownPath(source), state: status === 'empty' ? 'empty' : 'missing' }
}

/** One path as it is now; undefined if it is not there, or about to be made anew. */
function lookAtPath(source: JobSource, path: string, evidence: Evidence): SourceState | WaitReason | undefined {
  // What was gathered since the plan may be somebody's whom the plan did not know of. Of others it knew all.
  const isRaw = source.gathered === undefined && source.madeBy.length === 0
  const producer = isRaw ? undefined : evidence.producerOf(path)
  if (producer !== undefined && evidence.verdictOf(producer)?.state === 'stale') return undefined
  const absent = evidence.absent(path)
  const { isFolder } = source
  if (absent !== undefined) return { path, isFolder, ...absent }
  const snapshot = evidence.survey.snapshot(path, { isFolder, ignore: evidence.ignoreOf(path) })
  if (snapshot.status === 'unreadable') return { kind: 'unreadable', problem: snapshot.problem }
  if (snapshot.status !== 'there') return undefined
  const { stamp, newestNs, newestPath } = snapshot
  return { path, isFolder, stamp, newestNs, newestPath }
}

interface TargetState {
  readonly path: string
  readonly isFolder: boolean
  readonly snapshot: Snapshot
}

/** The target, or the member of it that the rule expects, that is not there; undefined if all is. */
function missingMember(job: Job, target: TargetState, survey: Survey): string | undefined {
  if (target.snapshot.status !== 'there') return shownPath(target)
  if (!target.isFolder) return undefined
  const stamp = target.snapshot.stamp as Readonly<Record<string, string>>
  const member = job.rule.expects.find((name) => !hasMember(stamp, name, `${target.path}/${name}`, survey))
  return member === undefined ? undefined : `${target.path}/${member}`
}

function hasMember(stamp: Readonly<Record<string, string>>, name: string, path: string, survey: Survey): boolean {
  if (stamp[name] !== undefined) return true
  if (name.endsWith('/')) return survey.snapshot(path.slice(0, -1), { isFolder: true }).status === 'there'
  return survey.snapshot(path, { isFolder: false }).status === 'there'
}

interface Facts {
  readonly job: Job
  readonly looked: Looked
  readonly targets: readonly TargetState[]
  readonly history: TargetHistory
  readonly missing: readonly string[]
}

function collectReasons({ job, looked, targets, history, missing }: Facts): StaleReason[] {
  const reasons: StaleReason[] = []
  if (history.rebuild !== undefined) reasons.push({ kind: 'rebuild', by: history.rebuild.by })
  if (history.failed !== undefined) {
    reasons.push({ kind: 'failed-before', cause: history.failed.cause, at: history.failed.at })
  }
  for (const path of missing) reasons.push({ kind: 'target-missing', path })
  if (history.current !== undefined) {
    reasons.push(...compareSources(looked.sources, history.current.sources, looked.upstream !== undefined))
    reasons.push(...compareRecipe(job, history.current))
    reasons.push(...compareUses(looked.uses, history.current.uses))
  } else if (missing.length === 0) {
    reasons.push(...compareTimes([...looked.sources, ...looked.uses], targets))
  }
  if (looked.upstream !== undefined) reasons.push({ kind: 'upstream', job: looked.upstream })
  return reasons
}

/** Without a record, as make does: a source newer than the target. */
function compareTimes(sources: readonly SourceState[], targets: readonly TargetState[]): StaleReason[] {
  for (const target of targets) {
    if (target.snapshot.status !== 'there') continue
    // A folder was finished when its oldest member was: what people and viewers add later makes it no newer.
    const targetNs = target.snapshot.oldestNs
    const source = sources.find((s) => s.newestNs > targetNs)
    if (source !== undefined) return [{ kind: 'source-newer', path: source.newestPath, target: shownPath(target) }]
  }
  return []
}

function compareSources(now: readonly SourceState[], before: Provenance['sources'], upstream: boolean): StaleReason[] {
  const reasons: StaleReason[] = []
  const seen = new Set<string>()
  for (const source of now) {
    seen.add(source.path)
    const past = before[source.path]
    if (past === undefined) {
      reasons.push({ kind: 'source-added', path: shownPath(source) })
      continue
    }
    const change = source.stamp === undefined ? undefined : compareStamps(source.path, past, source.stamp)
    if (change !== undefined) reasons.push({ kind: `source-${change.kind}`, path: change.path })
  }
  // A source that is being made anew is not looked at, so it would seem removed.
  if (upstream) return reasons
  for (const path of Object.keys(before)) if (!seen.has(path)) reasons.push({ kind: 'source-removed', path })
  return reasons
}

function compareRecipe(job: Job, before: Provenance): StaleReason[] {
  const reasons: StaleReason[] = []
  const after = job.rule.recipe.text
  if (before.recipe !== after) reasons.push({ kind: 'recipe-changed', before: before.recipe, after })
  for (const [name, value] of usedParams(job)) {
    const past = before.params[name]
    // A param that is new was not used before: if it is now, the recipe changed too.
    if (past !== undefined && past !== value) reasons.push({ kind: 'param-changed', name, before: past, after: value })
  }
  return reasons
}

function compareUses(now: readonly SourceState[], before: Provenance['uses']): StaleReason[] {
  const reasons: StaleReason[] = []
  for (const use of now) {
    const past = before[use.path]
    const change = past === undefined || use.stamp === undefined ? undefined : compareStamps(use.path, past, use.stamp)
    if (past === undefined) reasons.push({ kind: 'uses-changed', path: shownPath(use) })
    else if (change !== undefined) reasons.push({ kind: 'uses-changed', path: change.path })
  }
  const seen = new Set(now.map((use) => use.path))
  for (const path of Object.keys(before)) if (!seen.has(path)) reasons.push({ kind: 'uses-changed', path })
  return reasons
}

/** The first thing in the targets that is not as the recipe left it, also where a person has accepted it so. What is missing and expected is no edit: nothing is lost. */
function findEdit(
  job: Job,
  targets: readonly TargetState[],
  record: MadeRecord | AcceptedRecord,
): EditedReason | undefined {
  for (const { path, snapshot } of targets) {
    const left = record.targets[path]
    if (snapshot.status !== 'there' || left === undefined) continue
    if (compareStamps(path, left, snapshot.stamp) === undefined) continue
    const change = compareStamps(path, withoutIgnored(left, job, snapshot.stamp), snapshot.stamp)
    if (change !== undefined) return { kind: 'edited', path: change.path }
  }
  const first = targets[0]
  if (record.type === 'made' || !record.edited || first?.snapshot.status !== 'there') return undefined
  return { kind: 'edited', path: shownPath(first) }
}

/** The stamp as it would be under today's `ignore`, and without expected members that are gone. */
function withoutIgnored(left: Stamp, job: Job, now: Stamp): Stamp {
  if (typeof left === 'string' || typeof now === 'string' || '#digest' in left) return left
  const present = now as Readonly<Record<string, string>>
  const kept = Object.entries(left).filter(([name]) => {
    return !isIgnored(name, job.rule.ignore) && !(job.rule.expects.includes(name) && present[name] === undefined)
  })
  return Object.fromEntries(kept)
}
