import { expect, test } from 'vitest'
import { startProgress } from '../../src/ephys/progress.ts'

test('a line a second at most, the first and the last always', () => {
  const lines: string[] = []
  let nowMs = 0
  const progress = startProgress('denoise', { nowMs: () => nowMs, write: (line) => void lines.push(line) })
  for (const [atMs, fraction] of [
    [200, 0.1],
    [1100, 0.375],
    [1900, 0.6],
    [2200, 0.999],
  ] as const) {
    nowMs = atMs
    progress.report(fraction, 'reading')
  }
  progress.done()
  expect(lines).toEqual([
    'denoise   0 %  0.0 s',
    'denoise  37 %  1.1 s  reading',
    'denoise  99 %  2.2 s  reading',
    'denoise 100 %  2.2 s',
  ])
})
