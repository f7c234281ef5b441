import { describe, expect, test } from 'vitest'
import { briefUsedText, memoryAdvice, pastPeaks, usedText } from '../../src/core/use.ts'
import type { FailedRecord, MadeRecord } from '../../src/model/record.ts'

const gb = 1e9

describe('what an attempt used', () => {
  const all = { cpuSeconds: 12_000, peakBytes: 11.2 * gb, readBytes: 12 * gb, writtenBytes: 3 * gb }

  test('is told in a sentence', () => {
    expect(usedText(all)).toBe('3h20 of processor time, 11 GB of memory at most, read 12 GB, wrote 3.0 GB')
  })

  test('is told in a few words for a row', () => {
    expect(briefUsedText(all)).toBe('cpu 3h20, 11 GB')
  })

  test('is told as far as it is known', () => {
    expect([usedText({ peakBytes: gb }), briefUsedText({ cpuSeconds: 2 })]).toEqual([
      '1.0 GB of memory at most',
      'cpu 2.0s',
    ])
  })

  test('is not worth a word where it is next to nothing', () => {
    expect([usedText({}), briefUsedText({ cpuSeconds: 0.01 })]).toEqual(['', ''])
  })
})

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

describe('advice from past peaks', () => {
  const denoise = { name: 'denoise', pools: new Map([['ram', 1]]) }
  const peaks = [...Array.from({ length: 39 }, () => 9 * gb), 11.2 * gb]
  const advice = (slots: number, rule = denoise, memory = 64 * gb) =>
    memoryAdvice(
      rule,
      peaks,
      new Map([
        ['ram', slots],
        ['cpu', 8],
      ]),
      memory,
    )

  test('says how many the memory would hold, beside how many the pool lets run', () => {
    expect(advice(2)).toEqual({
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
    const rule = {
      name: 'denoise',
      pools: new Map([
        ['ram', 1],
        ['cpu', 4],
      ]),
    }
    expect(advice(6, rule)?.text).toContain('cpu has 8 slots, 4 for each')
    expect(advice(6, rule)?.isTooMuch).toBe(false)
    expect(advice(6, rule, 20 * gb)?.hint).toContain('4 slots in cpu would be safe')
  })

  test('says so where not even one fits', () => {
    expect(advice(2, denoise, 8 * gb)?.hint).toContain('Not even one may fit')
  })

  test('is not given after two runs, nor of a rule that no pool limits', () => {
    expect(memoryAdvice(denoise, [gb, gb], new Map([['ram', 2]]), 64 * gb)).toBeUndefined()
    expect(memoryAdvice({ name: 'sort', pools: new Map() }, peaks, new Map(), 64 * gb)).toBeUndefined()
  })
})
