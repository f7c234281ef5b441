import type { BuildEvent, PlannedEntry } from '../model/event.ts'

/** One job as a client draws it. */
export interface BoardJob extends PlannedEntry {
  readonly state: 'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'blocked' | 'cancelled' | 'skipped'
  /** ms since the epoch; set while running. */
  readonly startedMs: number | undefined
}

/** A build as its events have told it. */
export interface Board {
  readonly jobs: ReadonlyMap<string, BoardJob>
  readonly upToDate: number
  readonly stopping: boolean
}

export const emptyBoard: Board = { jobs: new Map(), upToDate: 0, stopping: false }

const waitingJob = (entry: PlannedEntry): [string, BoardJob] => {
  return [entry.job, { ...entry, state: 'waiting', startedMs: undefined }]
}

/** The board after one more event. A plan begins a new one; after that the map is shared with the board before, which is not used any more. */
export function nextBoard(board: Board, event: BuildEvent): Board {
  const jobs = board.jobs as Map<string, BoardJob>
  const set = (id: string, state: BoardJob['state'], startedMs?: number) => {
    const job = jobs.get(id)
    if (job !== undefined) jobs.set(id, { ...job, state, startedMs })
  }
  switch (event.type) {
    case 'planned':
      return { jobs: new Map(event.jobs.map(waitingJob)), upToDate: event.upToDate, stopping: false }
    case 'added':
      for (const [id, job] of event.jobs.map(waitingJob)) jobs.set(id, job)
      return board
    case 'started':
      set(event.job, 'running', event.atMs)
      return board
    case 'adopted':
      set(event.job, 'running', event.startedMs)
      return board
    case 'failed':
      set(event.job, event.retryInMs === undefined ? 'failed' : 'retrying')
      return board
    case 'done':
    case 'cancelled':
    case 'blocked':
    case 'skipped':
      set(event.job, event.type)
      return board
    case 'source-changed':
      set(event.job, 'waiting')
      return board
    case 'stopping':
      return { ...board, stopping: true }
    case 'trouble':
      return board
  }
}

export function countStates(board: Board): Record<BoardJob['state'], number> {
  const counts = { waiting: 0, running: 0, retrying: 0, done: 0, failed: 0, blocked: 0, cancelled: 0, skipped: 0 }
  for (const { state } of board.jobs.values()) counts[state]++
  return counts
}

/** Slots in use by pool. */
export function usedSlots(board: Board): Map<string, number> {
  const used = new Map<string, number>()
  for (const { state, pools } of board.jobs.values()) {
    if (state !== 'running') continue
    for (const [pool, slots] of Object.entries(pools)) used.set(pool, (used.get(pool) ?? 0) + slots)
  }
  return used
}

/**
 * Seconds until all is done, if every remaining job's rule has enough of a past: the most loaded pool or the longest chain
 * decides, whichever ends later. Undefined where a guess would be worth nothing.
 */
export function secondsLeft(board: Board, slots: ReadonlyMap<string, number>, nowMs: number): number | undefined {
  const load = new Map<string, number>()
  const chainEnd = new Map<string, number>()
  let longest = 0
  // Jobs come in the order of the plan: what a job comes after stands before it.
  for (const job of board.jobs.values()) {
    if (job.state !== 'running' && job.state !== 'waiting' && job.state !== 'retrying') continue
    if (job.expectedSeconds === undefined) return undefined
    const spent = job.startedMs === undefined ? 0 : (nowMs - job.startedMs) / 1000
    const left = Math.max(0, job.expectedSeconds - spent)
    const end = left + Math.max(0, ...job.after.map((id) => chainEnd.get(id) ?? 0))
    chainEnd.set(job.job, end)
    longest = Math.max(longest, end)
    for (const [pool, n] of Object.entries(job.pools)) load.set(pool, (load.get(pool) ?? 0) + left * n)
  }
  const byPool = [...load].map(([pool, seconds]) => seconds / (slots.get(pool) ?? 1))
  return Math.max(longest, ...byPool)
}
