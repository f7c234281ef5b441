import { describe, expect, test } from 'vitest'
import { boardFromJson, boardToJson, countStates, emptyBoard, nextBoard, usedSlots } from '../../src/core/board.ts'
import type { Board, BoardJob, BoardPool, JobStatus } from '../../src/model/board.ts'
import type { EngineEvent, PlannedEvent } from '../../src/model/event.ts'
import { lab } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const engine = {
  pid: 7,
  user: 'ana',
  host: 'server',
  startedMs: 0,
  version: '1.0.0',
  mode: 'watch',
  root: '/lab',
  stopping: false,
} as const
const missing = { kind: 'target-missing', path: 'out' } as const
const job = (id: string, status: JobStatus = { state: 'queued', reason: missing }): BoardJob => ({
  id,
  rule: 'denoise',
  batch: 'B1',
  name: 'denoise',
  params: {},
  pools: { ram: 1 },
  prerequisites: [],
  estimate: undefined,
  rank: { say: 0, priority: 0, order: 1 },
  status,
})
const ram: BoardPool = { name: 'ram', slots: 2, declared: 2, counts: 'slots', pausedBy: undefined }
const planned = (jobs: readonly BoardJob[], more: Partial<PlannedEvent> = {}): PlannedEvent => {
  const whole = { rules: ['denoise'], pools: [ram], orphans: [], faults: [], warnings: [], quietMs: 30_000 }
  return { type: 'planned', atMs: 0, jobs, removed: [], ...whole, ...more }
}
const draw = (...events: readonly EngineEvent[]): Board => events.reduce(nextBoard, emptyBoard(engine))
const statusOf = (...events: readonly EngineEvent[]) => draw(planned([job('a')]), ...events).jobs.get('a')!.status

const attempt = { job: 'a', attempt: 1, log: 'a.log' } as const
const started: EngineEvent = { type: 'started', atMs: 1000, ...attempt, pid: 5, reason: missing }
const running: JobStatus = { state: 'running', attempt: 1, pid: 5, reason: missing, log: 'a.log', startedMs: 1000 }
const ended = { atMs: 9000, ...attempt, seconds: 8 } as const
const last = { attempt: 1, endedMs: 9000, seconds: 8, log: 'a.log' }
const cause = { kind: 'exit', code: 3 } as const

describe('a job', () => {
  test.each<[string, readonly EngineEvent[], JobStatus]>([
    ['that started runs', [started], running],
    [
      'that was taken over runs since it was started',
      [{ type: 'adopted', atMs: 5000, ...attempt, pid: 5, startedMs: 1000, pools: { ram: 1 } }],
      { ...running, reason: undefined },
    ],
    ['that was made is done', [started, { type: 'done', ...ended }], { state: 'done', last, edited: undefined }],
    [
      'that failed for good',
      [started, { type: 'failed', ...ended, cause, retryInMs: undefined }],
      { state: 'failed', cause, last },
    ],
    [
      'that is tried again is queued until then, and says why',
      [started, { type: 'failed', ...ended, cause, retryInMs: 500, retry: { number: 2, of: 3 } }],
      {
        state: 'queued',
        reason: { kind: 'failed-before', cause, at: '1970-01-01T00:00:09.000Z' },
        retry: { atMs: 9500, cause, number: 2, of: 3 },
      },
    ],
    [
      'that was stopped',
      [started, { type: 'cancelled', ...ended, by: 'bob' }],
      { state: 'cancelled', by: 'bob', last },
    ],
    ['that is blocked', [{ type: 'blocked', atMs: 0, job: 'a', by: 'b' }], { state: 'blocked', job: 'b' }],
    [
      'that was skipped stands as the engine says',
      [
        {
          type: 'skipped',
          atMs: 0,
          job: 'a',
          reason: { kind: 'up-to-date' },
          status: { state: 'orphaned', path: 'o' },
        },
      ],
      { state: 'orphaned', path: 'o' },
    ],
    [
      'whose source changed while it ran is queued once more',
      [started, { type: 'done', ...ended }, { type: 'source-changed', atMs: 9000, job: 'a', path: 'in/a' }],
      { state: 'queued', reason: { kind: 'source-changed', path: 'in/a' } },
    ],
    [
      'that changed stands as the engine says',
      [
        {
          type: 'changed',
          atMs: 0,
          jobs: [{ job: 'a', status: { state: 'held', by: 'ana', atMs: 5, reason: missing } }],
        },
      ],
      { state: 'held', by: 'ana', atMs: 5, reason: missing },
    ],
    [
      'is not touched by what is no matter of jobs',
      [
        started,
        { type: 'acted', atMs: 0, by: 'ana', action: { type: 'hold', jobs: ['a'] }, text: 'Held 1 job.' },
        { type: 'idle', atMs: 0 },
        { type: 'trouble', atMs: 0, message: 'the disk is full' },
      ],
      running,
    ],
  ])('%s', (_, events, status) => {
    expect(statusOf(...events)).toEqual(status)
  })

  test('that was put first or later has another rank', () => {
    const changed: EngineEvent = {
      type: 'changed',
      atMs: 0,
      jobs: [{ job: 'a', status: { state: 'queued', reason: missing }, rank: { ...job('a').rank, say: 3 } }],
    }
    expect(draw(planned([job('a')]), changed).jobs.get('a')!.rank).toEqual({ ...job('a').rank, say: 3 })
    expect(draw(planned([job('a')]), changed, started).jobs.get('a')!.rank.say).toBe(3)
  })

  test('that nobody knows is told of in vain', () => {
    const { jobs } = draw(
      planned([job('a')]),
      { ...started, job: 'b' },
      { type: 'changed', atMs: 0, jobs: [{ job: 'c', status: running }] },
    )
    expect([...jobs.keys()]).toEqual(['a'])
  })
})

