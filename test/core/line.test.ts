import { expect, test } from 'vitest'
import { emptyBoard } from '../../src/core/board.ts'
import { lineUp } from '../../src/core/line.ts'
import type { Board, BoardJob, BoardPool, JobStatus } from '../../src/model/board.ts'

const nowMs = Date.UTC(2026, 7, 10)
const missing = (path: string) => ({ kind: 'target-missing', path }) as const
const queued: JobStatus = { state: 'queued', reason: missing('x') }
const waitingFor = (job: string): JobStatus => ({ state: 'waiting', reason: { kind: 'prerequisite', job } })
const done: JobStatus = { state: 'done', last: undefined, edited: undefined }
const last = { attempt: 1, endedMs: 0, seconds: 1, log: '' }
const runningFor = (seconds: number): JobStatus => ({
  state: 'running',
  reason: undefined,
  attempt: 1,
  startedMs: nowMs - seconds * 1000,
  pid: 1,
  log: '',
})
const takes = (seconds: number) => ({ seconds, low: seconds / 2, high: seconds * 2, runs: 10 })

/** A job of 100 seconds that needs one slot of ram. */
function job(id: string, status: JobStatus, more: Partial<BoardJob> = {}): BoardJob {
  return {
    id,
    rule: 'denoise',
    batch: id,
    name: 'denoise',
    params: {},
    pools: { ram: 1 },
    prerequisites: [],
    estimate: takes(100),
    rank: { say: 0, priority: 0, order: 0 },
    status,
    ...more,
  }
}

const first = { say: 1, priority: 0, order: 0 }
const pool = (name: string, slots: number, pausedBy?: string): BoardPool => ({
  name,
  slots,
  declared: slots,
  counts: 'slots',
  pausedBy,
})

function board(jobs: readonly BoardJob[], pools: readonly BoardPool[] = [pool('ram', 1), pool('cpu', 4)]): Board {
  const engine = {
    pid: 1,
    user: 'ana',
    host: 'h',
    startedMs: 0,
    version: '',
    mode: 'watch',
    root: '/',
    stopping: false,
  } as const
  return {
    ...emptyBoard(engine),
    jobs: new Map(jobs.map((j) => [j.id, j])),
    pools: new Map(pools.map((p) => [p.name, p])),
  }
}

const lineOf = (jobs: readonly BoardJob[], pools?: readonly BoardPool[]) => {
  const { place, startsInSeconds, allDoneInSeconds } = lineUp(board(jobs, pools), nowMs)
  return { place: Object.fromEntries(place), starts: Object.fromEntries(startsInSeconds), all: allDoneInSeconds }
}

test('with one slot, jobs start one after the other', () => {
  expect(lineOf([job('A', queued), job('B', queued), job('C', queued)])).toEqual({
    place: { A: 1, B: 2, C: 3 },
    starts: { A: 0, B: 100, C: 200 },
    all: 300,
  })
})

test('what is kept for the first that is short of it is said, by pool', () => {
  const gb = 1e9
  const ram: BoardPool = { ...pool('ram', 64 * gb), counts: 'bytes' }
  const asks = (id: string, gigabytes: number, status: JobStatus = queued) =>
    job(id, status, { pools: { ram: gigabytes * gb } })
  const { keptFor, startsInSeconds } = lineUp(
    board([asks('R', 40, runningFor(0)), asks('A', 90), asks('B', 30), asks('C', 24), asks('D', 40)], [ram]),
    nowMs,
  )
  expect(keptFor).toEqual(new Map([['ram', 'B']]))
  expect(Object.fromEntries(startsInSeconds)).toEqual({ B: 100, C: 0, D: 200 })
})

test('with two slots, two at a time', () => {
  const jobs = ['A', 'B', 'C'].map((id) => job(id, queued))
  expect(lineOf(jobs, [pool('ram', 2)])).toMatchObject({ starts: { A: 0, B: 0, C: 100 }, all: 200 })
})

test('who was said to be first is first', () => {
  expect(lineOf([job('A', queued), job('B', queued, { rank: first })]).place).toEqual({ A: 2, B: 1 })
})

test('names decide between equals as a person counts', () => {
  expect(lineOf([job('B10', queued), job('B2', queued)]).place).toEqual({ B2: 1, B10: 2 })
})

test('a job that runs keeps its slot for the rest of its time', () => {
  expect(lineOf([job('A', runningFor(30)), job('B', queued)])).toEqual({ place: { B: 1 }, starts: { B: 70 }, all: 170 })
})

test('a job that overran its median is expected at the end of the usual range', () => {
  expect(lineOf([job('A', runningFor(150)), job('B', queued)]).starts).toEqual({ B: 50 })
})

test('beyond that range it is expected a tenth later, and never in the past', () => {
  expect(lineOf([job('A', runningFor(1000)), job('B', queued)]).starts).toEqual({ B: 100 })
})

test('a clock that was put back does not make a job end sooner', () => {
  expect(lineOf([job('A', runningFor(-3600)), job('B', queued)]).starts).toEqual({ B: 100 })
})

test('a job starts once what it waits for is made', () => {
  const phy = job('phy', waitingFor('A'), { prerequisites: ['A'], pools: { cpu: 1 } })
  expect(lineOf([job('A', runningFor(30)), phy])).toEqual({ place: {}, starts: { phy: 70 }, all: 170 })
})

test('it waits for the last of several', () => {
  const phy = job('phy', waitingFor('A'), { prerequisites: ['A', 'B', 'C'], pools: { cpu: 1 } })
  expect(lineOf([job('A', queued), job('B', queued), job('C', done), phy]).starts).toMatchObject({ phy: 200 })
})

