import type { Ports } from '../engine/ports.ts'
import { leftAttempts, openAttempts } from '../io/attempts.ts'
import { systemClock } from '../io/clock.ts'
import { openDiskWriter } from '../io/diskWriter.ts'
import { openLauncher } from '../io/launcher.ts'
import { lockWorkspace, userName } from '../io/lock.ts'
import { invariant, UserError } from '../model/errors.ts'
import type { SharedSlots } from '../model/ports.ts'
import type { OpenWorkspace } from './workspace.ts'

/** The real world, for the engine of a workspace whose lock is held. */
export async function openPorts(
  workspace: OpenWorkspace,
  { stays, startsSoon }: { readonly stays: boolean; readonly startsSoon: boolean },
): Promise<Ports> {
  const { root, disk, ruleSet } = workspace
  // Of one that stays, the rules may share a pool later on.
  const mayShare = stays || leftAttempts(root).length > 0 || [...ruleSet.pools.values()].some(({ shared }) => shared)
  const self = { root, user: userName() }
  const sharedSlots = mayShare ? (await import('../io/sharedSlots.ts')).openSharedSlots(self) : noSharedSlots
  return {
    disk,
    writer: openDiskWriter(root),
    launcher: openLauncher(root, { isSoon: startsSoon }),
    attempts: openAttempts(root),
    journal: {
      history: (target) => workspace.journal.history(target),
      durations: () => workspace.journal.durations(),
      peaks: () => workspace.journal.peaks(),
      attempts: (target) => workspace.journal.attempts(target),
      append: (record) => workspace.journal.append(record),
    },
    clock: systemClock,
    sharedSlots,
  }
}

const askedForNone = () => {
  invariant(false, 'shared slots are asked for where no pool is shared')
}

/** Of an engine that will not ask for any: to load what hands them out takes as long as to start two jobs. */
const noSharedSlots: SharedSlots = {
  look: askedForNone,
  take: askedForNone,
  waitFor: askedForNone,
  adopt: askedForNone,
  give: askedForNone,
  close() {},
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
