import { inboxFolder } from '../core/dropNames.ts'
import { rejections } from '../core/rejections.ts'
import {
  longestGapMs,
  nextLookMs,
  nextSettling,
  type Settling,
  settlingAtOnce,
  settlingState,
} from '../core/settling.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { Drop } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Claim, SeenDrop } from '../model/inbox.ts'
import { DiskFault } from '../model/ports.ts'
import type { JournalRecord } from '../model/record.ts'
import type { RuleSet } from '../model/rule.ts'
import type { ClaimPorts } from './claim.ts'
import { openDropBoard } from './dropBoard.ts'
import { findDrop, takeText } from './takeByHand.ts'
import { type KnownBatches, openTaker, retryMs } from './taker.ts'

/** A drop that is where it belongs. */
export interface Taken {
  readonly drop: string
  /** Batches that are new, or have another recording. */
  readonly batches: readonly string[]
  /** Manifests that are new or differ, as paths. */
  readonly manifests: readonly string[]
}

export interface Look {
  /** All that was taken since the last look. */
  readonly taken: readonly Taken[]
  /** ms until another look could find another state; undefined while nothing is on its way. */
  readonly againInMs: number | undefined
}

export interface IntakeOptions {
  readonly ports: ClaimPorts
  /** The rules in force: what may be dropped, and how long it must be still. */
  readonly rules: () => Pick<RuleSet, 'inbox' | 'quietMs' | 'rules'>
  /** Names of all batches that are known, also from manifests. */
  readonly batches: () => Iterable<string>
  /** The journal as it was at the start: it tells what was refused earlier, and why. */
  readonly records: Iterable<JournalRecord>
  readonly emit: (event: EngineEvent) => void
  /** Something that took long has ended: a look tells what was taken. */
  readonly wake: () => void
  /** A person who asks to take a drop is answered when that is done, however long it takes. */
  readonly isPatient?: boolean
}

export interface Intake {
  /**
   * Reconciles with what lies in the inbox: takes what is whole, and says of the rest how far it is. `watch`: on labmake's own
   * clock, by successive looks; what takes long goes on beside. `once`: by the times of change, and all is done when it
   * resolves. One look at a time: another one waits. Rejects for defects only.
   */
  look(mode: 'watch' | 'once'): Promise<Look>
  /** Does what a person said of a drop, and writes down who. */
  take(drop: string, how: TakeAction['how'], by: string): Promise<ActionResult>
  /** Finishes or undoes what an earlier labmake left in the middle. With the workspace's lock held, before the first look. */
  recover(): Promise<void>
  /** Resolves when nothing is being taken. */
  idle(): Promise<void>
  /** All that lies in the inbox, as it was last seen. */
  drops(): readonly Drop[]
}

type TakeAction = Extract<Action, { type: 'take' }>

/**
 * A look takes drops for no longer than this before it tells of them, so that of ten thousand the first are worked on at
 * once; the next look takes more.
 */
const sliceMs = 500
/** Until then a look goes on with what the last one found whole: to look through ten thousand drops again takes as long as to take a hundred. */
const staleMs = 10_000
/** A disk that is full keeps back every drop: more than so many troubles in a row say nothing new. */
const troublesTold = 5

