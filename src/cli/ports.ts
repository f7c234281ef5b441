import type { Ports } from '../engine/ports.ts'
import { openAttempts } from '../io/attempts.ts'
import { systemClock } from '../io/clock.ts'
import { openDiskWriter } from '../io/diskWriter.ts'
import { lockWorkspace, userName } from '../io/lock.ts'
import { UserError } from '../model/errors.ts'
import type { OpenWorkspace } from './workspace.ts'

/** The real world, for the engine. Loads what starting jobs needs. */
export async function openPorts(workspace: OpenWorkspace): Promise<Ports> {
  const [{ openLauncher }, { openSharedSlots }] = await Promise.all([
    import('../io/launcher.ts'),
    import('../io/sharedSlots.ts'),
  ])
  const { root, disk } = workspace
  return {
    disk,
    writer: openDiskWriter(root),
    launcher: openLauncher(root),
    attempts: openAttempts(root),
    journal: {
      history: (target) => workspace.journal.history(target),
      durations: () => workspace.journal.durations(),
      peaks: () => workspace.journal.peaks(),
      attempts: (target) => workspace.journal.attempts(target),
      append: (record) => workspace.journal.append(record),
    },
    clock: systemClock,
    sharedSlots: openSharedSlots({ root, user: userName() }),
  }
}

/** Runs `work` with the workspace's lock held. Throws UserError if somebody else holds it: it says who. */
export async function withLock<T>(workspace: OpenWorkspace, onLost: () => void, work: () => Promise<T>): Promise<T> {
  const lock = await lockWorkspace(workspace.root, onLost)
  if (lock.status === 'busy') {
    const { holder } = lock
    const who =
      holder === undefined
        ? 'another labmake'
        : `${holder.user}'s "${holder.command}" (process ${holder.process.pid} on ${holder.host}, since ${holder.since})`
    throw new UserError(`${who} is at work in this workspace`, {
      hint: 'Wait for it to end, or end it; labmake status and labmake -n work meanwhile.',
    })
  }
  try {
    workspace.rereadJournal()
    return await work()
  } finally {
    workspace.journal.close()
    await lock.release()
  }
}
