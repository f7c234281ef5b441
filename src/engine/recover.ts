import type { Job } from '../model/job.ts'
import { DiskFault } from '../model/ports.ts'
import { type AttemptEnd, hasEnded, type StartedAttempt, settleAttempt, undoStart } from './attempt.ts'
import { forget, putAside, resumeCommit } from './commit.ts'
import type { Ports } from './ports.ts'
import { attemptOfSlug } from './staging.ts'

export interface Recovery {
  /** Attempts whose recipe still runs. */
  readonly running: readonly StartedAttempt[]
  /** Attempts that had ended while no labmake was there, and how they were settled. */
  readonly settled: readonly { readonly job: string; readonly end: AttemptEnd }[]
  readonly troubles: readonly string[]
}

/**
 * Takes over what an earlier labmake left when it was killed: finishes commits that were cut short, settles recipes that
 * ended meanwhile, and hands back those that still run. Called with the workspace's lock held, before the plan is made.
 * `jobs`: all that there are, asked for only where an attempt has to be known by its name alone.
 */
export async function recover(ports: Ports, jobs: () => readonly Job[]): Promise<Recovery> {
  const running: StartedAttempt[] = []
  const settled: { job: string; end: AttemptEnd }[] = []
  const troubles: string[] = []
  for (const slug of ports.attempts.torn()) {
    try {
      const end = await settleTorn(slug, jobs(), ports)
      if (end !== undefined) settled.push(end)
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault
      troubles.push(fault.message)
    }
  }
  for (const state of ports.attempts.left()) {
    try {
      if (state.committing !== undefined) {
        const { attic } = await resumeCommit(state, state.committing, ports)
        const { seconds, attempt, log } = state.committing
        settled.push({ job: state.job, end: { status: 'made', seconds, attempt, log, attic } })
        continue
      }
      const left = ports.launcher.adopt(state)
      if (left === undefined) {
        await undoStart(state, ports)
        continue
      }
      const ended = await endedAlready(left.exit)
      if (ended === undefined) running.push({ state, running: left })
      else if (hasEnded(state, ports)) await forget(state, ports)
      else {
        const end = await settleAttempt(state, ended, ports)
        // The engine waits for room, as for what runs.
        if (end.status === 'no-room') running.push({ state, running: left })
        else settled.push({ job: state.job, end })
      }
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault
      troubles.push(fault.message)
    }
  }
  return { running, settled, troubles }
}

/** The power went while it ran, and took what was written down of it: lost as any other, and what it wrote is put aside. */
async function settleTorn(
  slug: string,
  jobs: readonly Job[],
  ports: Ports,
): Promise<Recovery['settled'][0] | undefined> {
  const state = jobs.flatMap((job) => attemptOfSlug(slug, job) ?? [])[0]
  if (state !== undefined && !hasEnded(state, ports)) {
    const end = await settleAttempt(state, { status: 'failed', cause: { kind: 'lost' } }, ports)
    return end.status === 'no-room' ? undefined : { job: state.job, end }
  }
  const fault = state === undefined ? undefined : await putAside(state, ports)
  if (fault !== undefined) throw fault
  await ports.attempts.remove(slug)
  return undefined
}

/** The value of a promise that is settled by now, else undefined. */
async function endedAlready<T>(promise: Promise<T>): Promise<T | undefined> {
  // Promise reactions run in order: a promise that is settled already wins over one that takes a turn more.
  const later = Promise.resolve().then(() => undefined)
  return Promise.race([promise, later])
}
