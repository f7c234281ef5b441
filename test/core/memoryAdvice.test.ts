import { describe, expect, test } from 'vitest'
import { memoryAdvice, memoryAdviceOn, peakedText, rememberPeak } from '../../src/core/memoryAdvice.ts'
import type { FailedRecord, JournalRecord, MadeRecord } from '../../src/model/record.ts'
import type { PoolSize } from '../../src/model/rule.ts'

const gb = 1e9

function made(job: string, peakBytes: number | undefined): MadeRecord {
  const base = {
    type: 'made',
    at: '2026-11-22T08:00:00Z',
    job,
    target: job,
    attempt: 1,
    seconds: 1,
    sourceBytes: 1,
  } as const
  const provenance = { sources: {}, uses: {}, targets: {}, recipe: '', params: {}, log: '' }
  return { ...base, ...provenance, ...(peakBytes === undefined ? {} : { use: { peakBytes } }) }
}

function pastPeaks(records: readonly JournalRecord[]): Map<string, number[]> {
  const peaks = new Map<string, number[]>()
  for (const record of records) rememberPeak(peaks, record)
  return peaks
}

describe('past peaks', () => {
  test('are those of all attempts of a rule, failed ones too, as far as they were measured', () => {
    const failed: FailedRecord = { ...made('denoise/B2', 3), type: 'failed', cause: { kind: 'lost' } }
    const records = [made('denoise/B1', 1), made('sort/B1', 2), failed, made('denoise/B3', undefined)]
    expect(pastPeaks(records)).toEqual(
      new Map([
        ['denoise', [1, 3]],
        ['sort', [2]],
      ]),
    )
  })

  test('of very many runs are the last hundred', () => {
    const records = Array.from({ length: 150 }, (_, i) => made('denoise/B1', i + 1))
    expect(pastPeaks(records).get('denoise')).toEqual(Array.from({ length: 100 }, (_, i) => i + 51))
  })
})

/** A rule that takes these slots of pools; of ram that counts memory, as many GB. */
const ruleOf = (pools: Record<string, number>, bytesOf: readonly string[] = []) => ({
  name: 'denoise',
  pools: new Map(Object.entries(pools).map(([name, n]) => [name, bytesOf.includes(name) ? n * gb : n])),
  bytesOf: new Set(bytesOf),
})
const slots = (n: number): PoolSize => ({ slots: n, counts: 'slots' })
const forty = (peak: number) => [...Array.from({ length: 39 }, () => peak * 0.8 * gb), peak * gb]

describe('advice on a pool of slots', () => {
  const one = ruleOf({ ram: 1 })
  const advice = (ram: number, rule = one, memory = 64) => {
    const pools = new Map([
      ['ram', slots(ram)],
      ['cpu', slots(8)],
    ])
    return memoryAdvice(rule, forty(11.2), { pools, memoryBytes: memory * gb })
  }

  test('says how many the memory would hold, beside how many the pool lets run', () => {
    expect(advice(2)).toEqual({
      rule: 'denoise',
      pool: 'ram',
      text: 'denoise has peaked at 11 GB in 40 runs; 64 GB would hold 5, ram has 2 slots',
      isTooMuch: false,
      hint: undefined,
    })
  })

  test('warns where the pool lets more run than the memory holds', () => {
    expect(advice(6)).toMatchObject({
      isTooMuch: true,
      hint: 'If all of them reach that at once, memory runs out: 5 slots in ram would be safe.',
    })
    expect(advice(5)).toMatchObject({ isTooMuch: false })
  })

  test('counts by the pool that lets the fewest run, and by the slots that each takes', () => {
    const rule = ruleOf({ ram: 1, cpu: 4 })
    expect(advice(6, rule)?.text).toContain('cpu has 8 slots, 4 for each')
    expect(advice(6, rule)?.isTooMuch).toBe(false)
    expect(advice(6, rule, 20)?.hint).toContain('4 slots in cpu would be safe')
  })

  test('says so where not even one fits', () => {
    expect(advice(2, one, 8)?.hint).toContain('Not even one may fit')
  })

  test('is not given after two runs, nor of a rule that no pool limits', () => {
    const shares = { pools: new Map([['ram', slots(2)]]), memoryBytes: 64 * gb }
    expect(memoryAdvice(one, [gb, gb], shares)).toBeUndefined()
    expect(memoryAdvice(ruleOf({}), forty(11), shares)).toBeUndefined()
  })
})

describe('advice on a pool that counts memory', () => {
  const pools = new Map<string, PoolSize>([
    ['ram', { slots: 64 * gb, counts: 'bytes' }],
    ['cpu', slots(8)],
  ])
  const asks = (ram: number, more: Record<string, number> = {}) => ruleOf({ ram, ...more }, ['ram'])
  const advice = (rule: ReturnType<typeof ruleOf>, peaks: readonly number[]) => {
    return memoryAdvice(rule, peaks, { pools, memoryBytes: 64 * gb })
  }

  test('says how many more would run if the rule asked for less', () => {
    expect(advice(asks(12), forty(4.1))).toEqual({
      rule: 'denoise',
      pool: 'ram',
      text: 'denoise asks for 12 GB of ram, and has peaked at 4.1 GB in 40 runs: 5 GB would let 12 run at once instead of 5',
      isTooMuch: false,
      hint: undefined,
    })
  })

  test('counts the slots of other pools too: who waits for processors gains nothing by memory', () => {
    expect(advice(asks(12, { cpu: 1 }), forty(4.1))?.text).toContain('would let 8 run at once instead of 5')
    expect(advice(asks(12, { cpu: 2 }), forty(4.1))?.text).toBe(
      'denoise asks for 12 GB of ram, and has peaked at 4.1 GB in 40 runs',
    )
  })

  test('leaves it at what is known where no more would run', () => {
    expect(advice(asks(12), forty(11))?.text).toBe('denoise asks for 12 GB of ram, and has peaked at 11 GB in 40 runs')
  })

  test('warns of one that needs more than it asks for, after a single run', () => {
    expect(advice(asks(12), [14 * gb])).toEqual({
      rule: 'denoise',
      pool: 'ram',
      text: 'denoise asks for 12 GB of ram, but has peaked at 14 GB in 1 run',
      isTooMuch: true,
      hint: 'As many as ram lets run may need more memory than it has. Write pool: { ram: 17GB }.',
    })
    expect(advice(asks(12), [4 * gb])).toBeUndefined()
    expect(advice(asks(12), [])).toBeUndefined()
  })

  test('says so where not even one fits into the pool', () => {
    expect(advice(asks(12), [60 * gb])?.hint).toContain('Not even one may fit into 64 GB: denoise needs more memory')
  })

  test('begins with what may go wrong', () => {
    const rules = [
      { ...asks(12), name: 'fine' },
      { ...asks(12), name: 'greedy' },
    ]
    const peaks = new Map([
      ['fine', forty(4)],
      ['greedy', forty(20)],
      ['gone', forty(1)],
    ])
    expect(memoryAdviceOn(rules, peaks, { pools, memoryBytes: 64 * gb }).map(({ rule }) => rule)).toEqual([
      'greedy',
      'fine',
    ])
  })
})

test('a rule that is in no force yet is told of by what it used', () => {
  expect(peakedText(forty(11))).toBe('has peaked at 11 GB in 40 runs')
})
