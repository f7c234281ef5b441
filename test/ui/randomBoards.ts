import fc from 'fast-check'
import type { MemoryAdvice } from '../../src/model/advice.ts'
import type { Board, BoardJob, Drop, JobStatus } from '../../src/model/board.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import type { Key, KeyName } from '../../src/ui/keys.ts'
import type { LogPicture, View } from '../../src/ui/view.ts'
import { board, job, nowMs, pool, statuses, viewOf } from './boards.ts'

// Boards as no lab has them: hundreds of rules, no jobs, names of other alphabets, control characters in every text.

/** Text from data: letters of any width, and what must not reach a terminal. */
export const dirtyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  fc.constantFrom(
    '\x1b[31mred\x1b[0m',
    'a\tb\nc\r',
    '漢字漢字漢字',
    '👩‍👩‍👧👍🏽',
    '\u202eevil',
    'e\u0301',
    '1\ufe0f\u20e3',
    '',
  ),
)

const status: fc.Arbitrary<JobStatus> = fc.oneof(
  fc.constantFrom<JobStatus>(...Object.values(statuses)),
  fc.record({
    state: fc.constant('failed' as const),
    cause: fc.record({ kind: fc.constant('exit' as const), code: fc.integer({ min: 1, max: 255 }), says: dirtyText }),
    last: fc.record({
      attempt: fc.integer({ min: 1, max: 2000 }),
      endedMs: fc.integer({ min: 0, max: nowMs }),
      seconds: fc.double({ min: 0, max: 1e8, noNaN: true }),
      log: fc.constantFrom('', 'l.log'),
    }),
  }),
  dirtyText.map((by) => ({ state: 'held', by, atMs: nowMs, reason: statuses.queued.reason }) as const),
  dirtyText.map((path) => ({ state: 'protected', edited: path, reason: { kind: 'source-changed', path } }) as const),
)

const batchName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,40}$/),
  fc.constantFrom('m112_2026-06-08_g0_imec1', 'x'.repeat(128)),
)

const drop: fc.Arbitrary<Drop> = fc.record({
  name: dirtyText,
  files: fc.nat(),
  bytes: fc.double({ min: 0, max: 1e18, noNaN: true }),
  state: fc.oneof(
    fc.record({ kind: fc.constant('arriving' as const), why: dirtyText, sinceMs: fc.constant(nowMs) }),
    fc.record({ kind: fc.constant('settling' as const), stillMs: fc.nat(60_000), quietMs: fc.constant(30_000) }),
    fc.record({ kind: fc.constant('refused' as const), why: dirtyText, hint: dirtyText, atMs: fc.constant(nowMs) }),
    fc.record({ kind: fc.constant('conflict' as const), why: dirtyText, with: dirtyText, atMs: fc.constant(nowMs) }),
    fc.constant({ kind: 'taking' } as const),
  ),
})

export const randomBoard: fc.Arbitrary<Board> = fc
  .record({
    rules: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/), { maxLength: 14 }),
    batches: fc.uniqueArray(batchName, { maxLength: 60 }),
    statuses: fc.array(status, { minLength: 1, maxLength: 40 }),
    drops: fc.uniqueArray(drop, { maxLength: 8, selector: ({ name }) => name }),
    pools: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 9 }),
    slots: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1e15 })),
    counts: fc.constantFrom('slots', 'bytes'),
    pausedBy: fc.option(dirtyText, { nil: undefined }),
    faults: fc.array(fc.record({ where: dirtyText, message: dirtyText, hint: dirtyText }), { maxLength: 4 }),
    gathers: fc.boolean(),
    root: dirtyText,
  })
  .map(({ rules, batches, drops, pools, slots, counts, pausedBy, faults, gathers, root, ...rest }) => {
    const jobs: BoardJob[] = []
    const next = () => rest.statuses[jobs.length % rest.statuses.length]!
    for (const batch of batches) for (const rule of rules) jobs.push(job(rule, batch, next()))
    if (gathers) jobs.push(job('gather', undefined, next()))
    const whole = board(jobs)
    return {
      ...whole,
      rules: gathers ? [...rules, 'gather'] : rules,
      drops: new Map(drops.map((d) => [d.name, d])),
      pools: new Map(pools.map((name) => [name, pool(name, slots, { counts, pausedBy })])),
      faults,
      engine: { ...whole.engine, root },
    }
  })

const log: fc.Arbitrary<LogPicture> = fc.array(dirtyText, { maxLength: 50 }).map((lines) => {
  return { path: '.labmake/logs/phy/B1/1.log', first: 0, lines, count: lines.length, state: 'read' }
})

const history: fc.Arbitrary<readonly JournalRecord[]> = fc.array(
  dirtyText.map((text) => {
    const at = '2026-08-10T10:00:00Z'
    return { type: 'action', at, by: text, action: { type: 'pause', pool: 'ram' }, targets: [text], text } as const
  }),
  { maxLength: 20 },
)

const advice: fc.Arbitrary<readonly MemoryAdvice[]> = fc.array(
  fc.record({
    rule: dirtyText,
    pool: dirtyText,
    text: dirtyText,
    isTooMuch: fc.boolean(),
    hint: fc.option(dirtyText, { nil: undefined }),
  }),
  { maxLength: 9 },
)

export const randomView: fc.Arbitrary<View> = fc
  .record({
    board: fc.option(randomBoard, { nil: undefined, freq: 12 }),
    color: fc.boolean(),
    unicode: fc.boolean(),
    isGone: fc.boolean(),
    why: fc.option(dirtyText, { nil: undefined }),
    log: fc.option(log, { nil: undefined }),
    history: fc.option(history, { nil: undefined }),
    advice,
  })
  .map(({ board, color, unicode, isGone, why, ...more }) =>
    viewOf(board, {
      ...more,
      style: { color, unicode },
      link: isGone ? { state: 'gone', sinceMs: nowMs - 5000, why } : { state: 'alive' },
    }),
  )

const named: readonly KeyName[] = [
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pageUp',
  'pageDown',
  'tab',
  'backspace',
]

/** Keys as a cat presses them; those that lead somewhere oftener. */
export const randomKeys: fc.Arbitrary<readonly Key[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...'1234jkgGnNsS vazrRxht+-pl?:/yuqfw[]e0').map((text): Key => ({ kind: 'char', text })),
    fc.constantFrom(...named, 'enter' as const, 'escape' as const).map((name): Key => ({ kind: 'named', name })),
    fc.constantFrom(...'ucdwz').map((letter): Key => ({ kind: 'ctrl', letter })),
    dirtyText.map((text): Key => ({ kind: 'paste', text })),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).map((text): Key => ({ kind: 'char', text })),
  ),
  { maxLength: 25 },
)
