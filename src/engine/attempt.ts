import { ingredientsDigest, regather, takeIngredients, takeTargets } from '../core/provenance.ts'
import { commandLine, expandRecipe, recipePaths } from '../core/recipe.ts'
import { compareStamps } from '../core/stamp.ts'
import { type Survey, surveyDisk } from '../core/survey.ts'
import type { AttemptState } from '../model/attempt.ts'
import type { Job } from '../model/job.ts'
import { type DiskFault, type Exit, isNoRoom, type Running } from '../model/ports.ts'
import type { Cause, MadeRecord, Use } from '../model/record.ts'
import { checkStaged, commit, editedMeanwhile, faultOf, forget, putAside } from './commit.ts'
import { type Ports, places } from './ports.ts'
import { attemptSlug, stageTargets } from './staging.ts'

/** How an attempt ended, after the target was committed or put aside and the journal says so. */
export type AttemptEnd = {
  readonly seconds: number
  readonly attempt: number
  readonly log: string
  readonly use?: Use
  readonly trouble?: string
} & (
  | { readonly status: 'made'; readonly attic: string | undefined }
  | { readonly status: 'failed'; readonly cause: Cause }
  | { readonly status: 'cancelled'; readonly by: string | undefined }
)

/** What it made is whole, and there is no room to put it into place and say so. Nothing is lost: it can be settled later. */
export interface NoRoomYet {
  readonly status: 'no-room'
  readonly fault: DiskFault
}

export interface StartedAttempt {
  readonly state: AttemptState
  readonly running: Running
}

export interface Starting {
  readonly ignoreOf: (path: string) => readonly string[]
  readonly grant: string | undefined
  /** Of this very moment: the stamps that it takes are those that the verdict was made from. */
  readonly survey: Survey
}

/** Stamps the sources, makes the staging folders and starts the recipe. Throws DiskFault if that is not possible. */
export async function startAttempt(planned: Job, how: Starting, ports: Ports): Promise<StartedAttempt> {
  const { ignoreOf, grant, survey } = how
  const job = regather(planned, survey)
  const { sourceBytes, ...ingredients } = takeIngredients(job, survey, ignoreOf)
  const targets = takeTargets(job, survey)
  const history = ports.journal.history(job.targets[0]!.path)
  const attempt = history.attempts + 1
  const slug = attemptSlug(job, attempt, ports.clock)
  const keepOld = (path: string) => {
    if (history.current?.type === 'accepted') return true
    const left = history.current?.targets[path]
    const now = targets[path]
    return left === undefined || (now !== undefined && compareStamps(path, left, now) !== undefined)
  }
  const state: AttemptState = {
    slug,
    job: job.id,
    attempt,
    startedMs: ports.clock.now(),
    timeoutMs: job.rule.timeoutMs,
    process: undefined,
    targets: stageTargets(job, slug, keepOld),
    expects: job.rule.expects,
    ignore: job.rule.ignore,
    pools: Object.fromEntries(job.rule.pools),
    ...(job.rule.bytesOf.size === 0 ? {} : { bytesOf: [...job.rule.bytesOf] }),
    ...(grant === undefined ? {} : { grant }),
    log: `${places.logs}/${job.id}/${attempt}.log`,
    before: { ...ingredients, targets },
    sourceBytes,
    committing: undefined,
  }
  try {
    return await launch(job, state, ports)
  } catch (fault) {
    await putAside(state, ports)
    await forget(state, ports)
    throw fault
  }
}

async function launch(job: Job, state: AttemptState, ports: Ports): Promise<StartedAttempt> {
  // Written down first: whatever is made from here on, the next labmake knows of it if this one is killed.
  await ports.attempts.write(state)
  for (const { folder } of state.targets) await ports.writer.makeFolder(folder)
  await ports.writer.makeFolder(`${places.logs}/${job.id}`)
  await ports.journal.append({ type: 'started', ...recordOf(state, ports), attempt: state.attempt })
  const staged = new Map(state.targets.map((target) => [target.path, target.staged]))
  const { words, environment } = expandRecipe(
    job,
    recipePaths(job, (path) => staged.get(path) ?? path),
  )
  const { slug, log, timeoutMs, grant } = state
  const running = await ports.launcher.start({
    slug,
    words,
    environment,
    log,
    title: commandLine(job, words),
    timeoutMs,
    ...(grant === undefined ? {} : { grant }),
  })
  // While the recipe runs.
  if (state.targets.some(({ path, isFolder }) => isFolder && state.before.targets[path] !== undefined))
    ports.writer.expectExchange()
  return { state: { ...state, process: running.process }, running }
}

/**
 * Takes an attempt to its end once its recipe has ended: commits what it made, or puts it aside, and appends the journal.
 * Knows nothing but what was written down of the attempt, so that it serves one of an earlier labmake as well. `stopper`:
 * the person who asked for its end. Hours of work do not fail for want of room: then nothing was done, and this is
 * called again.
 */
