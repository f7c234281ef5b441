import type { Board, BoardJob } from '../model/board.ts'
import { compareQueued } from './schedule.ts'

/** What is expected of the queue, from how long jobs of the same rules took so far. */
export interface Line {
  /** Of each queued job: 1 starts next among those that need the same slots. */
  readonly place: ReadonlyMap<string, number>
  /**
   * Seconds until a job starts, of those that will run and of which that is known: not where something before it has too
   * little of a past, or a pool that it needs is paused.
   */
  readonly startsInSeconds: ReadonlyMap<string, number>
  /** Seconds until nothing runs and nothing is queued; 0 if that is so now, undefined if some of it is not known. */
  readonly allDoneInSeconds: number | undefined
  /** By pool, the id of the first queued job that is short of it and could have it: after a while what comes free is kept for it. */
  readonly keptFor: ReadonlyMap<string, string>
}

/**
 * Plays the queue to its end: whatever is ready and first in rank starts as soon as all its slots are free. Narrow jobs
 * may pass a wide one here without end, which the engine does not let them do; it makes no difference in hours.
 */
export function lineUp(board: Board, nowMs: number): Line {
  const coming = jobsToCome(board)
  const sorted = coming.filter(({ status }) => status.state !== 'running').sort(compareQueued)
  const groups = new Map<string, Group>()
  const place = new Map<string, number>()
  const entries = sorted.map((job, rank): Entry => {
    const key = slotsKey(job.pools)
    let group = groups.get(key)
    if (group === undefined) {
      group = { needs: Object.entries(job.pools), ready: [], queued: 0 }
      groups.set(key, group)
    }
    if (job.status.state === 'queued') place.set(job.id, ++group.queued)
    return { job, rank, group, waitsFor: 0 }
  })
  const play = playedOut(board, entries, coming, [...groups.values()], nowMs)
  const isKnown = play.ended === coming.length
  return {
    place,
    startsInSeconds: play.startsIn,
    allDoneInSeconds: isKnown ? play.atSeconds : undefined,
    keptFor: firstShort(board, sorted, nowMs),
  }
}

function firstShort(board: Board, sorted: readonly BoardJob[], nowMs: number): Map<string, string> {
  const free = freeSlots(board)
  const first = new Map<string, string>()
  for (const job of sorted) {
    const { status, pools } = job
    if (status.state !== 'queued' || (status.retry?.atMs ?? 0) > nowMs) continue
    for (const pool in pools) {
      if (pools[pool]! <= (free.get(pool) ?? 0) || first.has(pool)) continue
      if (pools[pool]! <= (board.pools.get(pool)?.slots ?? 0)) first.set(pool, job.id)
    }
  }
  return first
}

/** A job in the line. */
interface Entry {
  readonly job: BoardJob
  /** Its place among all: a lower one starts sooner. */
  readonly rank: number
  readonly group: Group
  /** Prerequisites that are not made yet. */
  waitsFor: number
}

/** Jobs that need the same slots: if the first of them does not fit, none does. */
interface Group {
  readonly needs: readonly (readonly [string, number])[]
  /** A heap by rank. */
  readonly ready: Entry[]
  queued: number
}

function slotsKey(pools: BoardJob['pools']): string {
  const names = Object.keys(pools)
  if (names.length > 1) names.sort()
  let key = ''
  for (const name of names) key += `${name} ${pools[name]} `
  return key
}

/** Those that run, are queued, or wait for nothing but such jobs: all that will be made as things stand. */
export function jobsToCome({ jobs }: Board): BoardJob[] {
  const known = new Map<string, boolean>()
  const willRun = (job: BoardJob): boolean => {
    const { status } = job
    if (status.state === 'running') return status.stoppedBy === undefined
    if (status.state === 'queued') return true
    if (status.state !== 'waiting' || status.reason.kind !== 'prerequisite') return false
    const before = known.get(job.id)
    if (before !== undefined) return before
    // A cycle cannot be: plans refuse it. Until it is known, it does not run.
    known.set(job.id, false)
    const will = job.prerequisites.every((id) => {
      const other = jobs.get(id)
      return other === undefined || other.status.state === 'done' || willRun(other)
    })
    known.set(job.id, will)
    return will
  }
  const coming: BoardJob[] = []
  for (const job of jobs.values()) if (willRun(job)) coming.push(job)
  return coming
}

interface Play {
  readonly startsIn: ReadonlyMap<string, number>
  /** Jobs that came to an end. */
  readonly ended: number
  readonly atSeconds: number
}

/** Something that happens at a time: a job ends, or its retry is due. */
interface Happening {
  readonly atSeconds: number
  readonly job: BoardJob
  readonly due: Entry | undefined
}

