import { expect, test } from 'vitest'
import { emptyBoard } from '../../src/core/board.ts'
import { boardJobs } from '../../src/core/boardGoals.ts'
import type { Board, BoardJob } from '../../src/model/board.ts'

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

function boardOf(...ids: readonly string[]): Board {
  const jobs = ids.map((id): BoardJob => {
    const [rule = '', batch] = id.split('/')
    return {
      id,
      rule,
      batch,
      name: rule,
      params: {},
      pools: {},
      prerequisites: [],
      estimate: undefined,
      rank: { say: 0, priority: 0, order: 1 },
      status: { state: 'done', last: undefined, edited: undefined },
    }
  })
  return { ...emptyBoard(engine), rules: ['denoise', 'phy', 'table'], jobs: new Map(jobs.map((job) => [job.id, job])) }
}

const board = boardOf('denoise/B1', 'phy/B1', 'denoise/B2', 'phy/B2', 'table')
const named = (...goals: readonly string[]) => boardJobs(board, goals).map(({ id }) => id)

test.each([
  ['a batch', ['B1'], ['denoise/B1', 'phy/B1']],
  ['a rule', ['phy'], ['phy/B1', 'phy/B2']],
  ['a job', ['phy/B2'], ['phy/B2']],
  ['a job without a batch', ['table'], ['table']],
  ['several, each job once', ['B1', 'denoise'], ['denoise/B1', 'phy/B1', 'denoise/B2']],
])('%s names its jobs', (_, goals, jobs) => {
  expect(named(...goals)).toEqual(jobs)
})

test.each([
  ['B11', 'Did you mean B1?'],
  ['denoice', 'Did you mean denoise?'],
  ['quite another', 'Known: denoise, phy, table, B1, B2.'],
])('%s is nothing, and the next step is said', (goal, hint) => {
  expect(() => named('B1', goal)).toThrow(
    expect.objectContaining({ message: `nothing is called "${goal}": no batch, rule or job`, hint }),
  )
})

test('no goals name no jobs', () => {
  expect(named()).toEqual([])
})

test('where nothing is known yet, the next step is to look', () => {
  expect(() => boardJobs(emptyBoard(engine), ['B1'])).toThrow(
    expect.objectContaining({ hint: 'labmake status lists what there is.' }),
  )
})