export async function settleAttempt(
  state: AttemptState,
  exit: Exit,
  ports: Ports,
  stopper = ports.journal.history(state.targets[0]!.path).stopping?.by,
): Promise<AttemptEnd | NoRoomYet> {
  const seconds = exit.seconds ?? Math.max(0, (ports.clock.now() - state.startedMs) / 1000)
  const base = { seconds, attempt: state.attempt, log: state.log, ...(exit.use && { use: exit.use }) }
  if (exit.status === 'cancelled') {
    const fault = await putAside(state, ports)
    const by = stopper === undefined ? {} : { by: stopper, ingredients: ingredientsDigest(state.before) }
    const record = { type: 'cancelled', ...recordOf(state, ports), ...base, ...by } as const
    const unsaid = await faultOf(() => ports.journal.append(record))
    const unforgotten = fault ?? (await forget(state, ports))
    return { status: 'cancelled', ...base, by: stopper, ...trouble(unsaid ?? unforgotten) }
  }
  if (exit.status === 'failed') return fail(state, exit.cause, base, ports)
  const checked = checkStaged(state, ports)
  if ('cause' in checked) return fail(state, checked.cause, base, ports)
  const edited = editedMeanwhile(state, ports)
  if (edited !== undefined) return fail(state, { kind: 'edited-meanwhile', path: edited }, base, ports)
  const record: MadeRecord = {
    type: 'made',
    ...recordOf(state, ports),
    ...base,
    ...state.before,
    targets: checked.targets,
    sourceBytes: state.sourceBytes,
  }
  const committed = await commit(state, record, ports)
  switch (committed.status) {
    case 'made':
      return { status: 'made', ...base, attic: committed.attic, ...trouble(committed.fault) }
    case 'undone':
      // What could not be flushed is not whole: it was the recipe's own that did not fit.
      if (isNoRoom(committed.fault) && committed.fault.action !== 'flush')
        return { status: 'no-room', fault: committed.fault }
      return fail(state, diskCause(committed.fault), base, ports)
    case 'left':
      return recordFailure(state, diskCause(committed.fault), base, ports)
  }
}

interface EndBase {
  readonly seconds: number
  readonly attempt: number
  readonly log: string
  readonly use?: Use
  /** What it was to be made from; of the attempt's start, where it is not said. */
  readonly ingredients?: string
}

async function fail(state: AttemptState, cause: Cause, base: EndBase, ports: Ports): Promise<AttemptEnd> {
  const fault = await putAside(state, ports)
  const end = await recordFailure(state, cause, base, ports)
  return { ...end, ...trouble(fault ?? (await forget(state, ports))) }
}

/** Has the journal its end? Then labmake was killed before it had cleared away. */
export function hasEnded({ attempt, targets }: AttemptState, { journal }: Ports): boolean {
  return journal.attempts(targets[0]!.path).some((past) => past.attempt === attempt)
}

/** Clears away an attempt whose labmake was killed before the recipe started: nothing ran, and nothing failed. */
export async function undoStart(state: AttemptState, ports: Ports): Promise<void> {
  const { attempts, stopping } = ports.journal.history(state.targets[0]!.path)
  // What the journal knows of as started has to have its end there too.
  if (attempts >= state.attempt && !hasEnded(state, ports)) {
    const { attempt, log } = state
    const by = stopping === undefined ? {} : { by: stopping.by, ingredients: ingredientsDigest(state.before) }
    await ports.journal.append({ type: 'cancelled', ...recordOf(state, ports), attempt, seconds: 0, log, ...by })
  }
  const fault = await forget(state, ports)
  if (fault !== undefined) throw fault
}

/** Says in the journal that an attempt failed. */
export async function recordFailure(
  state: AttemptState,
  cause: Cause,
  base: EndBase,
  ports: Ports,
): Promise<AttemptEnd> {
  const { ingredients = ingredientsDigest(state.before), ...shown } = base
  const record = { type: 'failed', ...recordOf(state, ports), ...shown, cause, ingredients } as const
  return { status: 'failed', ...shown, cause, ...trouble(await faultOf(() => ports.journal.append(record))) }
}

/** What the journal says of every attempt: which job, which target, when. */
export function recordOf(state: AttemptState, ports: Ports): { at: string; job: string; target: string } {
  return { at: new Date(ports.clock.now()).toISOString(), job: state.job, target: state.targets[0]!.path }
}

export const diskCause = ({ action, path, problem }: DiskFault): Cause => ({ kind: 'disk', action, path, problem })

const trouble = (fault: DiskFault | undefined) => (fault === undefined ? {} : { trouble: fault.message })

/** The first source that is not as it was when the attempt started. */
export function changedSource(
  job: Job,
  state: AttemptState,
  ignoreOf: (path: string) => readonly string[],
  ports: Ports,
): string | undefined {
  const survey = surveyDisk(ports.disk)
  const { sources } = takeIngredients(regather(job, survey), survey, ignoreOf)
  for (const path of new Set([...Object.keys(sources), ...Object.keys(state.before.sources)])) {
    const before = state.before.sources[path]
    const now = sources[path]
    if (before === undefined || now === undefined) return path
    const change = compareStamps(path, before, now)
    if (change !== undefined) return change.path
  }
  return undefined
}
