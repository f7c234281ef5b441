import { expect, test } from 'vitest'
import type { BoardJob } from '../../src/model/board.ts'
import { factsOf } from '../../src/ui/facts.ts'
import { nextStepText, whyText } from '../../src/ui/words.ts'
import { board, job, last, nowMs, pool, statuses, viewOf } from './boards.ts'

const minuteMs = 60_000
const ram = (slots: number, pausedBy?: string) => new Map([['ram', pool('ram', slots, { pausedBy })]])
const queued = (batch: string) => job('denoise', batch, statuses.queued)
const running = (batch: string, minutes = 0) =>
  job('denoise', batch, { ...statuses.running, startedMs: nowMs - minutes * minuteMs })

/** Why the last of these jobs is as it is. */
function why(jobs: readonly BoardJob[], more: Parameters<typeof board>[1] = {}): string {
  return whyText(jobs.at(-1)!, factsOf(viewOf(board(jobs, more)))!)
}

test('what is short of slots says of which, who has them, its place, and about when it starts', () => {
  const line = Array.from({ length: 31 }, (_, i) => queued(`B${String(i).padStart(2, '0')}`))
  expect(why([running('R1'), running('R2'), ...line], { pools: ram(2) })).toBe(
    'waits for ram: 2/2 busy, 31st in line, about 15 h',
  )
})

test('the next one says so', () => {
  expect(why([running('R1'), running('R2', 28), queued('B1')], { pools: ram(2) })).toBe(
    'waits for ram: 2/2 busy, next in line, about 30 min',
  )
})

test('without a past of the rule nothing is said of when', () => {
  const unknown = { estimate: undefined }
  const jobs = [job('denoise', 'R1', statuses.running, unknown), job('denoise', 'B1', statuses.queued, unknown)]
  expect(why(jobs, { pools: ram(1) })).toBe('waits for ram: 1/1 busy, next in line')
})

test('a pool that is paused binds more than one that is full', () => {
  expect(why([running('R1'), queued('B1')], { pools: ram(1, 'ana') })).toBe('ram is paused by ana')
})

test('a retry that is not due says when, which it is, and why it is needed', () => {
  expect(why([job('denoise', 'B1', statuses.retrying)])).toBe(
    'retry in 4m00 (2nd of 3): the recipe ended with exit code 1',
  )
})

test('a retry that is due waits for slots as others do', () => {
  const due = { ...statuses.retrying, retry: { ...statuses.retrying.retry, atMs: nowMs - 1 } }
  expect(why([running('R1'), job('denoise', 'B1', due)], { pools: ram(1) })).toMatch(/^waits for ram: 1\/1 busy/)
})

test('an engine that is ending starts nothing', () => {
  const { engine } = board([])
  expect(why([queued('B1')], { engine: { ...engine, stopping: true } })).toBe(
    'the engine is ending: nothing more is started',
  )
})

test('all pools that are full are named', () => {
  const pools = new Map([...ram(1), ['cpu', pool('cpu', 4)]])
  const busy = job('denoise', 'R1', statuses.running, { pools: { ram: 1, cpu: 3 } })
  const wide = job('denoise', 'B1', statuses.queued, { pools: { ram: 1, cpu: 2 } })
  expect(why([busy, wide], { pools })).toMatch(/^waits for ram: 1\/1 busy and cpu: 3\/4 busy, next in line/)
})

const memory = (gigabytes: number) => new Map([['ram', pool('ram', gigabytes * 1e9, { counts: 'bytes' })]])
const asking = (gigabytes: number, of: BoardJob) => ({ ...of, pools: { ram: gigabytes * 1e9 } })

test('what is short of memory says how much it needs and how much is free', () => {
  const jobs = [asking(48, running('R1')), asking(12, running('R2')), asking(12, queued('B1'))]
  expect(why(jobs, { pools: memory(64) })).toBe(
    'waits for 12 GB of ram: 4 of 64 GB are free, next in line, about 58 min',
  )
})

test('what would fit, and waits since memory is kept for one before it, says for which', () => {
  const big = { ...asking(48, queued('B0')), rank: { say: 0, priority: 1, order: 0 } }
  const small = asking(4, queued('B1'))
  expect(why([asking(48, running('R1')), big, small], { pools: memory(64) })).toBe(
    'ram is kept for denoise/B0, which needs more of it than is free',
  )
  expect(why([asking(48, running('R1')), { ...big, pools: { ram: 90e9 } }, small], { pools: memory(64) })).toBe(
    'about to start',
  )
  expect(why([asking(48, running('R1')), small, big], { pools: memory(64) })).toMatch(/^waits for 48 GB of ram/)
})

