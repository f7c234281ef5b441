import { claimFolder } from '../core/dropNames.ts'
import { stagingPrefix } from '../core/names.ts'
import { UserError } from '../model/errors.ts'
import type { Claim } from '../model/inbox.ts'
import { DiskFault } from '../model/ports.ts'
import type { DropRecord, JournalRecord } from '../model/record.ts'
import type { RuleSet } from '../model/rule.ts'
import { carryOut, putBack } from './carry.ts'
import { type ClaimPorts, claimDrop, claimSlug, decide, type Wanted } from './claim.ts'
import { type Lane, openLanes } from './lanes.ts'

/** How the taking of a drop ended. `changed`: it is in the inbox again, or what was not stored of it. */
export type LastEnd =
  | { readonly status: 'ended'; readonly claim: Claim }
  | { readonly status: 'gone' | 'changed' }
  | { readonly status: 'fault'; readonly text: string }

/** How it stands when whoever waits is let go. `slow`: it goes on beside the others. */
export type TakeEnd = LastEnd | { readonly status: 'slow'; readonly end: Promise<LastEnd> }

export interface TakerOptions {
  readonly ports: ClaimPorts
  readonly rules: () => Pick<RuleSet, 'inbox' | 'rules'>
  readonly batches: () => Iterable<string>
  readonly records: Iterable<JournalRecord>
  /** Something takes long. */
  readonly onSlow: (name: string) => void
  /** A claim was carried to its end, or as far as it could. */
  readonly onCarried: (name: string, claim: Claim, status: 'done' | 'stopped') => Promise<void>
  readonly onFault: (name: string, text: string) => void
  /** What took long has ended. */
  readonly wake: () => void
}

/** Takes drops, several at a time where some take long. */
export interface Taker {
  /** Resolves when the drop is taken, or when it turns out that this takes long. Rejects for defects only. */
  take(wanted: Wanted, known: KnownBatches): Promise<TakeEnd>
  /** Is it being taken, or was that interrupted? */
  isTaking(name: string): boolean
  names(): readonly string[]
  /** Carries on what a fault of the disk, or a kill, interrupted. */
  resume(options: { readonly all: boolean }): Promise<void>
  /** Puts back what waits for that: its name was another drop's, or the disk had a fault. Returns whether the inbox has more now. */
  putBackLeft(): Promise<boolean>
  /** Finds what an earlier labmake left. */
  findLeft(): void
  /** ms until something is to be resumed; undefined if nothing is. */
  resumeInMs(): number | undefined
  /** Resolves when nothing is being taken. */
  idle(): Promise<void>
  /** Throws a defect that was met beside. */
  rethrow(): void
}

/** Known batches, by their names in small letters. */
export type KnownBatches = () => ReadonlyMap<string, ReadonlySet<string>>

/** A disk that is full or not writable is not asked again before this. */
export const retryMs = 60_000

