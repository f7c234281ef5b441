import { tookMs } from '../core/jobTimes.ts'
import { plural } from '../core/sizes.ts'
import type { BoardJob, JobState } from '../model/board.ts'
import { targetJobs } from './chosen.ts'
import type { ChoiceOption, Confirm, UiState, Update } from './state.ts'
import { ask, only, open, say } from './step.ts'
import { elapsed } from './times.ts'
import type { View } from './view.ts'

// What keys do to jobs. What is free and can be undone is asked of the engine at once; what loses work asks the person
// first, and says what is lost. A key that has nothing to do says why, and which key would.

/** More names than this say nothing new in a question. */
const namesShown = 5

const isIn =
  (...states: readonly JobState[]) =>
  ({ status }: BoardJob) =>
    states.includes(status.state)
const idsOf = (jobs: readonly BoardJob[]) => jobs.map((job) => job.id)

export function retry(state: UiState, view: View): Update {
  const jobs = targetJobs(state, view)
  const isAwaited = ({ status }: BoardJob) => status.state === 'queued' && status.retry !== undefined
  const failed = jobs.filter((job) => isIn('failed', 'cancelled')(job) || isAwaited(job))
  if (failed.length > 0) return ask(state, view, { type: 'retry', jobs: idsOf(failed) })
  const stale = jobs.filter(isIn('stale'))
  if (stale.length > 0) return ask(state, view, { type: 'build', jobs: idsOf(stale) })
  const blocker = jobs.find(isIn('blocked'))
  if (blocker?.status.state === 'blocked')
    return only(say(state, view, `Try again what it waits for: ${blocker.status.job}.`))
  if (jobs.some(isIn('running'))) return only(say(state, view, 'It runs at this moment. x stops it.'))
  if (jobs.some(isIn('protected'))) return only(say(state, view, 'Nothing failed here. R asks which version stands.'))
  return only(say(state, view, 'Nothing failed here. R makes it again though it is up to date.'))
}

export function hold(state: UiState, view: View): Update {
  const jobs = targetJobs(state, view)
  const held = jobs.filter(isIn('held'))
  if (held.length > 0) return ask(state, view, { type: 'release', jobs: idsOf(held) })
  const free = jobs.filter(isIn('queued', 'waiting', 'blocked', 'stale'))
  if (free.length > 0) return ask(state, view, { type: 'hold', jobs: idsOf(free) })
  if (jobs.some(isIn('running')))
    return only(say(state, view, 'It runs already, and only what waits can be held. x stops it.'))
  return only(say(state, view, 'Nothing waits here that could be held.'))
}

export function moveInLine(state: UiState, view: View, way: 'first' | 'later'): Update {
  const jobs = targetJobs(state, view).filter(isIn('queued', 'waiting', 'held', 'blocked'))
  if (jobs.length === 0) return only(say(state, view, 'Nothing of it stands in line.'))
  return ask(state, view, { type: way, jobs: idsOf(jobs) })
}

export function stop(state: UiState, view: View): Update {
  const jobs = targetJobs(state, view)
  const running = jobs.filter(({ status }) => status.state === 'running' && status.stoppedBy === undefined)
  if (running.length === 0) {
    const isEnding = jobs.some(isIn('running'))
    return only(
      say(
        state,
        view,
        isEnding ? 'It is being ended already.' : 'It does not run. h holds it, so that it does not start.',
      ),
    )
  }
  const lost = running.reduce((sum, job) => sum + secondsOf(job, view.nowMs), 0)
  const question: Confirm = {
    kind: 'confirm',
    title: `Stop ${plural(running.length, 'running job')}?`,
    lines: names(running, (job) => `${job.id}  ${elapsed(secondsOf(job, view.nowMs))}`),
    loss: `${elapsed(lost)} of work is lost.`,
    rest: 'The log is kept, and the target stays as it was.',
    yes: 'stop',
    action: { type: 'cancel', jobs: idsOf(running) },
  }
  return only(open(state, question))
}

/** Makes targets again though they are up to date, or were edited by a person. */
export function rebuild(state: UiState, view: View): Update {
  const jobs = targetJobs(state, view)
  const free = jobs.filter(isIn('done', 'failed', 'cancelled', 'stale', 'protected', 'queued', 'held'))
  if (free.length === 0) {
    const why = jobs.some(isIn('running'))
      ? 'It runs at this moment. x stops it.'
      : 'What it is made from is not there yet.'
    return only(say(state, view, why))
  }
  const all = rebuildQuestion(free, view)
  const [guarded, ...others] = free.filter(isIn('protected'))
  if (guarded?.status.state !== 'protected' || others.length > 0) return only(open(state, all))
  const keep: ChoiceOption = {
    key: 'k',
    title: 'keep the edited version, and call it current',
    does: { act: { type: 'accept', jobs: [guarded.id] } },
  }
  const renew: ChoiceOption = {
    key: 'm',
    title: 'make a new one (asks); the edited one is kept in .labmake/attic/',
    does: { open: rebuildQuestion([guarded], view) },
  }
  const rest: ChoiceOption[] =
    free.length === 1 ? [] : [{ key: 'a', title: `make all ${free.length} jobs again (asks)`, does: { open: all } }]
  return only(
    open(state, {
      kind: 'choice',
      title: `Which version of ${guarded.id} stands?`,
      lines: [`${guarded.status.edited} was edited by a person, and it is stale.`],
      options: [keep, renew, ...rest],
      index: 0,
    }),
  )
}

function isEdited({ status }: BoardJob): boolean {
  return status.state === 'protected' || (status.state === 'done' && status.edited !== undefined)
}

function rebuildQuestion(jobs: readonly BoardJob[], view: View): Confirm {
  const edited = jobs.filter(isEdited).length
  const spent = jobs.reduce((sum, job) => sum + secondsOf(job, view.nowMs), 0)
  const kept = 'The targets that are there stand until the new ones are whole.'
  const attic = edited === 1 ? 'A person edited one of them' : `People edited ${edited} of them`
  return {
    kind: 'confirm',
    title: `Make ${plural(jobs.length, 'job')} again?`,
    lines: names(jobs, (job) => `${job.id}${isEdited(job) ? '  edited by a person' : ''}`),
    loss: spent > 0 ? `${elapsed(spent)} of work is done over.` : 'The work is done over.',
    rest: edited === 0 ? kept : `${attic}: the old version goes to .labmake/attic/.`,
    yes: 'make again',
    action: { type: 'rebuild', jobs: idsOf(jobs) },
  }
}

/** Calls edited targets current as they are. */
export function accept(state: UiState, view: View): Update {
  const jobs = targetJobs(state, view).filter(isIn('protected', 'stale', 'queued', 'held', 'failed', 'cancelled'))
  if (jobs.length === 0)
    return only(say(state, view, 'It is current already, or there is nothing yet to call current.'))
  return ask(state, view, { type: 'accept', jobs: idsOf(jobs) })
}

/** What its newest attempt took, or has taken. */
const secondsOf = (job: BoardJob, nowMs: number) => (tookMs(job, nowMs) ?? 0) / 1000

function names(jobs: readonly BoardJob[], text: (job: BoardJob) => string): string[] {
  const lines = jobs.slice(0, namesShown).map(text)
  return jobs.length > namesShown ? [...lines, `and ${jobs.length - namesShown} more`] : lines
}
