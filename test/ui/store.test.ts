import { expect, test } from 'vitest'
import type { JobDetail } from '../../src/model/detail.ts'
import { UserError } from '../../src/model/errors.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import { engineStore } from '../../src/ui/store.ts'
import { board, job, pool, statuses } from './boards.ts'
import { fakeLink, microtasks } from './fakeLink.ts'
import { turnedTimers } from './turnedTimers.ts'

function joined() {
  const link = fakeLink()
  const timers = turnedTimers(1000)
  const heard: EngineEvent[] = []
  const problems: string[] = []
  let changes = 0
  const store = engineStore({
    link,
    timers,
    changed: () => changes++,
    heard: (event) => heard.push(event),
    failed: (problem) => problems.push(problem),
  })
  store.start()
  return { store, link, heard, problems, turn: timers.turn, waiting: timers.waiting, changes: () => changes }
}

/** As joined, and the engine has told its board. */
function alive() {
  const all = joined()
  all.link.board(board([job('denoise', 'B1', statuses.queued)]))
  return all
}

const started: EngineEvent = {
  type: 'started',
  atMs: 2000,
  job: 'denoise/B1',
  attempt: 1,
  pid: 7,
  reason: { kind: 'target-missing', path: 'x' },
  log: 'l',
}
const poolEvent: EngineEvent = { type: 'pool', atMs: 2000, pool: pool('ram', 3) }
const dropEvent: EngineEvent = {
  type: 'drop',
  atMs: 2000,
  drop: { name: 'B7', files: 1, bytes: 1, state: { kind: 'taking' } },
}
const detail = (id: string): JobDetail => ({
  id,
  command: 'denoise a b',
  sources: [],
  targets: [],
  params: {},
  why: [],
  attempts: [],
})

test('before the engine has said anything, it is being joined', () => {
  expect(joined().store.known()).toMatchObject({ link: { state: 'joining', sinceMs: 1000 }, board: undefined })
})

test('how far an engine has come that has begun is known until its board is', () => {
  const { store, link } = joined()
  link.reading({ planned: 3200, of: 10_000 })
  expect(store.known().link).toEqual({ state: 'joining', sinceMs: 1000, reading: { planned: 3200, of: 10_000 } })
  link.board(board([]))
  link.reading({ planned: 1, of: 2 })
  expect(store.known().link).toEqual({ state: 'alive' })
})

test('the board is what the engine says it is', () => {
  const { store, changes } = alive()
  expect(store.known().link).toEqual({ state: 'alive' })
  expect(store.known().board?.jobs.get('denoise/B1')?.status.state).toBe('queued')
  expect(changes()).toBe(1)
})

test('events change the board, and what is drawn is told of once for all that came together', () => {
  const { store, link, changes, heard } = alive()
  link.events(started, poolEvent)
  expect(store.known().board?.jobs.get('denoise/B1')?.status.state).toBe('running')
  expect(store.known().board?.pools.get('ram')?.slots).toBe(3)
  expect(heard).toEqual([started, poolEvent])
  expect(changes()).toBe(2)
})

test('each change of the board has a version of its own', () => {
  const { store, link } = alive()
  const before = store.known().version
  link.events(poolEvent)
  expect(store.known().version).toBeGreaterThan(before)
})

test('a drop that grows gives no reason to sort the jobs anew, a job that starts does', () => {
  const { store, link } = alive()
  const before = store.known().jobsVersion
  link.events(dropEvent)
  expect(store.known().jobsVersion).toBe(before)
  link.events(started)
  expect(store.known().jobsVersion).toBeGreaterThan(before)
})

test('after a gap there is a new board', () => {
  const { store, link } = alive()
  link.board(board([]))
  expect(store.known().board?.jobs.size).toBe(0)
})

