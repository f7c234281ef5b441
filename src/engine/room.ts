import type { EngineEvent } from '../model/event.ts'
import { type Clock, type DiskFault, isNoRoom } from '../model/ports.ts'

/** A disk is freed by a person in minutes; and who frees it does not want to wait for much longer than it took. */
const lookMs = 30_000

/**
 * Room on the disk for what labmake itself writes. Once there is none nothing is started, for each job would fail in its
 * turn: it is said once, and tried with one job now and then, and at once when a person asks for something.
 */
export interface Room {
  /** ms until a job may be started to see if there is room: 0 or less is now. Undefined if all may start. */
  readonly inMs: number | undefined
  readonly isShort: boolean
  /** One job is started to see: nothing else is until it is known. */
  trying(): void
  /** The job that was tried did not come to writing anything, or failed for another reason: the next one may tell. */
  toldNothing(): void
  /** Is it for want of room? Then it is said. */
  takes(fault: DiskFault): boolean
  /** Something was written that would not have fitted. */
  found(): void
  /** A person may have made room. */
  lookNow(): void
  /** Until it is worth to try again. False once nothing is waited for any more. */
  wait(): Promise<boolean>
  /** Nothing waits any more. */
  close(): void
}

export interface RoomOptions {
  readonly clock: Clock
  readonly mode: 'watch' | 'build'
  readonly tell: (event: EngineEvent) => void
  readonly rouse: () => void
}

export function openRoom({ clock, mode, tell, rouse }: RoomOptions): Room {
  let short: { readonly tryAtMs: number; readonly isTrying: boolean } | undefined
  let isClosed = false
  let waiting = new AbortController()
  const wakeAll = () => {
    waiting.abort()
    waiting = new AbortController()
  }
  return {
    get inMs() {
      if (short === undefined) return undefined
      return short.isTrying ? lookMs : short.tryAtMs - clock.steadyMs()
    },
    get isShort() {
      return short !== undefined
    },
    trying() {
      if (short !== undefined) short = { ...short, isTrying: true }
    },
    toldNothing() {
      if (short?.isTrying === true) short = { tryAtMs: clock.steadyMs(), isTrying: false }
    },
    takes(fault) {
      if (!isNoRoom(fault)) return false
      if (short === undefined) {
        const message = `${fault.message}. Nothing is started until there is room`
        tell({ type: 'trouble', atMs: clock.now(), message, hint: hints[mode] })
      }
      short = { tryAtMs: clock.steadyMs() + lookMs, isTrying: false }
      return true
    },
    found() {
      if (short === undefined) return
      short = undefined
      tell({ type: 'trouble', atMs: clock.now(), message: 'there is room on the disk again: work goes on' })
      wakeAll()
      rouse()
    },
    lookNow() {
      if (short === undefined || short.isTrying) return
      short = { tryAtMs: clock.steadyMs(), isTrying: false }
      wakeAll()
    },
    async wait() {
      if (!isClosed) await clock.wait(lookMs, waiting.signal)
      return !isClosed
    },
    close() {
      isClosed = true
      wakeAll()
    },
  }
}

const hints = {
  watch: `Free some space: it is looked for every ${lookMs / 1000} s, and at once on a retry. No job fails for this, and what runs goes on.`,
  build: 'Free some space. Once nothing runs any more this labmake ends; the next one goes on from here.',
} as const