function playedOut(
  board: Board,
  entries: readonly Entry[],
  coming: readonly BoardJob[],
  groups: readonly Group[],
  nowMs: number,
): Play {
  const free = freeSlots(board)
  const happenings: Happening[] = []
  const startsIn = new Map<string, number>()
  const behind = new Map<string, Entry[]>()
  let ended = 0
  let atSeconds = 0

  const getReady = (entry: Entry) => pushHeap(entry.group.ready, entry, byRank)
  /** A job without an estimate never ends here, and keeps its slots: what comes after it is not known. */
  const end = (job: BoardJob, inSeconds: number | undefined) => {
    if (inSeconds !== undefined) pushHeap(happenings, { atSeconds: atSeconds + inSeconds, job, due: undefined }, byTime)
  }
  for (const job of coming) if (job.status.state === 'running') end(job, secondsLeft(job, nowMs))
  for (const entry of entries) {
    const { job } = entry
    for (const id of job.status.state === 'waiting' ? job.prerequisites : []) {
      const status = board.jobs.get(id)?.status
      if (status === undefined || status.state === 'done') continue
      entry.waitsFor++
      const others = behind.get(id)
      if (others === undefined) behind.set(id, [entry])
      else others.push(entry)
    }
    const dueMs = job.status.state === 'queued' ? (job.status.retry?.atMs ?? 0) : 0
    if (dueMs > nowMs) pushHeap(happenings, { atSeconds: (dueMs - nowMs) / 1000, job, due: entry }, byTime)
    else if (entry.waitsFor === 0) getReady(entry)
  }
  for (;;) {
    for (let next = firstThatFits(groups, free); next !== undefined; next = firstThatFits(groups, free)) {
      const { job } = popHeap(next.ready, byRank)!
      take(free, next)
      startsIn.set(job.id, atSeconds)
      end(job, job.estimate?.seconds)
    }
    const happening = popHeap(happenings, byTime)
    if (happening === undefined) return { startsIn, ended, atSeconds }
    atSeconds = happening.atSeconds
    if (happening.due !== undefined) {
      getReady(happening.due)
      continue
    }
    ended++
    const { pools, id } = happening.job
    for (const pool in pools) free.set(pool, (free.get(pool) ?? 0) + pools[pool]!)
    for (const entry of behind.get(id) ?? []) if (--entry.waitsFor === 0) getReady(entry)
  }
}

/** Slots of each pool that nobody has; none of a paused pool, however many come free. */
function freeSlots({ jobs, pools }: Board): Map<string, number> {
  const free = new Map<string, number>()
  for (const { name, slots, pausedBy, shared } of pools.values()) {
    free.set(name, pausedBy === undefined ? slots - (shared?.usedByOthers ?? 0) : 0)
  }
  for (const { status, pools: needs } of jobs.values()) {
    // What a person stopped gives its slots back any moment.
    if (status.state !== 'running' || status.stoppedBy !== undefined) continue
    for (const pool in needs) free.set(pool, (free.get(pool) ?? 0) - needs[pool]!)
  }
  return free
}

/** What overran its estimate may end any moment, and does so here at the end of the usual range, or a tenth later. */
function secondsLeft({ status, estimate }: BoardJob, nowMs: number): number | undefined {
  if (status.state !== 'running' || estimate === undefined) return undefined
  const elapsed = Math.max(0, (nowMs - status.startedMs) / 1000)
  if (elapsed < estimate.seconds) return estimate.seconds - elapsed
  return elapsed < estimate.high ? estimate.high - elapsed : elapsed / 10
}

/** The group whose first job starts next; undefined if none fits. */
function firstThatFits(groups: readonly Group[], free: ReadonlyMap<string, number>): Group | undefined {
  let best: Group | undefined
  for (const group of groups) {
    const [first] = group.ready
    if (first === undefined || (best !== undefined && best.ready[0]!.rank < first.rank)) continue
    if (group.needs.every(([pool, slots]) => (free.get(pool) ?? 0) >= slots)) best = group
  }
  return best
}

function take(free: Map<string, number>, { needs }: Group): void {
  for (const [pool, slots] of needs) free.set(pool, (free.get(pool) ?? 0) - slots)
}

const byRank = (a: Entry, b: Entry) => a.rank - b.rank
const byTime = (a: Happening, b: Happening) => a.atSeconds - b.atSeconds

/** A binary heap in an array, the least first: the line may be of 20,000 jobs, and is played every few seconds. */
function pushHeap<T>(heap: T[], value: T, compare: (a: T, b: T) => number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (compare(heap[parent]!, value) <= 0) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = value
}

function popHeap<T>(heap: T[], compare: (a: T, b: T) => number): T | undefined {
  const least = heap[0]
  const value = heap.pop()
  if (value === undefined || heap.length === 0) return least
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) < 0) child++
    if (compare(value, heap[child]!) <= 0) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = value
  return least
}
