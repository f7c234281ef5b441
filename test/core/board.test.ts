import { expect, test } from 'vitest'
import { type Board, countStates, emptyBoard, nextBoard, secondsLeft, usedSlots } from '../../src/core/board.ts'
import type { BuildEvent, PlannedEntry } from '../../src/model/event.ts'
import { lab } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const entry = (job: string, expectedSeconds?: number): PlannedEntry => {
  const reason = { kind: 'target-missing', path: job } as const
  return { job, rule: 'r', batch: 'B1', reason, pools: { cpu: 2 }, after: [], expectedSeconds }
}
const planned = (...jobs: PlannedEntry[]): BuildEvent => ({ type: 'planned', atMs: 0, jobs, upToDate: 3 })
const started = (job: string): BuildEvent => {
  return {
    type: 'started',
    atMs: 1000,
    job,
    attempt: 1,
    pid: 1,
    reason: { kind: 'target-missing', path: job },
    log: 'l',
  }
}
const failed = (job: string, retryInMs: number | undefined): BuildEvent => {
  return { type: 'failed', atMs: 2000, job, attempt: 1, seconds: 1, cause: { kind: 'lost' }, log: 'l', retryInMs }
}
const draw = (...events: BuildEvent[]): Board => events.reduce(nextBoard, emptyBoard)

test.each([
  ['waiting', []],
  ['running', [started('a')]],
  ['done', [started('a'), { type: 'done', atMs: 0, job: 'a', seconds: 1 }]],
  ['failed', [started('a'), failed('a', undefined)]],
  ['retrying', [started('a'), failed('a', 5000)]],
  ['cancelled', [started('a'), { type: 'cancelled', atMs: 0, job: 'a', seconds: 1 }]],
  ['blocked', [{ type: 'blocked', atMs: 0, job: 'a', by: 'b' }]],
  ['skipped', [{ type: 'skipped', atMs: 0, job: 'a', reason: { kind: 'up-to-date' } }]],
  ['running', [{ type: 'adopted', atMs: 5, job: 'a', attempt: 1, startedMs: 1 }]],
  ['waiting', [started('a'), { type: 'source-changed', atMs: 0, job: 'a', path: 'p' }]],
] as const)('a job is %s after its events', (state, events) => {
  expect(draw(planned(entry('a')), ...(events as readonly BuildEvent[])).jobs.get('a')!.state).toBe(state)
})

test('a new build begins with an empty board', () => {
  draw(planned(entry('a')))
  expect([...draw(planned(entry('b'))).jobs.keys()]).toEqual(['b'])
  expect(emptyBoard.jobs.size).toBe(0)
})

test('jobs that turn up are added', () => {
  const board = draw(planned(entry('a')), { type: 'added', atMs: 0, jobs: [entry('b')] })
  expect([...board.jobs.keys()]).toEqual(['a', 'b'])
  expect(board.upToDate).toBe(3)
})

test('slots in use are those of running jobs', () => {
  expect(usedSlots(draw(planned(entry('a'), entry('b')), started('a')))).toEqual(new Map([['cpu', 2]]))
})

test('the most loaded pool says how long it will take', () => {
  const board = draw(planned(entry('a', 100), entry('b', 100)), started('a'))
  // a has 60 s left after 40 of its 100, b 100: of two slots each, in a pool of four.
  expect(secondsLeft(board, new Map([['cpu', 4]]), 41_000)).toBe(100)
  expect(secondsLeft(board, new Map([['cpu', 2]]), 41_000)).toBe(160)
})

test('what is done takes no more time', () => {
  const board = draw(planned(entry('a', 100), entry('b', 5)), started('a'), {
    type: 'done',
    atMs: 0,
    job: 'a',
    seconds: 1,
  })
  expect(secondsLeft(board, new Map([['cpu', 4]]), 1000)).toBe(5)
})

test('without a past of every rule there is no guess', () => {
  expect(secondsLeft(draw(planned(entry('a', 100), entry('b'))), new Map(), 0)).toBeUndefined()
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
  const { outcomes, events } = it.start()
  const ended = Object.fromEntries(await outcomes)
  const board = draw(...events)
  expect(Object.fromEntries([...board.jobs].map(([id, { state }]) => [id, state]))).toEqual(ended)
  expect(countStates(board)).toMatchObject({ done: 2, failed: 1, blocked: 1, running: 0, waiting: 0 })
})
