import { hostname } from 'node:os'
import { emptyBoard, nextBoard } from '../core/board.ts'
import { JobBook, type PlannedGraph } from '../engine/book.ts'
import type { Entry } from '../engine/entry.ts'
import { Pools } from '../engine/pools.ts'
import { JobQueue } from '../engine/queue.ts'
import { leftAttempts } from '../io/attempts.ts'
import { systemClock } from '../io/clock.ts'
import { userName } from '../io/lock.ts'
import type { Board, BoardJob, JobStatus } from '../model/board.ts'
import { version } from '../version.ts'
import type { OpenWorkspace } from './workspace.ts'

/** The board as an engine would have it, from the files and the journal alone: for a look where no engine runs. */
export function glance(workspace: OpenWorkspace, planned: PlannedGraph): Board {
  const { root, disk, journal } = workspace
  const engine = { pid: process.pid, user: userName(), host: hostname(), startedMs: 0, version, root, stopping: false }
  let board = emptyBoard({ ...engine, mode: 'watch' })
  const pools = new Pools(undefined)
  const book = new JobBook({
    mode: 'watch',
    choose: (plan) => new Set(plan.jobs.map(({ job }) => job.id)),
    pools,
    queue: new JobQueue<Entry>(pools.limits()),
    ports: { disk, journal, clock: systemClock },
    board: () => board,
    emit: (event) => {
      board = nextBoard(board, event)
    },
  })
  book.integrate(planned)
  const running = new Map(leftAttempts(root).map((state) => [state.job, state]))
  const jobs = [...board.jobs].map(([id, job]): [string, BoardJob] => {
    const left = running.get(id)
    if (left === undefined) return [id, { ...job, status: withoutEngine(job.status) }]
    const { attempt, startedMs, log, process: mark } = left
    return [id, { ...job, status: { state: 'running', reason: undefined, attempt, startedMs, log, pid: mark?.pid } }]
  })
  return { ...board, jobs: new Map(jobs) }
}

/** Nobody will start it: it is stale, and that is all. */
function withoutEngine(status: JobStatus): JobStatus {
  if (status.state === 'queued') return { state: 'stale', reason: status.reason }
  if (status.state !== 'waiting' || status.reason.kind !== 'prerequisite') return status
  return { state: 'stale', reason: { kind: 'upstream', job: status.reason.job } }
}
