import { expect, test } from 'vitest'
import { nextHistory, noHistory } from '../../src/core/history.ts'
import type { TargetRecord } from '../../src/model/record.ts'

const base = { at: '', job: 'r/B1', target: 'out/B1' }
const provenance = { sources: {}, uses: {}, targets: {}, recipe: 'r', params: {} }
const started = (attempt: number): TargetRecord => ({ type: 'started', ...base, attempt })
const made = (attempt: number): TargetRecord => {
  return { type: 'made', ...base, ...provenance, attempt, seconds: 1, sourceBytes: 1, log: 'l' }
}
const failed = (attempt: number): TargetRecord => {
  return { type: 'failed', ...base, attempt, seconds: 1, cause: { kind: 'lost' }, log: 'l' }
}
const accepted: TargetRecord = { type: 'accepted', ...base, ...provenance, by: 'ana', edited: false }
const rebuild: TargetRecord = { type: 'rebuild', ...base, by: 'ana' }
const cancelled: TargetRecord = { type: 'cancelled', ...base, attempt: 2, seconds: 1, log: 'l' }

const history = (...records: TargetRecord[]) => {
  const { current, failed, rebuild, attempts } = records.reduce(nextHistory, noHistory)
  return { current: current?.type, failed: failed?.attempt, rebuild: rebuild !== undefined, attempts }
}

test.each([
  ['nothing', [], { current: undefined, failed: undefined, rebuild: false, attempts: 0 }],
  ['made', [started(1), made(1)], { current: 'made', failed: undefined, rebuild: false, attempts: 1 }],
  ['failed', [started(1), failed(1)], { current: undefined, failed: 1, rebuild: false, attempts: 1 }],
  ['made, then failed', [made(1), started(2), failed(2)], { current: 'made', failed: 2, rebuild: false, attempts: 2 }],
  ['failed, then made', [failed(1), made(2)], { current: 'made', failed: undefined, rebuild: false, attempts: 2 }],
  [
    'accepted after a failure',
    [made(1), started(2), failed(2), accepted],
    { current: 'accepted', failed: undefined, rebuild: false, attempts: 2 },
  ],
  ['asked for anew', [made(1), rebuild], { current: 'made', failed: undefined, rebuild: true, attempts: 1 }],
  [
    'asked for and failed',
    [made(1), rebuild, started(2), failed(2)],
    { current: 'made', failed: 2, rebuild: true, attempts: 2 },
  ],
  [
    'asked for and made',
    [made(1), rebuild, made(2)],
    { current: 'made', failed: undefined, rebuild: false, attempts: 2 },
  ],
  [
    'asked for, then accepted',
    [made(1), rebuild, accepted],
    { current: 'accepted', failed: undefined, rebuild: false, attempts: 1 },
  ],
  ['cancelled', [made(1), started(2), cancelled], { current: 'made', failed: undefined, rebuild: false, attempts: 2 }],
] as const)('%s', (_, records, expected) => {
  expect(history(...records)).toEqual(expected)
})

test('a record of a newer labmake changes nothing that is known', () => {
  const newer = { type: 'paused', ...base } as unknown as TargetRecord
  expect(history(started(1), made(1), newer)).toEqual(history(started(1), made(1)))
})
