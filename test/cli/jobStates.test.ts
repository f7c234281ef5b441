import { expect, test } from 'vitest'
import { followStates } from '../../src/cli/jobStates.ts'
import { countStates, emptyBoard, nextBoard } from '../../src/core/board.ts'
import type { Board, BoardJob, JobStatus } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'

const reason = { kind: 'target-missing', path: 'a' } as const
const queued: JobStatus = { state: 'queued', reason }
const rank = { say: 0, priority: 0, order: 0 }
const job = (id: string, status: JobStatus = queued): BoardJob => {
  return {
    id,
    rule: 'r',
    batch: id,
    name: 'r',
    params: {},
    pools: {},
    prerequisites: [],
    estimate: undefined,
    rank,
    status,
  }
}
const running: JobStatus = { state: 'running', attempt: 1, pid: 5, reason, log: 'a.log', startedMs: 1000 }
const whole = { rules: [], pools: [], orphans: [], faults: [], warnings: [], quietMs: 0 }
const planned = (...jobs: BoardJob[]): EngineEvent => ({ type: 'planned', atMs: 0, jobs, removed: [], ...whole })
const started = (id: string): EngineEvent => ({
  type: 'started',
  atMs: 0,
  job: id,
  attempt: 1,
  pid: 5,
  reason,
  log: '',
})
const done = (id: string): EngineEvent => ({ type: 'done', atMs: 0, job: id, attempt: 1, seconds: 1, log: '' })

const engine = {
  pid: 1,
  user: 'ana',
  host: 'h',
  startedMs: 0,
  version: '1',
  mode: 'build',
  root: '/',
  stopping: false,
} as const

/** Who is said to run after each of these events; all others are counted as they stand. */
function runningAfter(...events: EngineEvent[]): string[][] {
  let board: Board = emptyBoard(engine)
  const followed = followStates()
  return events.map((event) => {
    board = nextBoard(board, event)
    followed.event(event, board)
    expect(followed.counts()).toEqual(countStates(board.jobs.values()))
    return followed.running(board).map(({ id }) => id)
  })
}

test('who starts runs, and who ended does not', () => {
  const told = runningAfter(planned(job('a'), job('b')), started('a'), started('b'), done('a'))
  expect(told).toEqual([[], ['a'], ['a', 'b'], ['b']])
})

test('who was found running by a plan does, and whom another one leaves out does not', () => {
  const gone: EngineEvent = { type: 'planned', atMs: 0, jobs: [], removed: ['a'], ...whole }
  expect(runningAfter(planned(job('a', running), job('b')), gone)).toEqual([['a'], []])
})

test('what changed by itself counts too', () => {
  const changed = (status: JobStatus): EngineEvent => ({ type: 'changed', atMs: 0, jobs: [{ job: 'a', status }] })
  expect(runningAfter(planned(job('a')), changed(running), changed(queued))).toEqual([[], ['a'], []])
})

test('what a board held before is counted', () => {
  const board = { ...emptyBoard(engine), jobs: new Map([job('a'), job('b', running)].map((one) => [one.id, one])) }
  const followed = followStates()
  followed.join(board)
  expect(followed.counts()).toMatchObject({ queued: 1, running: 1 })
  expect(followed.running(board).map(({ id }) => id)).toEqual(['b'])
})