describe('a plan', () => {
  test('adds and replaces the jobs that it names, removes those that are no more, and leaves the others', () => {
    const { jobs } = draw(
      planned([job('a'), job('b'), job('c')]),
      planned([job('b', running), job('d')], { removed: ['a'] }),
    )
    expect([...jobs].map(([id, { status }]) => [id, status.state])).toEqual([
      ['b', 'running'],
      ['c', 'queued'],
      ['d', 'queued'],
    ])
  })

  test('replaces all that it says of the whole', () => {
    const fault = { where: 'rules/r.yaml', message: 'a fault' }
    const first = planned([], { faults: [fault], warnings: [fault], orphans: [{ target: 'o', batch: 'B9' }] })
    const board = draw(first, planned([], { rules: ['phy'], pools: [{ ...ram, name: 'cpu' }], quietMs: 5 }))
    expect(board).toMatchObject({ rules: ['phy'], faults: [], warnings: [], orphans: [], quietMs: 5 })
    expect([...board.pools.keys()]).toEqual(['cpu'])
  })
})

test('a pool is replaced by what is told of it', () => {
  const { pools } = draw(planned([]), { type: 'pool', atMs: 0, pool: { ...ram, slots: 0, pausedBy: 'ana' } })
  expect([...pools.values()]).toEqual([{ ...ram, slots: 0, pausedBy: 'ana' }])
})

describe('a drop', () => {
  const drop = { name: 'B7', files: 2, bytes: 10, state: { kind: 'taking' } } as const
  const seen: EngineEvent = { type: 'drop', atMs: 0, drop }

  test('is on the board from when it is seen, as it stands', () => {
    const settling = { ...drop, state: { kind: 'settling', stillMs: 5, quietMs: 30 } } as const
    expect([...draw(seen, { ...seen, drop: settling }).drops.values()]).toEqual([settling])
  })

  test.each<EngineEvent>([
    { type: 'taken', atMs: 0, drop: 'B7', stored: ['data/mat/B7/'], files: 2, bytes: 10 },
    { type: 'same', atMs: 0, drop: 'B7', as: ['data/mat/B7/'], attic: '.labmake/attic/B7' },
    { type: 'withdrawn', atMs: 0, drop: 'B7' },
  ])('that is $type is there no more', (gone) => {
    expect(draw(seen, gone).drops.size).toBe(0)
  })
})

test('an engine that stops says so', () => {
  expect(draw({ type: 'stopping', atMs: 0, running: 1, because: 'asked' }).engine.stopping).toBe(true)
})

test('two boards of one engine share nothing', () => {
  draw(planned([job('a')]))
  expect(emptyBoard(engine).jobs.size).toBe(0)
})

test('a copy of a board goes its own way', () => {
  const board = draw(planned([job('a')]))
  const copy = boardFromJson(boardToJson(board))
  nextBoard(board, started)
  expect(copy.jobs.get('a')!.status.state).toBe('queued')
})

test('a board that was sent as text is the board', () => {
  const drop: EngineEvent = {
    type: 'drop',
    atMs: 0,
    drop: { name: 'B7', files: 1, bytes: 1, state: { kind: 'taking' } },
  }
  const board = draw(planned([job('a'), job('b')]), started, drop)
  const sent = JSON.parse(JSON.stringify(boardToJson(board))) as ReturnType<typeof boardToJson>
  expect(boardFromJson(sent)).toEqual(board)
})

test('slots in use are those of the jobs that run', () => {
  const two = { ...job('b'), pools: { ram: 2, cpu: 1 } }
  expect(usedSlots(draw(planned([job('a'), two, job('c')]), started, { ...started, job: 'b' }))).toEqual(
    new Map([
      ['ram', 3],
      ['cpu', 1],
    ]),
  )
})

test('states are counted, those of no job too', () => {
  const { jobs } = draw(planned([job('a'), job('b'), job('c')]), started)
  expect(countStates(jobs.values())).toEqual({
    waiting: 0,
    queued: 2,
    running: 1,
    done: 0,
    failed: 0,
    blocked: 0,
    held: 0,
    cancelled: 0,
    protected: 0,
    stale: 0,
    orphaned: 0,
  })
})

test('the events of a build lead to its outcome', async () => {
  const it = lab(
    {
      rules: {
        denoise: { sources: 'in/{batch}', targets: 'k/{batch}', recipe: 'r {source} {target}' },
        phy: { sources: 'k/{batch}', targets: 'p/{batch}', recipe: 'r {source} {target}' },
      },
    },
    { 'in/B1': '', 'in/B2': '' },
  )
  const works = it.launcher.script
  it.launcher.script = (recipe) => (recipe.job === 'denoise/B1' ? recipe.end(exitWith(1)) : works(recipe))
  const { outcomes, engine: builder } = it.start()
  const states = () => Object.fromEntries([...builder.board().jobs].map(([id, { status }]) => [id, status.state]))
  expect(Object.fromEntries(await outcomes)).toEqual(states())
  expect(states()).toEqual({ 'denoise/B1': 'failed', 'phy/B1': 'blocked', 'denoise/B2': 'done', 'phy/B2': 'done' })
})
