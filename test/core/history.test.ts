import { describe, expect, test } from 'vitest'
import { nextHistory, noHistory, remember, rememberAttempt } from '../../src/core/history.ts'
import type { Action } from '../../src/model/action.ts'
import type { PastAttempt } from '../../src/model/detail.ts'
import type { ActionRecord, JournalRecord, TargetHistory, TargetRecord } from '../../src/model/record.ts'

const base = { at: '2026-01-05T08:00:00.000Z', job: 'r/B1', target: 'out/B1' }
const provenance = { sources: {}, uses: {}, targets: {}, recipe: 'r', params: {} }
const started = (attempt: number): TargetRecord => ({ type: 'started', ...base, attempt })
const made = (attempt: number): TargetRecord => {
  return { type: 'made', ...base, ...provenance, attempt, seconds: 1, sourceBytes: 1, log: 'l' }
}
const failed = (attempt: number, ingredients?: string): TargetRecord => {
  const more = ingredients === undefined ? {} : { ingredients }
  return { type: 'failed', ...base, attempt, seconds: 1, cause: { kind: 'lost' }, log: 'l', ...more }
}
const accepted: TargetRecord = { type: 'accepted', ...base, ...provenance, by: 'ana', edited: false }
const rebuild: TargetRecord = { type: 'rebuild', ...base, by: 'ana' }
const cancelled = (attempt: number, by?: string): TargetRecord => {
  return { type: 'cancelled', ...base, attempt, seconds: 1, log: 'l', ...(by === undefined ? {} : { by }) }
}
const act = (type: 'retry' | 'cancel' | 'hold' | 'release' | 'first' | 'rebuild' | 'build'): ActionRecord => {
  const action: Action = { type, jobs: ['r/B1'] }
  return { type: 'action', at: base.at, by: 'bob', action, targets: [base.target], text: '' }
}

function historyOf(...records: readonly JournalRecord[]): TargetHistory {
  const targets = new Map<string, TargetHistory>()
  for (const record of records) remember(targets, record)
  return targets.get(base.target) ?? noHistory
}

describe('what stands of a target', () => {
  const shown = (...records: readonly JournalRecord[]) => {
    const { current, failed, rebuild, attempts } = historyOf(...records)
    return { current: current?.type, failed: failed?.attempt, rebuild: rebuild?.by, attempts }
  }

  test.each<[string, JournalRecord[], ReturnType<typeof shown>]>([
    ['nothing', [], { current: undefined, failed: undefined, rebuild: undefined, attempts: 0 }],
    ['made', [started(1), made(1)], { current: 'made', failed: undefined, rebuild: undefined, attempts: 1 }],
    [
      'failed, and its start is in no journal',
      [failed(2)],
      { current: undefined, failed: 2, rebuild: undefined, attempts: 2 },
    ],
    ['failed', [started(1), failed(1)], { current: undefined, failed: 1, rebuild: undefined, attempts: 1 }],
    [
      'made, then failed',
      [made(1), started(2), failed(2)],
      { current: 'made', failed: 2, rebuild: undefined, attempts: 2 },
    ],
    [
      'failed, then made',
      [failed(1), made(2)],
      { current: 'made', failed: undefined, rebuild: undefined, attempts: 2 },
    ],
    [
      'accepted after a failure',
      [made(1), started(2), failed(2), accepted],
      { current: 'accepted', failed: undefined, rebuild: undefined, attempts: 2 },
    ],
    ['asked for anew', [made(1), rebuild], { current: 'made', failed: undefined, rebuild: 'ana', attempts: 1 }],
    [
      'asked for anew of an engine',
      [made(1), act('rebuild')],
      { current: 'made', failed: undefined, rebuild: 'bob', attempts: 1 },
    ],
    [
      'asked for and failed',
      [made(1), rebuild, started(2), failed(2)],
      { current: 'made', failed: 2, rebuild: 'ana', attempts: 2 },
    ],
    [
      'asked for and made',
      [made(1), act('rebuild'), made(2)],
      { current: 'made', failed: undefined, rebuild: undefined, attempts: 2 },
    ],
    [
      'asked for, then accepted',
      [made(1), rebuild, accepted],
      { current: 'accepted', failed: undefined, rebuild: undefined, attempts: 1 },
    ],
    [
      'stopped with labmake',
      [made(1), started(2), cancelled(2)],
      { current: 'made', failed: undefined, rebuild: undefined, attempts: 2 },
    ],
  ])('%s', (_, records, expected) => {
    expect(shown(...records)).toEqual(expected)
  })

  test('a record of a newer labmake changes nothing that is known', () => {
    const newer = { type: 'paused', ...base } as unknown as TargetRecord
    const known = historyOf(started(1), made(1))
    expect(nextHistory(known, newer)).toEqual(known)
  })

  test('a record of one target is none of another', () => {
    const targets = new Map<string, TargetHistory>()
    remember(targets, { ...act('hold'), targets: ['out/B2'] })
    remember(targets, { type: 'drop', at: '', drop: 'B7', outcome: { kind: 'taken', stored: [], files: 1, bytes: 1 } })
    expect([...targets.keys()]).toEqual(['out/B2'])
  })
})

