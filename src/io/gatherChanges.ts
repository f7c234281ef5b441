import type { Change } from '../model/change.ts'
import type { Clock } from '../model/ports.ts'

/** Changes are told once none came for this long: a copy of a folder is one change and not hundreds. */
const quietMs = 100
/** Under a stream of changes that does not end they are told after this many waits, half a second. */
const maxWaits = 5

export interface AddOptions {
  /** It is likely all that there is, such as a file that was written again: after a calm it is told at once. */
  readonly isAlone: boolean
}

/** Puts changes together until they are told. */
export interface Gathering {
  add(change: Change, options?: AddOptions): void
  /** Tells what came until now. */
  flush(): void
  close(): void
}

export function gatherChanges(clock: Clock, tell: (change: Change) => void): Gathering {
  const closed = new AbortController()
  const kinds = new Set<'rules' | 'manifests' | 'inbox'>()
  let names = new Set<string>()
  let why: string | undefined
  let added = 0
  let isWaiting = false

  async function tellWhenQuiet({ isAlone }: AddOptions): Promise<void> {
    if (isAlone) {
      // With all that the system tells of in one go.
      await clock.turn()
      tellAll()
    }
    // Waits are counted and not times compared: the clock of the system may jump.
    for (let waits = 0, before = -1; waits < maxWaits && before !== added; waits++) {
      before = added
      await clock.wait(quietMs, closed.signal)
      if (closed.signal.aborted) return
    }
    isWaiting = false
    tellAll()
  }

  function tellAll(): void {
    if (closed.signal.aborted) return
    const changes: Change[] = [...kinds].map((kind) => ({ kind }))
    // What is to be planned anew as a whole has the batches in it.
    if (why !== undefined) changes.push({ kind: 'everything', why })
    else if (names.size > 0) changes.push({ kind: 'batches', names })
    kinds.clear()
    names = new Set()
    why = undefined
    for (const change of changes) tell(change)
  }

  return {
    add(change, options = { isAlone: false }) {
      added++
      if (change.kind === 'batches') for (const name of change.names) names.add(name)
      else if (change.kind === 'everything') why ??= change.why
      else kinds.add(change.kind)
      if (isWaiting || closed.signal.aborted) return
      isWaiting = true
      // Not waited for: whoever adds goes on. It rejects only if who is told throws, which is a defect.
      void tellWhenQuiet(options)
    },
    flush: tellAll,
    close: () => closed.abort(),
  }
}
