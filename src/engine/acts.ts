import { formatSeconds } from '../core/durations.ts'
import { reasonText, verdictReason } from '../core/reasons.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { Board } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import type { ActionRecord } from '../model/record.ts'
import { acceptedRecord } from './accept.ts'
import type { JobBook, Scope } from './book.ts'
import { type Entry, isPending } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'

/** What an action may lay hands on. */
export interface Hands {
  readonly ports: Pick<Ports, 'journal' | 'disk' | 'clock'>
  readonly book: JobBook
  readonly pools: Pools
  readonly board: () => Board
  /** Looks at the disk anew, and finds the jobs that goals name. Throws UserError for a goal that nothing matches. */
  readonly named: (goals: readonly string[]) => readonly Entry[]
  /** Ends what runs of a job. False if nothing does. */
  readonly cancel: (entry: Entry, by: string) => boolean
  readonly replanned: (scope: Scope) => void
  readonly poolChanged: (pool: string) => void
  readonly stop: (jobs: 'leave' | 'end') => void
}

type JobAction = Exclude<Action, { pool: string } | { type: 'take' } | { type: 'stop' }>
type KnownAction = Exclude<JobAction, { type: 'build' }>

/** Does what a person asks, writes down who asked, and says what it did. Rejects with DiskFault; then nothing was done. */
export async function performAction(action: Action, by: string, hands: Hands): Promise<ActionResult> {
  switch (action.type) {
    case 'pause':
    case 'resume':
    case 'slots':
      return changePool(action, by, hands)
    case 'stop':
      return stopEngine(action.jobs, by, hands)
    case 'take':
      return nothing('This engine has no inbox: a build takes what is whole when it begins.')
    default:
      return actOnJobs(action, by, hands)
  }
}

function nothing(text: string): ActionResult {
  return { done: false, text, count: 0, undo: undefined }
}

async function record(
  action: Action,
  { by, text, targets = [] }: { readonly by: string; readonly text: string; readonly targets?: readonly string[] },
  { ports }: Hands,
): Promise<void> {
  const at = new Date(ports.clock.now()).toISOString()
  await ports.journal.append({ type: 'action', at, by, action, targets, text })
}

const countJobs = (n: number) => (n === 1 ? '1 job' : `${n} jobs`)
const targetOf = (entry: Entry) => entry.job.targets[0]!.path

async function actOnJobs(action: JobAction, by: string, hands: Hands): Promise<ActionResult> {
  if (action.type === 'build') return build(action.jobs, by, hands)
  const known = action.jobs.flatMap((id) => hands.book.entries.get(id) ?? [])
  if (known.length === 0) return nothing('None of these jobs is known any more.')
  switch (action.type) {
    case 'retry':
      return retry(action, known.filter(isTriable), by, hands)
    case 'cancel':
      return cancel(
        known.filter(({ state }) => state.status === 'running'),
        by,
        hands,
      )
    case 'hold':
      return hold(
        known.filter((entry) => !isHeld(entry, hands)),
        by,
        hands,
      )
    case 'release':
      return release(
        known.filter((entry) => isHeld(entry, hands)),
        by,
        hands,
      )
    case 'first':
    case 'later':
      return order(
        action,
        known.filter(({ state }) => state.status !== 'running' && state.status !== 'resting'),
        by,
        hands,
      )
    case 'accept':
      return accept(known, by, hands)
    case 'rebuild':
      return rebuild(
        known.filter(({ state }) => state.status !== 'running'),
        by,
        hands,
      )
    default:
      return assertNever(action)
  }
}

const isHeld = (entry: Entry, { ports }: Hands) => ports.journal.history(targetOf(entry)).held !== undefined

/** What failed, was stopped, or waits for its next attempt. */
function isTriable({ state }: Entry): boolean {
  if (state.status === 'retrying') return true
  return state.status === 'ended' && (state.outcome === 'failed' || state.outcome === 'cancelled')
}

async function retry(action: JobAction, entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (entries.length === 0) return nothing('None of these failed or was stopped, so there is nothing to try again.')
  const text = `Trying ${countJobs(entries.length)} again.`
  await record(
    { type: action.type, jobs: entries.map((e) => e.id) },
    { by, text, targets: entries.map(targetOf) },
    hands,
  )
  for (const entry of entries) hands.book.takeUp(entry)
  return { done: true, text, count: entries.length, undo: undefined }
}

