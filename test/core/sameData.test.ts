import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSameData } from '../../src/core/sameData.ts'

const sorted = (_key: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

test('data are the same whose JSON is, in whatever order their keys stand', () => {
  const leaf = fc.constantFrom(0, 1, 'a', 'b', '', true, null, undefined)
  const key = fc.constantFrom('a', 'b', 'c', 'toString')
  const { data } = fc.letrec((tie) => ({
    data: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(
        tie('data').filter((one) => one !== undefined),
        { maxLength: 3 },
      ),
      fc.dictionary(key, tie('data'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(data, data, (a, b) => {
      expect(isSameData(a, b)).toBe(JSON.stringify(a, sorted) === JSON.stringify(b, sorted))
      expect(isSameData(a, structuredClone(a))).toBe(true)
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 2000) },
  )
})
