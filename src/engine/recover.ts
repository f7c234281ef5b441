import { DiskFault } from '../model/ports.ts'
import { type AttemptEnd, hasEnded, type StartedAttempt, settleAttempt, undoStart } from './attempt.ts'
import { forget, resumeCommit } from './commit.ts'
import type { Ports } from './ports.ts'

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
 */
export async function recover(ports: Ports): Promise<Recovery> {
  const running: StartedAttempt[] = []
  const settled: { job: string; end: AttemptEnd }[] = []
  const troubles: string[] = []
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

/** The value of a promise that is settled by now, else undefined. */
async function endedAlready<T>(promise: Promise<T>): Promise<T | undefined> {
  // Promise reactions run in order: a promise that is settled already wins over one that takes a turn more.
  const later = Promise.resolve().then(() => undefined)
  return Promise.race([promise, later])
}