/** As a build would: the disk is looked at anew, and what failed is tried again; all else is on its way already. */
async function build(goals: readonly string[], by: string, hands: Hands): Promise<ActionResult> {
  const entries = hands.named(goals)
  const jobs = entries.map((e) => e.id)
  const again = entries.filter(isTriable)
  if (again.length > 0)
    return { ...(await retry({ type: 'build', jobs: again.map((e) => e.id) }, again, by, hands)), jobs }
  const under = entries.filter(isPending).length
  const are = under === 1 ? 'is' : 'are'
  const text = under === 0 ? 'Nothing of this is to be made now.' : `${countJobs(under)} of this ${are} on the way.`
  return { done: under > 0, text, count: under, undo: undefined, jobs }
}

async function cancel(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (entries.length === 0) {
    return nothing('None of these runs. To keep a job from starting, hold it.')
  }
  const nowMs = hands.ports.clock.now()
  const seconds = entries.reduce((sum, { id }) => {
    const status = hands.board().jobs.get(id)?.status
    return sum + (status?.state === 'running' ? (nowMs - status.startedMs) / 1000 : 0)
  }, 0)
  const text = `Stopped ${countJobs(entries.length)}, ${formatSeconds(seconds)} of work. The logs are kept, the targets are as they were.`
  const jobs = entries.map((e) => e.id)
  await record({ type: 'cancel', jobs }, { by, text, targets: entries.map(targetOf) }, hands)
  for (const entry of entries) hands.cancel(entry, by)
  return { done: true, text, count: entries.length, undo: { type: 'retry', jobs } }
}

async function hold(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (entries.length === 0) return nothing('All of these are held already.')
  const running = entries.filter(({ state }) => state.status === 'running').length
  const rest = running === 0 ? '' : ` ${running === 1 ? '1 runs' : `${running} run`} on to the end of this attempt.`
  const text = `Held ${countJobs(entries.length)}: not started until released.${rest}`
  const jobs = entries.map((e) => e.id)
  await record({ type: 'hold', jobs }, { by, text, targets: entries.map(targetOf) }, hands)
  redecide(entries, hands)
  return { done: true, text, count: entries.length, undo: { type: 'release', jobs } }
}

async function release(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (entries.length === 0) return nothing('None of these is held.')
  const text = `Released ${countJobs(entries.length)}.`
  const jobs = entries.map((e) => e.id)
  await record({ type: 'release', jobs }, { by, text, targets: entries.map(targetOf) }, hands)
  redecide(entries, hands)
  return { done: true, text, count: entries.length, undo: { type: 'hold', jobs } }
}

function redecide(entries: readonly Entry[], { book }: Hands): void {
  for (const entry of entries) book.redecide(entry)
}

async function order(action: KnownAction, entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (entries.length === 0) return nothing('None of these waits for its turn.')
  const says = [...hands.book.entries.values()].map(({ rank }) => rank.say)
  const isFirst = action.type === 'first'
  const say = isFirst ? Math.max(0, ...says) + 1 : Math.min(0, ...says) - 1
  const text = `${countJobs(entries.length)} ${entries.length === 1 ? 'goes' : 'go'} ${isFirst ? 'before' : 'after'} all others, until the engine ends.`
  const jobs = entries.map((e) => e.id)
  await record({ type: isFirst ? 'first' : 'later', jobs }, { by, text, targets: entries.map(targetOf) }, hands)
  for (const entry of entries) hands.book.reorder(entry, say)
  return { done: true, text, count: entries.length, undo: { type: isFirst ? 'later' : 'first', jobs } }
}

async function accept(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const { ports } = hands
  const accepted: Entry[] = []
  let refused: string | undefined
  for (const entry of entries) {
    const made = acceptedRecord(entry, by, ports, entry.graph.ignoreOf)
    const running = entry.state.status === 'running'
    if (running || typeof made === 'string') refused ??= `${entry.id}: ${running ? 'it runs now' : made}`
    else {
      await ports.journal.append(made)
      accepted.push(entry)
    }
  }
  if (accepted.length === 0) return nothing(`Nothing was accepted. ${refused}.`)
  const rest = refused === undefined ? '' : ` Not ${refused}.`
  const text = `Accepted ${countJobs(accepted.length)}: the targets count as made from their sources as they are.${rest}`
  const jobs = accepted.map((e) => e.id)
  await record({ type: 'accept', jobs }, { by, text }, hands)
  hands.replanned(batchesOf(accepted))
  return { done: true, text, count: accepted.length, undo: undefined }
}

