import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noHistory, remember } from '../../src/core/history.ts'
import { keepHistories } from '../../src/io/keptHistories.ts'
import type { JournalRecord, TargetHistory } from '../../src/model/record.ts'

const target = fc.constantFrom('data/kwd/B1.kwd', 'data/kwd/B2.kwd', 'größe "1"')
/** Also what looks like the recipe of a record, or like what stands for it. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('"recipe":"a"', '\u00000\u0000', '\\"'),
)
const key = fc.oneof(text, fc.constant('recipe'))
const stamps = fc.dictionary(key, fc.oneof(text, fc.dictionary(key, text, { maxKeys: 2 })), { maxKeys: 2 })
const base = { at: fc.constant('2026-08-10T12:02:12.000Z'), job: fc.constant('kwd/B1'), target }
const attempt = fc.nat({ max: 3 })
const provenance = { sources: stamps, uses: stamps, targets: stamps, recipe: text, params: fc.dictionary(key, text) }
const by = fc.constant('ana')
const ended = { attempt, seconds: fc.nat(), log: text }
const action = fc.constantFrom('hold' as const, 'release' as const, 'retry' as const, 'cancel' as const)

const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ type: fc.constant('started' as const), ...base, attempt }),
  fc.record({ type: fc.constant('made' as const), ...base, ...provenance, ...ended, sourceBytes: fc.nat() }),
  fc.record({ type: fc.constant('accepted' as const), ...base, ...provenance, by, edited: fc.boolean() }),
  fc.record({ type: fc.constant('failed' as const), ...base, ...ended, cause: fc.constant({ kind: 'lost' as const }) }),
  fc.record({ type: fc.constant('rebuild' as const), ...base, by }),
  fc.record({
    type: fc.constant('action' as const),
    at: base.at,
    by,
    action: action.map((type) => ({ type, jobs: ['kwd/B1'] })),
    targets: fc.array(target, { maxLength: 2 }),
    text,
  }),
)

test('what is kept of any records is what they say, whenever it is asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, fc.boolean()), { maxLength: 12 }), (steps) => {
      const whole = new Map<string, TargetHistory>()
      const kept = keepHistories()
      const ask = () => {
        for (const [target, history] of whole) expect(kept.get(target)).toEqual(history)
      }
      for (const [said, isAsked] of steps) {
        // As it is read from a file.
        const json = JSON.stringify(said)
        const read = JSON.parse(json) as JournalRecord
        remember(whole, read)
        remember(kept, read)
        kept.settle(read, json)
        if (isAsked) ask()
      }
      ask()
    }),
    { numRuns: 2000 },
  )
})

test('of more targets than are kept as they were told last, each has its own history', () => {
  const kept = keepHistories()
  const targets = Array.from({ length: 3000 }, (_, i) => `data/kwd/B${i}.kwd`)
  for (const target of targets) {
    const made: JournalRecord = {
      type: 'made',
      at: '2026-08-10T12:02:12.000Z',
      job: target,
      target,
      attempt: 1,
      seconds: 3,
      sourceBytes: 6,
      log: '',
      sources: {},
      uses: {},
      targets: {},
      recipe: 'sort {source}',
      params: {},
    }
    remember(kept, made)
    kept.settle(made, JSON.stringify(made))
  }
  expect(targets.map((target) => kept.get(target)?.current?.job)).toEqual(targets)
  expect(kept.get(targets[0]!)).toMatchObject({ ...noHistory, attempts: 1, current: { recipe: 'sort {source}' } })
})
