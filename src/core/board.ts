import type { Board, BoardEngine, BoardJob, BoardPool, Drop, JobState, JobStatus } from '../model/board.ts'
import type { EngineEvent, JobEvent } from '../model/event.ts'

/** A board before its first plan. */
export function emptyBoard(engine: BoardEngine): Board {
  const none = { orphans: [], faults: [], warnings: [], rules: [] }
  return { engine, jobs: new Map(), pools: new Map(), drops: new Map(), quietMs: 0, ...none }
}

/**
 * The board after one more event. The maps are shared with the board before, which is not used any more: an engine of
 * 20,000 jobs tells of several a second, and ten thousand drops come and go in a few. Where drops changed the board itself
 * is a new one.
 */
export function nextBoard(board: Board, event: EngineEvent): Board {
  const jobs = board.jobs as Map<string, BoardJob>
  const drops = board.drops as Map<string, Drop>
  switch (event.type) {
    case 'planned': {
      for (const id of event.removed) jobs.delete(id)
      for (const job of event.jobs) jobs.set(job.id, job)
      const { rules, orphans, faults, warnings, quietMs } = event
      const pools = new Map(event.pools.map((pool) => [pool.name, pool]))
      return { ...board, pools, rules, orphans, faults, warnings, quietMs }
    }
    case 'changed':
      for (const { job: id, ...changes } of event.jobs) {
        const job = jobs.get(id)
        if (job !== undefined) jobs.set(id, { ...job, ...changes })
      }
      return board
    case 'pool': {
      const pools = new Map(board.pools)
      pools.set(event.pool.name, event.pool)
      return { ...board, pools }
    }
    case 'drop':
      if (event.was !== undefined) drops.delete(event.was)
      drops.set(event.drop.name, event.drop)
      return { ...board }
    case 'taken':
    case 'same':
    case 'withdrawn':
      drops.delete(event.drop)
      return { ...board }
    case 'stopping':
      return { ...board, engine: { ...board.engine, stopping: true } }
    case 'acted':
    case 'idle':
    case 'trouble':
      return board
    default: {
      const job = jobs.get(event.job)
      if (job === undefined) return board
      const pools = event.type === 'adopted' ? event.pools : job.pools
      jobs.set(event.job, { ...job, pools, status: nextStatus(job.status, event) })
      return board
    }
  }
}

function nextStatus(before: JobStatus, event: JobEvent): JobStatus {
  switch (event.type) {
    case 'started': {
      const { attempt, pid, reason, log, atMs } = event
      return { state: 'running', attempt, pid, reason, log, startedMs: atMs }
    }
    case 'adopted': {
      const { attempt, pid, startedMs, log } = event
      return { state: 'running', attempt, pid, reason: undefined, log, startedMs }
    }
    case 'done':
      return { state: 'done', last: lastAttempt(event), edited: undefined }
    case 'failed': {
      const { cause, atMs, retryInMs } = event
      if (retryInMs === undefined) return { state: 'failed', cause, last: lastAttempt(event) }
      const reason = { kind: 'failed-before', cause, at: new Date(atMs).toISOString() } as const
      const { number, of } = event.retry ?? { number: 1, of: 1 }
      return { state: 'queued', reason, retry: { atMs: atMs + retryInMs, cause, number, of } }
    }
    case 'cancelled':
      return { state: 'cancelled', by: event.by, last: lastAttempt(event) }
    case 'blocked':
      return { state: 'blocked', job: event.by }
    case 'skipped':
      return event.status
    case 'source-changed':
      return { state: 'queued', reason: { kind: 'source-changed', path: event.path } }
    default:
      return before
  }
}

function lastAttempt({ attempt, atMs, seconds, log }: JobEvent & { seconds: number; log: string; attempt: number }) {
  return { attempt, endedMs: atMs, seconds, log }
}

export type StateCounts = Readonly<Record<JobState, number>>

export function countStates(jobs: Iterable<BoardJob>): StateCounts {
  const counts: Record<JobState, number> = {
    waiting: 0,
    queued: 0,
    running: 0,
    done: 0,
    failed: 0,
    blocked: 0,
    held: 0,
    cancelled: 0,
    protected: 0,
    stale: 0,
    orphaned: 0,
  }
  for (const { status } of jobs) counts[status.state]++
  return counts
}

/** Slots in use by pool, those of other workspaces too where it is shared. `jobs`: those that run, where that is known. */
export function usedSlots(board: Board, jobs: Iterable<BoardJob> = board.jobs.values()): Map<string, number> {
  const used = new Map<string, number>()
  for (const { name, shared } of board.pools.values()) {
    if (shared !== undefined && shared.usedByOthers > 0) used.set(name, shared.usedByOthers)
  }
  for (const { status, pools } of jobs) {
    if (status.state !== 'running' || status.hasEnded) continue
    for (const [pool, slots] of Object.entries(pools)) used.set(pool, (used.get(pool) ?? 0) + slots)
  }
  return used
}

/** Does a job in line need more of the pool than is free? `used`: of the pool, by usedSlots. */
export function isShortOf({ name, slots }: BoardPool, used: number, board: Board): boolean {
  return [...board.jobs.values()].some(({ status, pools }) => {
    return status.state === 'queued' && (pools[name] ?? 0) > slots - used
  })
}

/** A board as it is sent: maps as lists. */
export interface BoardJson extends Omit<Board, 'jobs' | 'pools' | 'drops'> {
  readonly jobs: readonly BoardJob[]
  readonly pools: readonly BoardPool[]
  readonly drops: readonly Drop[]
}

export function boardToJson(board: Board): BoardJson {
  const { jobs, pools, drops, ...rest } = board
  return { ...rest, jobs: [...jobs.values()], pools: [...pools.values()], drops: [...drops.values()] }
}

export function boardFromJson({ jobs, pools, drops, ...rest }: BoardJson): Board {
  return {
    ...rest,
    jobs: new Map(jobs.map((job) => [job.id, job])),
    pools: new Map(pools.map((pool) => [pool.name, pool])),
    drops: new Map(drops.map((drop) => [drop.name, drop])),
  }
}