async function rebuild(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const { ports } = hands
  const able = entries.filter(({ verdict }) => verdict.state !== 'waiting' && verdict.state !== 'orphaned')
  if (able.length === 0) {
    const [first] = entries
    return nothing(first === undefined ? 'These run now.' : `${first.id}: ${reasonText(verdictReason(first.verdict))}.`)
  }
  const text = `${countJobs(able.length)} will be made again. What a person edited is kept in .labmake/attic/.`
  const at = new Date(ports.clock.now()).toISOString()
  for (const entry of able)
    await ports.journal.append({ type: 'rebuild', at, job: entry.id, target: targetOf(entry), by })
  // The second record says that whoever asks for it also wants what failed before to be tried again.
  await record({ type: 'build', jobs: able.map((e) => e.id) }, { by, text, targets: able.map(targetOf) }, hands)
  hands.replanned(batchesOf(able))
  return { done: true, text, count: able.length, undo: undefined }
}

function batchesOf(entries: readonly Entry[]): Scope {
  const batches = entries.map((entry) => entry.batch)
  return batches.includes(undefined) ? 'all' : new Set(batches.filter((b) => b !== undefined))
}

async function changePool(action: Extract<Action, { pool: string }>, by: string, hands: Hands): Promise<ActionResult> {
  const pool = hands.pools.find(action.pool)
  if (pool === undefined) {
    const names = hands.pools.shown().map((p) => p.name)
    return nothing(
      `There is no pool "${action.pool}". There ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}.`,
    )
  }
  const { name } = pool
  const change = poolChange(action, by, hands)
  if (change === undefined) return nothing(`Nothing to change: ${name} is so already.`)
  await record(action, { by, text: change.text }, hands)
  change.apply()
  hands.poolChanged(name)
  return { done: true, text: change.text, count: 1, undo: change.undo }
}

interface PoolChange {
  readonly text: string
  readonly undo: Action
  apply(): void
}

function poolChange(action: Extract<Action, { pool: string }>, by: string, hands: Hands): PoolChange | undefined {
  const { name, slots, declared, pausedBy } = hands.pools.find(action.pool)!
  switch (action.type) {
    case 'pause':
      if (pausedBy !== undefined) return undefined
      return {
        text: `Paused ${name}: what runs goes on, nothing more is started that needs it.`,
        undo: { type: 'resume', pool: name },
        apply: () => hands.pools.pause(name, by),
      }
    case 'resume':
      if (pausedBy === undefined) return undefined
      return {
        text: `Resumed ${name}.`,
        undo: { type: 'pause', pool: name },
        apply: () => hands.pools.pause(name, undefined),
      }
    case 'slots': {
      const next = action.slots === 'declared' ? declared : action.slots
      if (next === slots) return undefined
      const wide = [...hands.book.entries.values()].filter(({ job }) => (job.rule.pools.get(name) ?? 0) > next)
      const tooWide = wide.length === 0 ? '' : ` ${countJobs(wide.length)} need more than that, and wait.`
      return {
        text: `${name} has ${next === 1 ? '1 slot' : `${next} slots`} now, until the engine ends.${tooWide}`,
        undo: { type: 'slots', pool: name, slots: slots === declared ? 'declared' : slots },
        apply: () => hands.pools.change(name, next === declared ? undefined : next),
      }
    }
  }
}

async function stopEngine(jobs: 'leave' | 'end', by: string, hands: Hands): Promise<ActionResult> {
  const running = [...hands.book.entries.values()].filter(({ state }) => state.status === 'running').length
  const rest =
    running === 0
      ? ''
      : jobs === 'leave'
        ? ` ${countJobs(running)} ${running === 1 ? 'goes' : 'go'} on; the next labmake takes ${running === 1 ? 'it' : 'them'} over.`
        : ` ${countJobs(running)} ${running === 1 ? 'is' : 'are'} ended.`
  const text = `The engine ends.${rest}`
  const action: ActionRecord['action'] = { type: 'stop', jobs }
  await record(action, { by, text }, hands)
  hands.stop(jobs)
  return { done: true, text, count: running, undo: undefined }
}
