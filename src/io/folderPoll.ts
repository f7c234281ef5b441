import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { Clock } from '../model/ports.ts'

/** A round begins this long after the one before ended. */
const leastWaitMs = 1000
/** Looking takes at most a twentieth of the time: what takes a second is looked at every twenty. */
const waitPerCost = 19
/** Longer than this nobody waits for a change, whatever it costs: everything is looked at anew as often anyhow. */
const mostWaitMs = 600_000
/** What comes into a folder or leaves it shows in the folder's own times. A file that is written again in place does not: at least every fifth round looks at the files too. */
const roundsPerFullLook = 5
/** Looks are synchronous, which costs a thirtieth of promises; after this long the engine's other work has its turn. */
const sliceMs = 10

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

/** What was seen of a folder. */
interface Seen {
  /** Its own times, which tell whether members came or went. */
  readonly own: string
  readonly members: ReadonlyMap<string, string>
}

export function pollFolders(clock: Clock): FolderPoll {
  const closed = new AbortController()
  /** Undefined until the first look, and while the folder is not there. */
  const seen = new Map<PolledFolder, Seen | undefined>()
  let isLooking = false

  function look(folder: PolledFolder, { full }: { readonly full: boolean }): void {
    const before = seen.get(folder)
    const own = stateOf(folder.path)
    if (own !== undefined && own === before?.own && !full) return
    const members = own === undefined ? undefined : membersOf(folder)
    const now = own === undefined || members === undefined ? undefined : { own, members }
    seen.set(folder, now)
    if (now === undefined || before === undefined) {
      // What changed between the plan and the first look is in no comparison, so the folder is told of as a whole.
      if (now !== before) folder.onChange(undefined)
      return
    }
    const changed = [...now.members].flatMap(([name, state]) => (before.members.get(name) === state ? [] : [name]))
    const gone = [...before.members.keys()].filter((name) => !now.members.has(name))
    // Whoever is told may well remove the folder.
    for (const name of [...changed, ...gone]) if (seen.has(folder)) folder.onChange(name)
  }

  /** Looks at every folder. Returns what it cost, in ms of looking. */
  async function round(how: { readonly full: boolean }): Promise<number> {
    let costMs = 0
    let startMs = performance.now()
    for (const folder of seen.keys()) {
      look(folder, how)
      const spentMs = performance.now() - startMs
      if (spentMs < sliceMs) continue
      costMs += spentMs
      await otherWork()
      if (closed.signal.aborted) break
      startMs = performance.now()
    }
    return costMs + performance.now() - startMs
  }

  async function lookOn(): Promise<void> {
    // A full look is paid for by all rounds up to the next one, so that they come evenly.
    const costsMs: number[] = []
    for (let n = 0; seen.size > 0 && !closed.signal.aborted; n++) {
      // In a small workspace every look may be a full one.
      const full = n % roundsPerFullLook === 0 || costsMs[0]! * waitPerCost <= leastWaitMs
      costsMs[n % roundsPerFullLook] = await round({ full })
      const costMs = costsMs.reduce((sum, ms) => sum + ms, 0) / roundsPerFullLook
      await clock.wait(Math.min(Math.max(leastWaitMs, waitPerCost * costMs), mostWaitMs), closed.signal)
    }
    isLooking = false
  }

  return {
    add(folder) {
      seen.set(folder, undefined)
      if (isLooking || closed.signal.aborted) return
      isLooking = true
      // Begins when who adds is done, goes on until there is nothing to look at, and never rejects.
      void otherWork().then(lookOn)
    },
    remove: (folder) => void seen.delete(folder),
    close: () => closed.abort(),
  }
}

/** Each member's state in a few letters; undefined if the folder may not be read. */
function membersOf({ path, names, counts }: PolledFolder): ReadonlyMap<string, string> | undefined {
  let present = names
  if (present === undefined) {
    try {
      present = readdirSync(path)
    } catch {
      return undefined
    }
  }
  const states = new Map<string, string>()
  for (const name of present) {
    const state = counts(name) ? stateOf(`${path}/${name}`, { member: true }) : undefined
    if (state !== undefined) states.set(name, state)
  }
  return states
}

/** Undefined if nothing is there. */
function stateOf(path: string, { member = false } = {}): string | undefined {
  let found: BigIntStats | undefined
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    // What may not be looked at is there all the same.
    return (error as NodeJS.ErrnoException).code
  }
  if (found === undefined) return undefined
  // What comes into a folder changes its times; that is told of by a look into that folder, where it matters.
  if (member && found.isDirectory()) return `folder ${found.dev} ${found.ino}`
  return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
}
