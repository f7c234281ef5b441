import { describe, expect, test } from 'vitest'
import { briefUsedText, usedText } from '../../src/core/use.ts'

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
