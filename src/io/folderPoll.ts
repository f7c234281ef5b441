import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { Clock } from '../model/ports.ts'

/** A round begins this long after the one before ended. */
const leastWaitMs = 1000
/** Looking takes at most a twentieth of the time: what takes a second is looked at every twenty. */
const waitPerCost = 19
/** Longer than this nobody waits for a change, whatever it costs: everything is looked at anew as often anyhow. */
const mostWaitMs = 600_000
/** Two folders at a time: half of the threads that Node has for files stay free for the engine's own work. */
const lanes = 2

/** A folder that is looked at again and again, where no events come from it. */
export interface PolledFolder {
  /** Absolute. */
  readonly path: string
  /** Names to look for; undefined: all there are. */
  readonly names: readonly string[] | undefined
  /** Is this name worth a look of its own? */
  counts(name: string): boolean
  /** A member came, went or changed. Undefined: the folder itself; after the first look, or when it is gone. */
  onChange(name: string | undefined): void
}

export interface FolderPoll {
  add(folder: PolledFolder): void
  remove(folder: PolledFolder): void
  close(): void
}

export function pollFolders(clock: Clock): FolderPoll {
  const closed = new AbortController()
  /** What was seen of each member; undefined until the first look. */
  const seen = new Map<PolledFolder, ReadonlyMap<string, string> | undefined>()
  let isLooking = false

  async function look(folder: PolledFolder): Promise<void> {
    const now = await membersOf(folder)
    if (closed.signal.aborted || !seen.has(folder)) return
    const before = seen.get(folder)
    if (now === undefined || before === undefined) {
      seen.set(folder, now)
      // What changed between the plan and the first look is in no comparison, so the folder is told of as a whole.
      if (now !== before) folder.onChange(undefined)
      return
    }
    seen.set(folder, now)
    const changed = [...now].flatMap(([name, state]) => (before.get(name) === state ? [] : [name]))
    const gone = [...before.keys()].filter((name) => !now.has(name))
    // Whoever is told may well remove the folder.
    for (const name of [...changed, ...gone]) if (seen.has(folder)) folder.onChange(name)
  }

  async function round(): Promise<void> {
    const folders = seen.keys()
    const lane = async () => {
      for (const folder of folders) {
        if (closed.signal.aborted) return
        await look(folder)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  async function lookOn(): Promise<void> {
    while (seen.size > 0 && !closed.signal.aborted) {
      const startMs = clock.now()
      await round()
      // A clock that jumped back makes a cost below nothing.
      const costMs = Math.max(0, clock.now() - startMs)
      await clock.wait(Math.min(Math.max(leastWaitMs, waitPerCost * costMs), mostWaitMs), closed.signal)
    }
    isLooking = false
  }

  return {
    add(folder) {
      seen.set(folder, undefined)
      if (isLooking || closed.signal.aborted) return
      isLooking = true
      // Goes on until there is nothing to look at; a look at a folder never rejects.
      void lookOn()
    },
    remove: (folder) => void seen.delete(folder),
    close: () => closed.abort(),
  }
}

/** Each member's state in a few letters; undefined if there is no such folder, or it may not be read. */
async function membersOf({ path, names, counts }: PolledFolder): Promise<ReadonlyMap<string, string> | undefined> {
  const states = new Map<string, string>()
  try {
    for (const name of names ?? (await readdir(path))) {
      if (!counts(name)) continue
      const state = await stateOf(`${path}/${name}`)
      if (state !== undefined) states.set(name, state)
    }
    if (names !== undefined) await stat(path)
  } catch {
    return undefined
  }
  return states
}

async function stateOf(path: string): Promise<string | undefined> {
  let found: BigIntStats
  try {
    found = await stat(path, { bigint: true })
  } catch (error) {
    // A broken link, or what may not be looked at, is there all the same.
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : code
  }
  // What comes into a folder changes its times; that is told of by a look into the folder, where it matters.
  if (found.isDirectory()) return `folder ${found.dev} ${found.ino}`
  return `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
}
