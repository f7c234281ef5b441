import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Looks, replaceLooks } from '../../src/io/looks.ts'

type Look = readonly [path: string, follow: 0 | 1, ...marks: [number, number, number, number]]

const randomLook = fc.tuple(
  fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  fc.constantFrom(0 as const, 1 as const),
  fc.nat(9),
  fc.nat(9),
  fc.nat(9),
  fc.nat(9),
)
const looksOf = (looks: readonly Look[]): Looks => ({
  paths: looks.map(([path]) => path),
  follows: Uint8Array.from(looks, ([, follow]) => follow),
  marks: Float64Array.from(looks.flatMap(([, , ...marks]) => marks)),
})
const asText = ({ paths, follows, marks }: Looks) =>
  paths.map((path, i) => [path, follows[i], ...marks.subarray(4 * i, 4 * i + 4)].join(' ')).toSorted()

test('of looks those at some places go, and those at paths that were looked at anew; all others stay', () => {
  const before = fc.array(randomLook, { maxLength: 12 })
  const taken = fc.array(randomLook, { maxLength: 6 })
  fc.assert(
    fc.property(before, fc.uniqueArray(fc.nat(11), { maxLength: 6 }), taken, (before, places, taken) => {
      const gone = places.filter((place) => place < before.length)
      const anew = new Set(taken.map(([path]) => path))
      const kept = before.filter(([path], i) => !gone.includes(i) && !anew.has(path))
      const replaced = replaceLooks(looksOf(before), gone, looksOf(taken))
      expect(asText(replaced)).toEqual(asText(looksOf([...kept, ...taken])))
      expect([replaced.follows.length, replaced.marks.length]).toEqual([
        replaced.paths.length,
        replaced.paths.length * 4,
      ])
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 1000) },
  )
})
