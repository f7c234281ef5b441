import { emptyBoard, nextBoard } from '../../src/core/board.ts'
import type { Board, BoardEngine, BoardJob, JobStatus } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { Notifier } from '../../src/model/notice.ts'

export const startMs = Date.UTC(2026, 0, 5, 8)

const engine: BoardEngine = {
  pid: 411,
  user: 'ana',
  host: 'rig1',
  startedMs: startMs,
  version: '0.0.0-test',
  mode: 'watch',
  root: '/lab',
  stopping: false,
}

const queued: JobStatus = { state: 'queued', reason: { kind: 'target-missing', path: 'x' } }

/** A job by its id, `phy/m1`: the rule and the batch. */
export function boardJob(id: string, status: JobStatus = queued): BoardJob {
  const [rule = '', batch] = id.split('/')
  const rank = { say: 0, priority: 0, order: 0 }
  const nothing = { params: {}, pools: {}, prerequisites: [], estimate: undefined }
  return { id, rule, batch, name: rule, ...nothing, rank, status }
}

export function boardOf(...jobs: readonly BoardJob[]): Board {
  return { ...emptyBoard(engine), jobs: new Map(jobs.map((job) => [job.id, job])) }
}

/** What an engine gives to those who listen: events, each with the board after it. Times in s since the start. */
export function storyOf(board: Board, take: (event: EngineEvent, board: Board) => void) {
  const tell = (event: EngineEvent) => {
    board = nextBoard(board, event)
    take(event, board)
  }
  const at = (seconds: number) => ({ atMs: startMs + seconds * 1000 })
  const log = (job: string, attempt: number) => `.labmake/logs/${job}/${attempt}.log`
  return {
    tell,
    get board() {
      return board
    },
    done(job: string, s: number, seconds = 60) {
      tell({ type: 'done', ...at(s), job, attempt: 1, seconds, log: log(job, 1) })
    },
    failed(job: string, s: number, more: Partial<EngineEvent & { type: 'failed' }> = {}) {
      const cause = { kind: 'exit', code: 1 } as const
      const attempt = more.attempt ?? 1
      tell({
        type: 'failed',
        ...at(s),
        job,
        attempt,
        seconds: 6,
        cause,
        log: log(job, attempt),
        retryInMs: undefined,
        ...more,
      })
    },
    idle(s: number) {
      tell({ type: 'idle', ...at(s) })
    },
    drop(name: string, state: (EngineEvent & { type: 'drop' })['drop']['state'], s: number, bytes = 10) {
      tell({ type: 'drop', ...at(s), drop: { name, files: 1, bytes, state } })
    },
  }
}

/** Somebody who runs a command, `rules/r.yaml` line by line. */
export function notifier(more: Partial<Notifier> = {}): Notifier {
  return {
    where: 'rules/r.yaml:2:5',
    on: ['failed', 'refused', 'stalled', 'disk', 'done', 'idle'],
    batches: undefined,
    channel: { kind: 'command', words: [['tell'], [{ value: 'text' }]] },
    ...more,
  }
}
