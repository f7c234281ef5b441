import { expect, test } from 'vitest'
import { lineReporter } from '../../src/cli/lines.ts'
import type { Board } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import { board, drops, job, pool, statuses } from '../ui/boards.ts'

const atMs = Date.UTC(2026, 7, 10, 12, 2, 12)
const running = board([job('denoise', 'm131', statuses.running), job('denoise', 'm132', statuses.running)])

/** The lines that events lead to, without their times. */
function linesOf(events: readonly EngineEvent[], shown: Board = running): string[] {
  let written = ''
  const reporter = lineReporter('/nowhere', (text) => {
    written += text
  })
  for (const event of events) reporter.event(event, shown)
  reporter.close()
  const lines = written.split(/(?<=\n)/)
  return lines.map((line) => line.replace(/^\S+ /, '').trimEnd())
}

const failed: EngineEvent = {
  type: 'failed',
  atMs,
  job: 'denoise/m131',
  attempt: 1,
  seconds: 22_320,
  cause: { kind: 'exit', code: 1 },
  log: '',
  retryInMs: undefined,
}

test('a start says how much of a pool that counts memory is taken', () => {
  const ram = new Map([['ram', pool('ram', 64e9, { counts: 'bytes' })]])
  const asks = { pools: { ram: 12e9 } }
  const shown = board([job('denoise', 'm131', statuses.running, asks)], { pools: ram })
  const reason = { kind: 'target-missing', path: 'data/kwd/m131.kwd' } as const
  const started = { type: 'started', atMs, job: 'denoise/m131', attempt: 1, pid: 4, reason, log: '' } as const
  expect(linesOf([started], shown)[0]).toContain('try=1 pool=ram 12 of 64 GB pid=4')
})

test('a line begins with local time and its offset, a word, batch and rule', () => {
  const lines: string[] = []
  const reporter = lineReporter('/nowhere', (text) => lines.push(text))
  const reason = { kind: 'target-missing', path: 'data/kwd/m131.kwd' } as const
  reporter.event({ type: 'started', atMs, job: 'denoise/m131', attempt: 1, pid: 41877, reason, log: '' }, running)
  reporter.close()
  expect(lines[0]).toMatch(
    /^2026-08-1\dT\d\d:02:12[+-]\d\d:\d\d start {3}m131 {2}denoise {2}try=1 pool=ram 2\/2 pid=41877 {2}why=data\/kwd\/m131\.kwd is not there yet\n$/,
  )
})

test('what comes in one turn is written at once at its end, and what comes last before the reporter closes', async () => {
  const written: string[] = []
  const reporter = lineReporter('/nowhere', (text) => written.push(text))
  reporter.joined(running)
  reporter.joined(running)
  expect(written).toEqual([])
  await new Promise(setImmediate)
  expect(written.map((text) => text.split('\n').length)).toEqual([3])
  reporter.joined(running)
  reporter.close()
  expect(written).toHaveLength(2)
})

test('jobs that need not be planned count as up to date', () => {
  const lines: string[] = []
  const reporter = lineReporter(
    '/nowhere',
    (text) => lines.push(text),
    () => 19_998,
  )
  const queued = job('denoise', 'm131', statuses.queued)
  const rest = { rules: ['denoise'], pools: [], faults: [], warnings: [], orphans: [], quietMs: 0, removed: [] }
  reporter.event({ type: 'planned', atMs, jobs: [queued], ...rest }, board([queued]))
  reporter.close()
  expect(lines[0]).toContain('planned queued=1 waiting=0 running=0 up-to-date=19998')
})

test('who joins an engine that was at work already is told how things stand', () => {
  const lines: string[] = []
  const reporter = lineReporter('/nowhere', (text) => lines.push(text))
  reporter.joined(running)
  reporter.close()
  expect(lines[0]).toMatch(/^\S+ alive {3}running=2 queued=0 waiting=0 done=0 failed=0\n$/)
})

test('a failure says its exit code, how long it took and where its log is, in fields', () => {
  expect(linesOf([{ ...failed, log: 'l/1.log' }])).toEqual([
    'failed  m131  denoise  exit=1 6h12 log=l/1.log  the recipe ended with exit code 1',
  ])
})

test.each([
  [{ kind: 'signal', signal: 'SIGKILL' }, 'signal=SIGKILL 6h12'],
  [{ kind: 'no-target', target: 't' }, 'cause=no-target 6h12'],
] as const)('of a failure by %j the fields are %s', (cause, fields) => {
  expect(linesOf([{ ...failed, cause }])[0]).toContain(`m131  denoise  ${fields}  `)
})

test('a failure that is tried again says when', () => {
  expect(linesOf([{ ...failed, retryInMs: 240_000 }])[0]).toMatch(/again in 4m00$/)
})

test('a drop is told of when its state is another, not each time it was looked at', () => {
  const [arriving, settling] = drops
  const seen = (drop: (typeof drops)[number]): EngineEvent => ({ type: 'drop', atMs, drop })
  const lines = linesOf([
    seen(arriving!),
    seen({ ...arriving!, bytes: 3 }),
    seen({ ...settling!, name: arriving!.name }),
  ])
  expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
    'arriving inbox/m131_2026-08-09_g0',
    'settling inbox/m131_2026-08-09_g0',
  ])
})

test('a refused drop says why and what to do', () => {
  expect(linesOf([{ type: 'drop', atMs, drop: drops[2]! }])).toEqual([
    'refused inbox/m118_2026-08-07_g0  no rule takes it: there is no *.mat in it',
    'hint    Put the .mat files into the folder, then drop it again.',
  ])
})

test('a name with control characters is shown, not obeyed', () => {
  expect(linesOf([{ type: 'withdrawn', atMs, drop: 'a\x1b[2Jb' }])[0]).toContain('inbox/a\\x1b[2Jb')
})