test('the place in line counts those that need the same slots', () => {
  const other = job('O', queued, { pools: { cpu: 1 } })
  expect(lineOf([job('A', queued), job('B', queued), other]).place).toEqual({ A: 1, B: 2, O: 1 })
})

test('a job takes slots of all its pools or none, and others may pass it', () => {
  const wide = job('W', queued, { pools: { ram: 1, cpu: 4 }, rank: first })
  const narrow = job('N', queued, { pools: { cpu: 1 }, estimate: takes(10) })
  expect(lineOf([job('A', runningFor(0)), wide, narrow])).toMatchObject({ starts: { W: 100, N: 0 }, all: 200 })
})

test('of jobs that need other slots too, the first in rank starts first', () => {
  const both = job('B', queued, { pools: { ram: 1, cpu: 1 } })
  expect(lineOf([job('A', queued, { rank: first }), both]).starts).toEqual({ A: 0, B: 100 })
  expect(lineOf([job('A', queued), { ...both, rank: first }]).starts).toEqual({ A: 100, B: 0 })
})

test('a job without pools starts at once', () => {
  expect(lineOf([job('A', queued, { pools: {} })]).starts).toEqual({ A: 0 })
})

test('with a paused pool nobody knows when', () => {
  const phy = job('phy', waitingFor('A'), { prerequisites: ['A'], pools: { cpu: 1 } })
  expect(lineOf([job('A', queued), phy], [pool('ram', 1, 'ana'), pool('cpu', 1)])).toEqual({
    place: { A: 1 },
    starts: { A: undefined, phy: undefined },
    all: undefined,
  })
})

test('what runs in a paused pool ends, and frees nothing', () => {
  expect(lineOf([job('A', runningFor(0)), job('B', queued)], [pool('ram', 1, 'ana')]).starts).toEqual({ B: undefined })
})

test('the other pools go on', () => {
  const jobs = [job('A', queued), job('O', queued, { pools: { cpu: 1 } })]
  expect(lineOf(jobs, [pool('ram', 1, 'ana'), pool('cpu', 1)]).starts).toEqual({ A: undefined, O: 0 })
})

test('behind a job without a past nothing is known, and what is beside it is', () => {
  const jobs = [
    job('A', runningFor(0), { estimate: undefined }),
    job('B', queued),
    job('C', queued, { pools: { cpu: 1 } }),
  ]
  expect(lineOf(jobs)).toEqual({ place: { B: 1, C: 1 }, starts: { B: undefined, C: 0 }, all: undefined })
})

test('a job without a past itself may have a start', () => {
  expect(lineOf([job('A', queued, { estimate: undefined }), job('B', queued)])).toEqual({
    place: { A: 1, B: 2 },
    starts: { A: 0, B: undefined },
    all: undefined,
  })
})

test('a retry starts when it is due, and holds no slot until then', () => {
  const cause = { kind: 'exit', code: 1 } as const
  const retry: JobStatus = {
    state: 'queued',
    reason: missing('x'),
    retry: { atMs: nowMs + 60_000, cause, number: 1, of: 2 },
  }
  expect(lineOf([job('A', retry), job('B', queued, { estimate: takes(10) })])).toMatchObject({
    starts: { A: 60, B: 0 },
    all: 160,
  })
})

test.each<[string, JobStatus]>([
  ['a source', { state: 'waiting', reason: { kind: 'no-source', path: 'x', state: 'missing' } }],
  ['a person who holds it', { state: 'held', by: 'ana', atMs: 0, reason: missing('x') }],
  ['somebody to mend it', { state: 'failed', cause: { kind: 'exit', code: 1 }, last }],
  ['somebody to ask for it', { state: 'stale', reason: missing('x') }],
])('what waits for %s does not count, nor what waits for that', (_what, status) => {
  const phy = job('phy', waitingFor('A'), { prerequisites: ['A'] })
  expect(lineOf([job('A', status), phy, job('B', queued)])).toEqual({ place: { B: 1 }, starts: { B: 0 }, all: 100 })
})

test('a job that is being ended gives its slot back, and nothing follows from it', () => {
  const ending = { ...runningFor(10), stoppedBy: 'ana' } as JobStatus
  const phy = job('phy', waitingFor('A'), { prerequisites: ['A'], pools: { cpu: 1 } })
  expect(lineOf([job('A', ending), phy, job('B', queued)])).toEqual({ place: { B: 1 }, starts: { B: 0 }, all: 100 })
})

test('a job that needs more slots than its pool has now does not start', () => {
  expect(lineOf([job('A', queued, { pools: { ram: 3 } })])).toEqual({
    place: { A: 1 },
    starts: { A: undefined },
    all: undefined,
  })
})

test('where nothing is to be done, all is done', () => {
  expect(lineOf([job('A', done)])).toEqual({ place: {}, starts: {}, all: 0 })
})

test('a line of ten thousand ends when the slots are used up: 5,000 × 100 s in 4 slots, and as many behind them', () => {
  const jobs = Array.from({ length: 5000 }, (_, n) => [
    job(`d${n}`, queued),
    job(`p${n}`, waitingFor(`d${n}`), { prerequisites: [`d${n}`], pools: { cpu: 1 } }),
  ]).flat()
  expect(lineOf(jobs, [pool('ram', 4), pool('cpu', 4)]).all).toBe((5000 / 4) * 100 + 100)
})
