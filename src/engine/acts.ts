import { formatSeconds } from '../core/durations.ts'
import type { Action, ActionResult } from '../model/action.ts'
import { assertNever } from '../model/errors.ts'
import { type Entry, isPending } from './entry.ts'
import { countJobs, type Hands, idsOf, jobsAre, nothing, record } from './hands.ts'
import { changePool } from './poolActs.ts'
import { accept, rebuild } from './targetActs.ts'

type JobAction = Extract<Action, { jobs: readonly string[] }>

/** Does what a person asks, writes down who asked, and says what it did. Rejects with DiskFault; then nothing was done. */
export async function performAction(action: Action, by: string, hands: Hands): Promise<ActionResult> {
  switch (action.type) {
    case 'pause':
    case 'resume':
    case 'slots':
    case 'size':
      return changePool(action, by, hands)
    case 'stop':
      return stopEngine(action.jobs, by, hands)
    case 'take':
      return nothing('This engine has no inbox: a build takes what is whole when it begins.')
    case 'build':
      return build(action.jobs, by, hands)
    default:
      return actOnJobs(action, by, hands)
  }
}

async function actOnJobs(
  action: Exclude<JobAction, { type: 'build' }>,
  by: string,
  hands: Hands,
): Promise<ActionResult> {
  const known = [...new Set(action.jobs)].flatMap((id) => hands.book.entries.get(id) ?? [])
  if (known.length === 0) return nothing('None of these jobs is known any more.')
  switch (action.type) {
    case 'retry':
      return retry(known, by, hands)
    case 'cancel':
      return cancel(known, by, hands)
    case 'hold':
      return hold(known, by, hands)
    case 'release':
      return release(known, by, hands)
    case 'first':
    case 'later':
      return moveInLine(action.type, known, by, hands)
    case 'reorder':
      return putBack(action, by, hands)
    case 'accept':
      return accept(known, by, hands)
    case 'rebuild':
      return rebuild(known, by, hands)
    default:
      return assertNever(action)
  }
}

const endsNow = 'The engine ends and starts nothing more: ask the next one.'

/** What failed, was stopped, or waits for its next attempt. */
function isTriable({ state }: Entry): boolean {
  if (state.status === 'retrying') return true
  return state.status === 'ended' && (state.outcome === 'failed' || state.outcome === 'cancelled')
}

async function retry(known: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  if (hands.isStopping()) return nothing(endsNow)
  const entries = new Set(known.filter(isTriable))
  let rest = ''
  const able = [...entries].filter((entry) => {
    const blocker = hands.book.blockerOf(entry, entries)
    if (blocker !== undefined) rest = `${entry.id} needs ${blocker.id} first.`
    return blocker === undefined
  })
  if (able.length === 0) return nothing(rest === '' ? nothingToTry(known, hands) : rest)
  const text = `Trying ${countJobs(able.length)} again.${rest === '' ? '' : ` Not all: ${rest}`}`
  await record({ type: 'retry', jobs: idsOf(able) }, { by, text, entries: able }, hands)
  hands.book.takeUp(able)
  return { done: true, text, count: able.length, undo: undefined }
}

function nothingToTry(known: readonly Entry[], { book }: Hands): string {
  for (const { id, state } of known) {
    if (state.status !== 'ended') continue
    if (state.outcome === 'held') return `${id} is held, so it is not tried again. Release it.`
    const because = book.entries.get(state.because ?? '')
    if (because === undefined) continue
    const isHeld = because.state.status === 'ended' && because.state.outcome === 'held'
    return `${id} waits for ${because.id}: ${isHeld ? 'release that.' : 'try that again.'}`
  }
  return 'None of these failed or was stopped, so there is nothing to try again.'
}

/** As a build would: what has changed is planned, and what failed is tried again; all else is on its way already. */
async function build(goals: readonly string[], by: string, hands: Hands): Promise<ActionResult> {
  if (hands.isStopping()) return nothing(endsNow)
  const entries = await hands.named(goals)
  const jobs = idsOf(entries)
  const rest = restOf(entries)
  if (rest !== undefined) return { ...nothing(rest), jobs }
  const again = entries.filter(isTriable)
  const under = entries.filter((entry) => isPending(entry) && !isTriable(entry)).length
  const onTheWay = under === 0 ? '' : ` ${jobsAre(under)} on the way.`
  const text = `${again.length === 0 ? '' : `Trying ${countJobs(again.length)} again.`}${onTheWay}`.trim()
  await record({ type: 'build', jobs: goals }, { by, text, entries: again }, hands)
  hands.book.takeUp(again)
  return { done: true, text, count: again.length + under, undo: undefined, jobs }
}

/** Why nothing of these would be made if they were asked for; undefined if something would, or is on its way. */
export function restOf(entries: readonly Entry[]): string | undefined {
  return entries.some((entry) => isPending(entry) || isTriable(entry)) ? undefined : nothingToBuild(entries)
}