test('when the engine is gone its last board stays, with the time and the reason', async () => {
  const { store, link, turn } = alive()
  turn(500)
  await link.go('it was stopped')
  expect(store.known().link).toEqual({ state: 'gone', sinceMs: 1500, why: 'it was stopped' })
  expect(store.known().board?.jobs.size).toBe(1)
})

test('why there is none comes with the next step', async () => {
  const { store, link } = alive()
  await link.go(new UserError('no engine runs here', { hint: 'labmake watch starts one' }))
  expect(store.known().link).toMatchObject({ why: 'no engine runs here', hint: 'labmake watch starts one' })
})

test('it is tried again, less and less often, and stays gone since it was first missed', async () => {
  const { store, link, turn } = alive()
  await link.go()
  const joins: number[] = []
  for (let second = 1; second <= 40; second++) {
    turn(1000)
    if (!link.isFollowed()) continue
    joins.push(second)
    await link.go(new Error('no engine runs here'))
  }
  expect(joins).toEqual([1, 3, 7, 15, 25, 35])
  expect(store.known().link).toEqual({ state: 'gone', sinceMs: 1000, why: 'no engine runs here' })
})

test('when it is back, all is as at first', async () => {
  const { store, link, turn } = alive()
  await link.go()
  turn(1000)
  link.board(board([]))
  expect(store.known()).toMatchObject({ link: { state: 'alive' } })
  await link.go()
  turn(1000)
  expect(link.joins()).toBe(3)
})

test('a selection that runs down a list asks for the last one only', async () => {
  const { store, link, turn } = alive()
  for (const id of ['a', 'b', 'c']) {
    link.detailOf(id, detail(id))
    store.loadDetail(id)
    turn(30)
  }
  turn(100)
  await microtasks()
  expect(link.askedDetails).toEqual(['c'])
  expect([...store.known().details]).toEqual([['c', detail('c')]])
})

test('a job that is no more has no detail', async () => {
  const { store, turn } = alive()
  store.loadDetail('gone')
  turn(100)
  await microtasks()
  expect(store.known().details.size).toBe(0)
})

test('the details of a hundred jobs are kept', async () => {
  const { store, link, turn } = alive()
  for (let n = 0; n < 105; n++) {
    link.detailOf(`${n}`, detail(`${n}`))
    store.loadDetail(`${n}`)
    turn(100)
    await microtasks()
  }
  expect(store.known().details.size).toBe(100)
  expect(store.known().details.has('104')).toBe(true)
})

test('what was loaded of the journal is known', async () => {
  const { store, link } = alive()
  const record = {
    type: 'action',
    at: '',
    by: 'ana',
    action: { type: 'stop', jobs: 'leave' },
    targets: [],
    text: 'x',
  } as const
  link.records([record])
  store.loadHistory()
  await microtasks()
  expect(store.known().history).toEqual([record])
})

test('advice that was loaded is known', async () => {
  const { store, link } = alive()
  const advice = { rule: 'denoise', pool: 'ram', text: 'denoise has peaked', isTooMuch: false, hint: undefined }
  link.advise([advice])
  store.loadAdvice()
  await microtasks()
  expect(store.known().advice).toEqual([advice])
})

test('a question that is not answered is told of, unless the engine is known to be gone', async () => {
  const { store, link, problems } = alive()
  link.records(new Error('the engine does not answer'))
  store.loadHistory()
  await microtasks()
  expect(problems).toEqual(['the engine does not answer'])
  await link.go()
  store.loadHistory()
  await microtasks()
  expect(problems).toHaveLength(1)
})

test('once stopped, it follows nothing, waits for nothing and tells nothing', async () => {
  const { store, link, turn, waiting, changes } = alive()
  const before = changes()
  store.loadDetail('a')
  store.stop()
  await microtasks()
  turn(60_000)
  expect(link.askedDetails).toEqual([])
  expect(link.isFollowed()).toBe(false)
  expect(link.joins()).toBe(1)
  expect(waiting()).toBe(0)
  expect(changes()).toBe(before)
})