test('where slots are free it is about to start', () => {
  expect(why([queued('B1')], { pools: ram(2) })).toBe('about to start')
})

const phy = (status: BoardJob['status']) => job('phy', 'B1', status)
const blocked = phy({ state: 'blocked', job: 'denoise/B1' })

test.each<[string, BoardJob, string]>([
  ['failed', job('denoise', 'B1', statuses.failed), 'denoise failed: killed by SIGKILL after 41m00 (out of memory?)'],
  ['held', job('denoise', 'B1', statuses.held), 'denoise is held by ana'],
  ['stopped', job('denoise', 'B1', statuses.cancelled), 'denoise was stopped by ana'],
  [
    'protected',
    job('denoise', 'B1', statuses.protected),
    'denoise is protected: data/phy/B1/spike_clusters.npy was edited',
  ],
])('what is blocked says by what and why that is %s', (_, blocker, text) => {
  expect(why([blocker, blocked])).toBe(text)
})

test('what is blocked by what is blocked names what a person can mend', () => {
  const export_ = job('export', 'B1', { state: 'blocked', job: 'phy/B1' })
  expect(why([job('denoise', 'B1', statuses.held), blocked, export_])).toBe('denoise is held by ana')
})

test('a blocker of another batch is named in full', () => {
  const other = job('phy', 'B2', { state: 'blocked', job: 'denoise/B1' })
  expect(why([job('denoise', 'B1', statuses.held), other])).toBe('denoise/B1 is held by ana')
})

test('jobs that block each other end the search', () => {
  const a = job('a', 'B1', { state: 'blocked', job: 'b/B1' })
  const b = job('b', 'B1', { state: 'blocked', job: 'a/B1' })
  expect(why([a, b])).toBe('b was not made')
})

const after = phy({ state: 'waiting', reason: { kind: 'prerequisite', job: 'denoise/B1' } })

test('what waits for a job says where that stands', () => {
  expect(why([running('B1', 20), after])).toBe('waits for denoise, which runs since 20m00')
  expect(why([queued('B1'), after])).toBe('waits for denoise, which is queued')
  expect(why([after])).toBe('waits for denoise/B1')
})

test.each<[BoardJob, string]>([
  [job('denoise', 'B1', statuses.waiting), 'data/mat/B1/ is not there yet'],
  [job('denoise', 'B1', statuses.held), 'held by ana for 3h00'],
  [job('denoise', 'B1', statuses.cancelled), 'stopped by ana after 10m00'],
  [job('denoise', 'B1', statuses.failed), 'killed by SIGKILL after 41m00 (out of memory?)'],
  [job('phy', 'B1', statuses.protected), 'data/phy/B1/spike_clusters.npy was edited, and data/kwd/B1.kwd changed'],
  [job('denoise', 'B1', statuses.stale), 'the recipe changed, from "a" to "b"'],
  [job('denoise', 'B1', statuses.orphaned), 'data/kwd/B1.kwd is kept, but what it was made from is gone'],
  [job('denoise', 'B1', statuses.done), 'up to date'],
  [job('denoise', 'B1', { ...statuses.done, edited: 'a.npy' }), 'up to date; a.npy was edited since it was made'],
  [job('denoise', 'B1', statuses.running), 'data/kwd/B1.kwd is not there yet'],
  [job('denoise', 'B1', { ...statuses.running, stoppedBy: 'ben' }), 'ben stopped it: it is being ended'],
  [job('denoise', 'B1', { ...statuses.running, hasEnded: true }), 'being put into place: its recipe has ended'],
  [job('denoise', 'B1', { ...statuses.running, reason: undefined }), 'an earlier labmake started it, and it goes on'],
  [
    job('denoise', 'B1', {
      state: 'failed',
      cause: { kind: 'exit', code: 2, says: 'no probe' },
      last: last({ seconds: 12 }),
    }),
    'exit 2 after 12s: no probe',
  ],
])('%j', (one, text) => expect(why([one])).toBe(text))

test('what a person may do is said where labmake does not go on by itself', () => {
  const step = (state: keyof typeof statuses) => nextStepText(job('denoise', 'B1', statuses[state]))
  expect([step('failed'), step('cancelled')]).toEqual(['r tries it again', 'r tries it again'])
  expect(step('held')).toBe('h releases it')
  expect(step('protected')).toBe('R: keep the edited version, or make a new one')
  expect([step('queued'), step('running'), step('done'), step('waiting')]).toEqual(Array(4).fill(undefined))
})