function nothingToBuild(entries: readonly Entry[]): string {
  const held = entries.filter(({ state }) => state.status === 'ended' && state.outcome === 'held').length
  if (held > 0) return `Nothing of this is made now: ${jobsAre(held)} held. Release what is to be made.`
  return 'Nothing of this is to be made now.'
}

async function cancel(known: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const entries = known.filter((entry) => hands.underWay.canCancel(entry))
  if (entries.length === 0) {
    const ends = known.some(({ state }) => state.status === 'running')
    return nothing(ends ? 'It ends already.' : 'None of these runs. To keep a job from starting, hold it.')
  }
  const nowMs = hands.ports.clock.now()
  const seconds = entries.reduce((sum, { id }) => {
    const status = hands.board().jobs.get(id)?.status
    return sum + (status?.state === 'running' ? (nowMs - status.startedMs) / 1000 : 0)
  }, 0)
  const text = `Stopped ${countJobs(entries.length)}, ${formatSeconds(seconds)} of work. The logs are kept, the targets are as they were.`
  const jobs = idsOf(entries)
  await record({ type: 'cancel', jobs }, { by, text, entries }, hands)
  hands.underWay.cancel(entries, by)
  return { done: true, text, count: entries.length, undo: { type: 'retry', jobs } }
}

async function hold(known: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const entries = known.filter((entry) => !hands.book.isHeld(entry))
  if (entries.length === 0) return nothing('All of these are held already.')
  const running = entries.filter(({ state }) => state.status === 'running').length
  const rest = running === 0 ? '' : ` ${running === 1 ? '1 runs' : `${running} run`} on to the end of this attempt.`
  const text = `Held ${countJobs(entries.length)}: not started until released.${rest}`
  const jobs = idsOf(entries)
  await record({ type: 'hold', jobs }, { by, text, entries }, hands)
  hands.book.redecide(entries)
  return { done: true, text, count: entries.length, undo: { type: 'release', jobs } }
}

async function release(known: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const entries = known.filter((entry) => hands.book.isHeld(entry))
  if (entries.length === 0) return nothing('None of these is held.')
  const text = `Released ${countJobs(entries.length)}.`
  const jobs = idsOf(entries)
  await record({ type: 'release', jobs }, { by, text, entries }, hands)
  hands.book.redecide(entries)
  return { done: true, text, count: entries.length, undo: { type: 'hold', jobs } }
}

async function moveInLine(
  type: 'first' | 'later',
  known: readonly Entry[],
  by: string,
  hands: Hands,
): Promise<ActionResult> {
  const entries = known.filter(({ state }) => state.status !== 'running' && state.status !== 'resting')
  if (entries.length === 0) return nothing('None of these waits for its turn.')
  let [lowest, highest] = [0, 0]
  for (const { rank } of hands.book.entries.values()) {
    lowest = Math.min(lowest, rank.say)
    highest = Math.max(highest, rank.say)
  }
  const say = type === 'first' ? highest + 1 : lowest - 1
  const go = entries.length === 1 ? 'goes' : 'go'
  const text = `${countJobs(entries.length)} ${go} ${type === 'first' ? 'before' : 'after'} all others, until the engine ends.`
  const jobs = idsOf(entries)
  const says = entries.map(({ rank }) => rank.say)
  await record({ type, jobs }, { by, text, entries }, hands)
  hands.book.reorder(new Map(entries.map((entry) => [entry, say])))
  return { done: true, text, count: entries.length, undo: { type: 'reorder', jobs, says } }
}

async function putBack(
  { jobs, says }: Extract<Action, { type: 'reorder' }>,
  by: string,
  hands: Hands,
): Promise<ActionResult> {
  const places = new Map<Entry, number>()
  for (const [i, id] of jobs.entries()) {
    const entry = hands.book.entries.get(id)
    const say = says[i]
    if (entry !== undefined && say !== undefined && entry.rank.say !== say) places.set(entry, say)
  }
  const entries = [...places.keys()]
  if (entries.length === 0) return nothing('They are in that place already.')
  const before = { jobs: idsOf(entries), says: entries.map(({ rank }) => rank.say) }
  const text = `${jobsAre(entries.length)} in the old place again.`
  await record({ type: 'reorder', jobs, says }, { by, text, entries }, hands)
  hands.book.reorder(places)
  return { done: true, text, count: entries.length, undo: { type: 'reorder', ...before } }
}

async function stopEngine(jobs: 'leave' | 'end', by: string, hands: Hands): Promise<ActionResult> {
  const running = [...hands.book.entries.values()].filter(({ state }) => state.status === 'running').length
  const goOn =
    running === 1
      ? '1 job goes on; the next labmake takes it over.'
      : `${running} jobs go on; the next labmake takes them over.`
  const rest = running === 0 ? '' : ` ${jobs === 'leave' ? goOn : `${jobsAre(running)} ended.`}`
  const text = `The engine ends.${rest}`
  await record({ type: 'stop', jobs }, { by, text }, hands)
  hands.stop(jobs)
  return { done: true, text, count: running, undo: undefined }
}