export function openTaker(options: TakerOptions): Taker {
  const { ports } = options
  const { clock, disk } = ports
  const newLane = openLanes()
  const underWay = new Map<string, Promise<LastEnd>>()
  /** Places that something is on its way to, and when that is over. */
  const reserved = new Map<string, Promise<void>>()
  /** Claims that a fault of the disk cut short, or a kill. */
  const interrupted = new Map<string, { readonly claim: Claim; readonly resumeAtMs: number }>()
  /** Folders of claims that nothing was decided of, or that came to no end. */
  const strays = new Set<string>()
  /** Batches that were stored in this life, by their names in small letters: the engine knows of them only after its next plan. */
  const lately = new Map<string, { readonly batch: string; readonly place: string }>()
  const defects: unknown[] = []
  /** Records of drops that the journal has. */
  let recorded: Set<string> | undefined

  /** Runs `work`; whoever waits is let go when it turns slow. */
  function beside(name: string, work: (way: Way) => Promise<LastEnd>): Promise<TakeEnd> {
    let slow = false
    let over = () => {}
    const way: Way = { lane: newLane(() => turnSlow()), places: new Set(), over: new Promise((done) => (over = done)) }
    let turnSlow = () => {}
    const turnedSlow = new Promise<TakeEnd>((resolve) => {
      turnSlow = () => {
        if (slow) return
        slow = true
        options.onSlow(name)
        resolve({ status: 'slow', end: working })
      }
    })
    const working = work(way)
      .catch((error: unknown): LastEnd => {
        if (!(error instanceof DiskFault || error instanceof UserError)) {
          defects.push(error)
          return { status: 'fault', text: String(error) }
        }
        options.onFault(name, error.message)
        return { status: 'fault', text: error.message }
      })
      .finally(() => {
        way.lane.leave()
        for (const place of way.places) reserved.delete(place)
        over()
        underWay.delete(name)
        if (slow) options.wake()
      })
    underWay.set(name, working)
    return Promise.race([working, turnedSlow])
  }

  /** Waits until nothing is on its way to these places, then keeps them, all at once so that no two wait for each other. */
  async function reserve(places: readonly string[], { lane, places: kept, over }: Way): Promise<boolean> {
    const wanted = places.map((place) => place.toLowerCase())
    let waited = false
    for (;;) {
      const taken = wanted.map((place) => reserved.get(place)).find((other) => other !== undefined)
      if (taken === undefined) break
      waited = true
      lane.slow()
      await taken
    }
    for (const place of wanted) {
      reserved.set(place, over)
      kept.add(place)
    }
    return waited
  }

  function twinOf(batch: string, known: KnownBatches): string | undefined {
    const lower = batch.toLowerCase()
    const names = known().get(lower)
    if (names?.has(batch)) return undefined
    const late = lately.get(lower)
    if (late !== undefined && late.batch !== batch && disk.stat(late.place) !== undefined) return late.batch
    return names === undefined ? undefined : [...names][0]
  }

  async function takeUp(wanted: Wanted, known: KnownBatches, way: Way): Promise<LastEnd> {
    const slug = claimSlug(wanted.name, clock)
    let isDecided = false
    try {
      const claimed = await claimDrop(wanted, slug, ports)
      if (claimed === 'gone' || claimed === 'changed') return { status: claimed }
      const { inbox: acceptances, rules } = options.rules()
      const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
      const context = { acceptances, firstParam, twinOf: (batch: string) => twinOf(batch, known) }
      const deciding = { context, lane: way.lane, reserve: (places: readonly string[]) => reserve(places, way) }
      const claim = await decide(wanted, claimed, deciding, ports)
      await ports.claims.write(claim)
      isDecided = true
      return await carry(claim, wanted.name, way.lane)
    } finally {
      // Until it is decided what becomes of it, it is put back whatever happens.
      if (!isDecided) await putStrayBack(claimFolder(slug))
    }
  }

  async function carry(claim: Claim, name: string, lane: Lane): Promise<LastEnd> {
    const { status, claim: ended } = await carryOut(claim, { lane, note }, ports).catch((fault: unknown) => {
      interrupted.set(claim.slug, { claim, resumeAtMs: clock.steadyMs() + retryMs })
      throw fault
    })
    interrupted.delete(claim.slug)
    recorded?.delete(keyOf(ended.record))
    for (const { batch, to } of ended.moves) {
      if (batch !== undefined) lately.set(batch.toLowerCase(), { batch, place: to })
    }
    if (status === 'stopped') await putStrayBack(ended.folder)
    await options.onCarried(name, ended, status)
    return status === 'done' ? { status: 'ended', claim: ended } : { status: 'changed' }
  }

  /** Once, also where a kill or a fault came between the journal and the end of the claim. */
  async function note(record: DropRecord): Promise<void> {
    recorded ??= new Set([...options.records].flatMap((r) => (r.type === 'drop' ? [keyOf(r)] : [])))
    if (recorded.has(keyOf(record))) return
    await ports.journal.append(record)
    recorded.add(keyOf(record))
  }

  /** Where that is not possible now it lies safe where it is, and it is tried again. */
  async function putStrayBack(folder: string): Promise<void> {
    strays.add(folder)
    try {
      if (await putBack(folder, ports)) strays.delete(folder)
    } catch (fault) {
      if (!(fault instanceof DiskFault || fault instanceof UserError)) throw fault
    }
  }

  async function putBackLeft(): Promise<boolean> {
    const before = strays.size
    for (const folder of [...strays]) await putStrayBack(folder)
    return strays.size < before
  }

  const interruptedNames = () => [...interrupted.values()].map(({ claim }) => claim.drop)

  return {
    take: (wanted, known) => beside(wanted.name, (way) => takeUp(wanted, known, way)),
    isTaking: (name) => underWay.has(name) || interruptedNames().includes(name),
    names: () => [...underWay.keys(), ...interruptedNames()],
    async resume({ all }) {
      await putBackLeft()
      for (const left of interrupted.values()) {
        const name = left.claim.drop
        if (underWay.has(name) || (!all && clock.steadyMs() < left.resumeAtMs)) continue
        // What was written down last knows which copies are whole.
        const claim = ports.claims.left().find(({ slug }) => slug === left.claim.slug) ?? left.claim
        await beside(name, (way) => carry(claim, name, way.lane))
      }
    },
    putBackLeft,
    findLeft() {
      for (const claim of ports.claims.left()) interrupted.set(claim.slug, { claim, resumeAtMs: clock.steadyMs() })
      const decided = new Set([...interrupted.values()].map(({ claim }) => claim.folder))
      for (const name of disk.names('inbox') ?? []) {
        if (name.startsWith(stagingPrefix) && !decided.has(`inbox/${name}`)) strays.add(`inbox/${name}`)
      }
    },
    resumeInMs() {
      const waiting = [...interrupted.values()].filter(({ claim }) => !underWay.has(claim.drop))
      const inMs = waiting.map(({ resumeAtMs }) => Math.max(0, resumeAtMs - clock.steadyMs()))
      if (strays.size > 0) inMs.push(retryMs)
      return inMs.length === 0 ? undefined : Math.min(...inMs)
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay.values())
    },
    rethrow() {
      if (defects.length > 0) throw defects[0]
    },
  }
}

const keyOf = ({ at, drop }: DropRecord) => `${at} ${drop}`

/** What one taking holds. */
interface Way {
  readonly lane: Lane
  readonly places: Set<string>
  /** Resolves at its end. */
  readonly over: Promise<void>
}
