import { expect, test } from 'vitest'
import { type FilteredBatch, matchesBatch, parseFilter } from '../../src/core/filter.ts'
import type { BoardJob, JobStatus } from '../../src/model/board.ts'

const nowMs = Date.UTC(2026, 7, 10, 12)
const hourMs = 3_600_000
const reason = { kind: 'target-missing', path: 'x' } as const
const last = (hours: number, agoHours: number, attempt = 1) => ({
  attempt,
  endedMs: nowMs - agoHours * hourMs,
  seconds: hours * 3600,
  log: '',
})
const queued: JobStatus = { state: 'queued', reason }
const running: JobStatus = {
  state: 'running',
  reason,
  attempt: 2,
  startedMs: nowMs - 7 * hourMs,
  pid: 1,
  log: '',
}

const job = (rule: string, batch: string | undefined, status: JobStatus): BoardJob => ({
  id: batch === undefined ? rule : `${rule}/${batch}`,
  rule,
  batch,
  name: rule,
  params: {},
  pools: rule === 'denoise' ? { ram: 1 } : { cpu: 4 },
  prerequisites: [],
  estimate: undefined,
  rank: { say: 0, priority: 0, order: 0 },
  status,
})
const batch = (name: string, denoise: JobStatus, phy: JobStatus): FilteredBatch => ({
  batch: name,
  jobs: [job('denoise', name, denoise), job('phy', name, phy)],
})

const batches: readonly FilteredBatch[] = [
  batch('m104_g0', { state: 'done', last: last(1, 60), edited: undefined }, queued),
  batch(
    'm105_g1',
    { state: 'failed', cause: { kind: 'exit', code: 1 }, last: last(0.5, 2, 3) },
    { state: 'blocked', job: 'x' },
  ),
  batch('M106_g0', { state: 'done', last: last(1, 8), edited: undefined }, running),
  batch('m107_g1', queued, { state: 'held', by: 'Ana', atMs: nowMs - 100 * hourMs, reason }),
  batch('k108', { state: 'cancelled', by: 'ben', last: last(9, 1) }, { state: 'blocked', job: 'x' }),
  { batch: undefined, jobs: [job('summary', undefined, { state: 'stale', reason })] },
]
const names = { rules: ['denoise', 'phy', 'summary'], pools: ['ram', 'cpu'] }

/** Names of the batches that a filter leaves. */
function left(text: string): string[] {
  const parsed = parseFilter(text, names)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return batches.filter((b) => matchesBatch(parsed.filter, b, nowMs)).map((b) => b.batch ?? '(none)')
}

test.each([
  ['', ['m104_g0', 'm105_g1', 'M106_g0', 'm107_g1', 'k108', '(none)']],
  ['10', ['m104_g0', 'm105_g1', 'M106_g0', 'm107_g1', 'k108']],
  ['m106', ['M106_g0']],
  ['M10 G0', ['m104_g0', 'M106_g0']],
  ['summ', ['(none)']],
  ['m1*_g0', ['m104_g0', 'M106_g0']],
  ['m10?_g1', ['m105_g1', 'm107_g1']],
  ['*g', []],
  ['k1***8', ['k108']],
  ['is:failed', ['m105_g1']],
  ['is:failed,running', ['m105_g1', 'M106_g0']],
  ['is:fa', ['m105_g1']],
  ['IS:RUN', ['M106_g0']],
  ['phy:queued', ['m104_g0']],
  ['denoise:queued', ['m107_g1']],
  ['pool:ram', ['m107_g1']],
  ['pool:cpu', ['m104_g0', 'M106_g0']],
  ['by:ana', ['m107_g1']],
  ['by:BEN', ['k108']],
  ['age>2d', ['m104_g0', 'm107_g1']],
  ['age<3h', ['m105_g1', 'k108']],
  ['took>6h', ['M106_g0', 'k108']],
  ['took<=30m', ['m105_g1']],
  ['tries>1', ['m105_g1', 'M106_g0']],
  ['tries=3', ['m105_g1']],
  ['tries>=2', ['m105_g1', 'M106_g0']],
  ['!is:done', ['m105_g1', 'm107_g1', 'k108', '(none)']],
  ['!m10*', ['k108', '(none)']],
  ['is:blocked !by:ben', ['m105_g1']],
  ['  is:queued   g1 ', ['m107_g1']],
])('%j leaves %j', (text, expected) => {
  expect(left(text)).toEqual(expected)
})

test('what nothing ever happened to has no age, neither high nor low', () => {
  const none = { batch: 'new', jobs: [job('denoise', 'new', queued)] }
  for (const text of ['age>1h', 'age<1h']) {
    const parsed = parseFilter(text, names)
    expect('filter' in parsed && matchesBatch(parsed.filter, none, nowMs)).toBe(false)
  }
})

test.each([
  ['a.b+*', 'a.b+c', true],
  ['a?b*', 'a.b+c', true],
  ['b+c', 'a.b+c', true],
  ['a.b*', 'axbc', false],
  ['ab+*', 'abbc', false],
])('signs of a regular expression are letters: %s against %s', (text, name, fits) => {
  const parsed = parseFilter(text, names)
  expect('filter' in parsed && matchesBatch(parsed.filter, { batch: name, jobs: [] }, nowMs)).toBe(fits)
})

test.each([
  [
    'is:',
    '"is:": a state is missing. One of queued, waiting, running, done, failed, blocked, held, cancelled, protected, stale, orphaned',
  ],
  ['is:faild', '"is:faild": "faild" is no state. Did you mean failed?'],
  [
    'is:failed,',
    '"is:failed,": a state is missing. One of queued, waiting, running, done, failed, blocked, held, cancelled, protected, stale, orphaned',
  ],
  ['denoize:queued', '"denoize:queued": no rule is called "denoize". Did you mean denoise?'],
  ['pool:rma', '"pool:rma": no pool is called "rma". Did you mean ram?'],
  ['by:', '"by:": whose name?'],
  ['age>2', '"age>2": "2" is not a duration. Write a number with its unit: 90s, 30m, 2h, 1d, 1h30m.'],
  ['took>', '"took>": "" is not a duration. Write a number with its unit: 90s, 30m, 2h, 1d, 1h30m.'],
  ['tries>x', '"tries>x": "x" is not a number. As in tries>1'],
  ['m104 !', '! negates the word after it. !m104, !is:done'],
])('%j cannot be read, and says which word and what could stand there', (text, fault) => {
  expect(parseFilter(text, names)).toEqual({ fault })
})