/** Takes drops from the inbox. */
export function openIntake(options: IntakeOptions): Intake {
  const { ports, emit } = options
  const { inbox, clock, disk } = ports
  const board = openDropBoard({ emit, clock, inbox, records: options.records })
  const dropped = new Map([...rejections(options.records)].map(([kept, record]) => [kept, record.drop]))
  const settlings = new Map<string, Settling>()
  /** Drops that a fault of the disk keeps back, by name; the empty one is the inbox itself. */
  const faults = new Map<string, { readonly text: string; readonly retryAtMs: number }>()
  let troubles = 0
  let taken: Taken[] = []
  /** Whole drops that the last look had no time for. */
  let left: { readonly drops: readonly SeenDrop[]; readonly seenMs: number } = { drops: [], seenMs: 0 }
  let lookCostMs = 0
  let looking: Promise<unknown> = Promise.resolve()
  const taker = openTaker({ ...options, onSlow: (name) => board.taking(name), onCarried, onFault })

  async function onCarried(name: string, claim: Claim, status: 'done' | 'stopped'): Promise<void> {
    faults.delete(name)
    troubles = 0
    const { outcome, drop } = claim.record
    if ('kept' in outcome) dropped.set(outcome.kept, drop)
    if (outcome.kind === 'taken' && outcome.stored.length > 0) taken.push(takenOf(name, claim))
    if (status === 'done') await board.ended(name, claim)
  }

  function onFault(name: string, text: string): void {
    const isNew = faults.get(name)?.text !== text
    faults.set(name, { text, retryAtMs: clock.steadyMs() + retryMs })
    const settling = settlings.get(name)
    if (settling !== undefined) {
      const { picture, stillMs } = settling
      board.show({ name, picture }, { kind: 'stalled', because: 'disk', why: text, stillMs })
    }
    if (!isNew || troubles++ >= troublesTold) return
    const hint = 'Nothing was lost: it is tried again in a minute.'
    emit({ type: 'trouble', atMs: clock.now(), message: text, hint })
  }

  async function lookNow(mode: 'watch' | 'once'): Promise<Look> {
    const startMs = clock.steadyMs()
    const { quietMs } = options.rules()
    await taker.resume({ all: false })
    if (mode === 'once' || left.drops.length === 0 || startMs - left.seenMs > staleMs) {
      left = { drops: await settle(await seeInbox(mode), mode, quietMs), seenMs: startMs }
      lookCostMs = clock.steadyMs() - startMs
    }
    const known = knownBatches(options.batches)
    const whole = left.drops
    let begun = 0
    for (const { name, picture } of whole) {
      if (mode === 'watch' && clock.steadyMs() - startMs > sliceMs) break
      begun++
      if (taker.isTaking(name)) continue
      const wanted = { name, dropped: name, at: `${inboxFolder}/${name}`, picture, how: 'as-it-is' } as const
      const { status } = await taker.take(wanted, known)
      if (status !== 'fault') settlings.delete(name)
    }
    left = { ...left, drops: whole.slice(begun) }
    if (mode === 'once') await taker.idle()
    taker.rethrow()
    // Whoever passes by waits for no later look.
    if (mode === 'once' && (await taker.putBackLeft())) return lookNow(mode)
    const collected = taken
    taken = []
    return { taken: collected, againInMs: left.drops.length > 0 ? 0 : againInMs(quietMs) }
  }

  /** What was dropped; nothing if the inbox cannot be looked at, which is told. */
  async function seeInbox(mode: 'watch' | 'once'): Promise<readonly SeenDrop[]> {
    try {
      // There must be something to watch. A build that only passes by leaves things as they are.
      if (mode === 'watch' && disk.stat(inboxFolder) === undefined) await ports.writer.makeFolder(inboxFolder)
      const seen = await inbox.drops()
      await board.reconcile(new Set([...seen.map(({ name }) => name), ...taker.names()]))
      faults.delete('')
      return seen
    } catch (fault) {
      if (!isFault(fault)) throw fault
      onFault('', fault.message)
      return []
    }
  }

  /** Which of the drops are whole, manifests first; the others are shown as they stand. */
  async function settle(seen: readonly SeenDrop[], mode: 'watch' | 'once', quietMs: number): Promise<SeenDrop[]> {
    const nowMs = clock.now()
    const steadyMs = clock.steadyMs()
    const names = new Set(seen.map(({ name }) => name))
    for (const name of settlings.keys()) if (!names.has(name)) settlings.delete(name)
    for (const name of faults.keys()) if (name !== '' && !names.has(name)) faults.delete(name)
    const fileNowMs = mode === 'once' && seen.length > 0 ? await fileNow() : nowMs
    const whole: SeenDrop[] = []
    for (const drop of seen) {
      const { name, picture } = drop
      if (taker.isTaking(name)) continue
      const settling =
        mode === 'once'
          ? settlingAtOnce(picture, fileNowMs, quietMs)
          : nextSettling(settlings.get(name), picture, { nowMs, steadyMs })
      settlings.set(name, settling)
      const state = settlingState(settling, quietMs)
      if (state !== 'whole') board.show(drop, state)
      else if (steadyMs >= (faults.get(name)?.retryAtMs ?? steadyMs)) whole.push(drop)
    }
    // A recording that comes with its manifest is not to start without it.
    const isTable = ({ name, picture }: SeenDrop) => !picture.isFolder && /\.(tsv|txt)$/i.test(name)
    return [...whole.filter(isTable), ...whole.filter((drop) => !isTable(drop))]
  }

  async function fileNow(): Promise<number> {
    try {
      return await inbox.fileNow()
    } catch (fault) {
      if (!isFault(fault)) throw fault
      // Where nothing can be written nothing can be taken: that is told then.
      return clock.now()
    }
  }

  function againInMs(quietMs: number): number | undefined {
    const waits = [...settlings].map(([name, settling]) => {
      const fault = faults.get(name)
      return fault === undefined ? nextLookMs(settling, quietMs, lookCostMs) : fault.retryAtMs - clock.steadyMs()
    })
    const resumeInMs = taker.resumeInMs()
    if (resumeInMs !== undefined) waits.push(resumeInMs)
    if (faults.has('')) waits.push(retryMs)
    return waits.length === 0
      ? undefined
      : Math.max(
          0,
          waits.reduce((a, b) => Math.min(a, b), longestGapMs),
        )
  }

  async function take(drop: string, how: TakeAction['how'], by: string): Promise<ActionResult> {
    const found = findDrop(drop, how, { disk, isTaking: (name) => taker.isTaking(name) })
    if ('text' in found) return found
    const { name, at } = found
    const isRejected = at !== `${inboxFolder}/${name}`
    const wanted = { name, at, how, picture: undefined, dropped: isRejected ? (dropped.get(name) ?? name) : name }
    const first = await taker.take(wanted, knownBatches(options.batches))
    const end = first.status === 'slow' && options.isPatient === true ? await first.end : first
    taker.rethrow()
    settlings.delete(name)
    const result = takeText(name, end)
    if (!result.done) return result
    const action: Action = { type: 'take', drop, how }
    const atTime = new Date(clock.now()).toISOString()
    await ports.journal.append({ type: 'action', at: atTime, by, action, targets: [], text: result.text })
    return result
  }

  return {
    look(mode) {
      const look = looking.then(() => lookNow(mode))
      looking = look.catch(() => {})
      return look
    },
    take,
    async recover() {
      taker.findLeft()
      await taker.resume({ all: true })
      taker.rethrow()
    },
    idle: () => taker.idle(),
    drops: () => board.drops(),
  }
}

const isFault = (error: unknown): error is Error => error instanceof DiskFault || error instanceof UserError

function takenOf(drop: string, { moves, folder }: Claim): Taken {
  const placed = moves.filter(({ to }) => !to.startsWith(`${folder}/`))
  return {
    drop,
    batches: placed.flatMap(({ batch }) => batch ?? []),
    manifests: placed.flatMap(({ batch, to }) => (batch === undefined && to.endsWith('.tsv') ? [to] : [])),
  }
}

/** Looked up once there is a drop to check, and not for each one. */
function knownBatches(batches: () => Iterable<string>): KnownBatches {
  let known: Map<string, Set<string>> | undefined
  return () => {
    if (known !== undefined) return known
    known = new Map()
    for (const batch of batches()) {
      const lower = batch.toLowerCase()
      const names = known.get(lower)
      if (names === undefined) known.set(lower, new Set([batch]))
      else names.add(batch)
    }
    return known
  }
}
