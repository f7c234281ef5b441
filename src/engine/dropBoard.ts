import { rejectedFolder } from '../core/dropNames.ts'
import { isRejection, rejectedState, rejections } from '../core/rejections.ts'
import type { Drop, DropState } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Claim, Inbox, SeenDrop } from '../model/inbox.ts'
import type { Clock } from '../model/ports.ts'
import type { JournalRecord } from '../model/record.ts'

/** What the inbox holds, as it is told: an event for each change, and none where nothing changed. */
export interface DropBoard {
  /** A drop in the inbox as it stands now. */
  show(drop: SeenDrop, state: DropState): void
  /** It takes longer than a moment. */
  taking(name: string): void
  /** A claim came to its end. */
  ended(name: string, claim: Claim): Promise<void>
  /** Forgets what is no more, in the inbox (`names` is what is there) and among what was refused, and finds what is new there. */
  reconcile(names: ReadonlySet<string>): Promise<void>
  drops(): readonly Drop[]
}

export interface DropBoardOptions {
  readonly emit: (event: EngineEvent) => void
  readonly clock: Clock
  readonly inbox: Inbox
  readonly records: Iterable<JournalRecord>
}

/** A drop that only grows is told of no more often: a copy may take hours. */
const growthMs = 5000

export function openDropBoard({ emit, clock, inbox, records }: DropBoardOptions): DropBoard {
  const known = rejections(records)
  /** In the inbox. One of them hides another of its name that was refused earlier. */
  const present = new Map<string, { readonly drop: Drop; readonly toldMs: number }>()
  const rejected = new Map<string, Drop>()

  function tell(drop: Drop, was?: string): void {
    emit({ type: 'drop', atMs: clock.now(), drop, ...(was === undefined ? {} : { was }) })
  }

  function showDrop(drop: Drop): void {
    const before = present.get(drop.name)
    const steadyMs = clock.steadyMs()
    if (before !== undefined && isSame(before.drop.state, drop.state)) {
      const grew = before.drop.files !== drop.files || before.drop.bytes !== drop.bytes
      if (!grew || steadyMs - before.toldMs < growthMs) return
    }
    present.set(drop.name, { drop, toldMs: steadyMs })
    tell(drop)
  }

  /** What a drop in the inbox hid shows again. */
  function uncover(name: string): void {
    const below = rejected.get(name)
    if (below !== undefined) tell(below)
  }

  /** `was`: the name that it had in the inbox a moment ago, where that is another. */
  async function addRejected(name: string, was?: string): Promise<void> {
    const picture = await inbox.picture(`${rejectedFolder}/${name}`)
    if (picture === undefined) return
    const drop: Drop = { name, files: picture.files, bytes: picture.bytes, state: rejectedState(known.get(name)) }
    rejected.set(name, drop)
    if (!present.has(name)) tell(drop, was)
  }

  return {
    show: ({ name, picture: { files, bytes } }, state) => showDrop({ name, files, bytes, state }),
    taking(name) {
      const { files, bytes } = present.get(name)?.drop ?? rejected.get(name) ?? { files: 0, bytes: 0 }
      showDrop({ name, files, bytes, state: { kind: 'taking' } })
    },
    async ended(name, { record, oldWhy }) {
      const atMs = clock.now()
      const { outcome } = record
      present.delete(name)
      if (oldWhy !== undefined) rejected.delete(name)
      if (isRejection(record)) {
        known.set(record.outcome.kept, record)
        const { kept } = record.outcome
        await addRejected(kept, kept === name ? undefined : name)
        if (kept !== name) uncover(name)
        return
      }
      if (outcome.kind === 'taken') {
        const { stored, files, bytes } = outcome
        emit({ type: 'taken', atMs, drop: name, stored, files, bytes })
      } else if (outcome.kind === 'same') emit({ type: 'same', atMs, drop: name, as: outcome.as, attic: outcome.attic })
      uncover(name)
    },
    async reconcile(names) {
      for (const name of present.keys()) {
        if (names.has(name)) continue
        present.delete(name)
        emit({ type: 'withdrawn', atMs: clock.now(), drop: name })
        uncover(name)
      }
      const there = new Set(await inbox.rejected())
      for (const name of rejected.keys()) {
        if (there.has(name)) continue
        rejected.delete(name)
        if (!present.has(name)) emit({ type: 'withdrawn', atMs: clock.now(), drop: name })
      }
      for (const name of there) if (!rejected.has(name)) await addRejected(name)
    },
    drops: () => [
      ...[...present.values()].map(({ drop }) => drop),
      ...[...rejected.values()].filter(({ name }) => !present.has(name)),
    ],
  }
}

/** Is nothing new in it? How long it has been still is not: that goes on by itself. */
function isSame(a: DropState, b: DropState): boolean {
  if (a.kind === 'settling' && b.kind === 'settling') return a.sinceMs === b.sinceMs && a.quietMs === b.quietMs
  if (a.kind !== b.kind) return false
  return ('why' in a ? a.why : '') === ('why' in b ? b.why : '')
}