describe('failures in a row', () => {
  test.each<[string, JournalRecord[], number]>([
    ['with the same ingredients are counted', [failed(1, 'x'), started(2), failed(2, 'x'), failed(3, 'x')], 3],
    ['begin anew with other ingredients', [failed(1, 'x'), failed(2, 'y')], 1],
    ['begin anew when a person says retry', [failed(1, 'x'), act('retry'), started(2), failed(2, 'x')], 1],
    ['begin anew when a person asks for a build', [failed(1, 'x'), act('build'), failed(2, 'x')], 1],
    ['begin anew when a person asks for the target anew', [failed(1, 'x'), act('rebuild'), failed(2, 'x')], 1],
    ['are not counted where nobody wrote down of what', [failed(1), failed(2)], 1],
    ['end with a success', [failed(1, 'x'), made(2)], 0],
    ['end with an accept', [failed(1, 'x'), accepted], 0],
  ])('%s', (_, records, failures) => {
    expect(historyOf(...records).failures).toBe(failures)
  })
})

describe('what persons said', () => {
  test.each<[string, JournalRecord[], boolean]>([
    ['a job that was held is', [act('hold')], true],
    ['a job that was released is not', [act('hold'), act('release')], false],
    ['an attempt changes nothing of it', [act('hold'), started(1), failed(1)], true],
    ['a success changes nothing of it', [act('hold'), made(1)], true],
    ['an accept changes nothing of it', [act('hold'), accepted], true],
  ])('held: %s', (_, records, held) => {
    expect(historyOf(...records).held !== undefined).toBe(held)
  })

  test.each<[string, JournalRecord[], boolean]>([
    ['a retry is', [failed(1), act('retry')], true],
    ['a build is', [failed(1), act('build')], true],
    ['until the attempt begins', [failed(1), act('retry'), started(2)], false],
    ['a hold is not', [failed(1), act('hold')], false],
    ['a place in line is not', [failed(1), act('first')], false],
  ])('wanted: %s', (_, records, wanted) => {
    expect(historyOf(...records).wanted !== undefined).toBe(wanted)
  })

  test.each<[string, JournalRecord[], number | undefined]>([
    ['an attempt that a person stopped', [started(1), cancelled(1, 'bob')], 1],
    ['but not one that ended with labmake', [started(1), cancelled(1)], undefined],
    ['until the next one failed', [cancelled(1, 'bob'), started(2), failed(2)], undefined],
    ['until the next one was made', [cancelled(1, 'bob'), made(2)], undefined],
  ])('stopped: %s', (_, records, attempt) => {
    expect(historyOf(...records).stopped?.attempt).toBe(attempt)
  })

  test.each<[string, JournalRecord[], string | undefined]>([
    ['whoever asked for the end of an attempt', [started(1), act('cancel')], 'bob'],
    ['until it ended', [started(1), act('cancel'), cancelled(1, 'bob')], undefined],
    ['until it failed all the same', [started(1), act('cancel'), failed(1)], undefined],
    ['until it was made all the same', [started(1), act('cancel'), made(1)], undefined],
    ['and not of the next one', [started(1), act('cancel'), started(2)], undefined],
    ['also when labmake ended in between', [started(1), act('cancel'), cancelled(1)], 'bob'],
  ])('stopping: %s', (_, records, by) => {
    expect(historyOf(...records).stopping?.by).toBe(by)
  })
})

describe('past attempts', () => {
  function attemptsOf(...records: readonly JournalRecord[]): readonly PastAttempt[] {
    const attempts = new Map<string, PastAttempt[]>()
    for (const record of records) rememberAttempt(attempts, record)
    return attempts.get(base.target) ?? []
  }

  test('each that ended is one, the newest last, with its cause', () => {
    const endedMs = Date.UTC(2026, 0, 5, 8)
    const past = { endedMs, seconds: 1, log: 'l', cause: undefined }
    expect(attemptsOf(started(1), failed(1), act('retry'), started(2), cancelled(2), started(3), made(3))).toEqual([
      { ...past, attempt: 1, state: 'failed', cause: { kind: 'lost' } },
      { ...past, attempt: 2, state: 'cancelled' },
      { ...past, attempt: 3, state: 'done' },
    ])
  })

  test('the last twenty are kept', () => {
    const many = Array.from({ length: 25 }, (_, i) => failed(i + 1))
    const attempts = attemptsOf(...many)
    expect([attempts.length, attempts[0]!.attempt, attempts.at(-1)!.attempt]).toEqual([20, 6, 25])
  })
})
