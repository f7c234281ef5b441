import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Looks } from '../../src/io/looks.ts'
import { exchangeInPlace, exchangeLooks, inOrder, pathsBelow, placesAt } from '../../src/io/orderedLooks.ts'

type Look = readonly [path: string, follow: 0 | 1, ...marks: [number, number, number, number]]

/** What is seen with links followed is never what is seen itself: all are links. */
const randomLook = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.constantFrom(0 as const, 1 as const),
    fc.nat(9),
    fc.nat(9),
    fc.nat(9),
    fc.nat(9),
  )
  .map(([path, follow, ...marks]): Look => [path, follow, marks[0], marks[1], marks[2], 10 * follow + marks[3]])
const looksOf = (looks: readonly Look[]): Looks => ({
  paths: looks.map(([path]) => path),
  follows: Uint8Array.from(looks, ([, follow]) => follow),
  marks: Float64Array.from(looks.flatMap(([, , ...marks]) => marks)),
})
const asText = ({ paths, follows, marks }: Looks) => [
  ...new Set(paths.map((path, i) => [path, follows[i], ...marks.subarray(4 * i, 4 * i + 4)].join(' ')).toSorted()),
]

test('of looks those at some paths go, and those at paths that were looked at anew; all others stay, in order', () => {
  const looks = (maxLength: number) => fc.array(randomLook, { maxLength })
  const gone = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'f'), { maxLength: 4 })
  fc.assert(
    fc.property(looks(12), gone, looks(6), (before, gone, taken) => {
      const anew = new Set(taken.map(([path]) => path))
      const kept = before.filter(([path]) => !gone.includes(path as 'a') && !anew.has(path))
      const anewInOrder = inOrder(looksOf(taken))
      const exchanged = exchangeLooks(inOrder(looksOf(before)), gone, anewInOrder)
      expect(exchangeInPlace(inOrder(looksOf(before)), gone, anewInOrder)).toEqual(exchanged)
      expect(asText(exchanged)).toEqual(asText(looksOf([...kept, ...taken])))
      expect(exchanged.paths).toEqual(exchanged.paths.toSorted())
      expect([exchanged.follows.length, exchanged.marks.length]).toEqual([
        exchanged.paths.length,
        exchanged.paths.length * 4,
      ])
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 1000) },
  )
})

const there = [1, 1, 1, 1] as const
const notThere = [0, 0, 0, 0] as const

test('below a folder is what has its whole name before a slash, and was there', () => {
  const looks = inOrder(
    looksOf([
      ['m/b', 0, ...there],
      ['m', 1, ...there],
      ['m/a/x', 0, ...there],
      ['m-n/c', 0, ...there],
      ['m.d', 0, ...there],
      ['m0', 0, ...there],
      ['m/gone', 0, ...notThere],
      ['/m/else', 0, ...there],
    ]),
  )
  expect(pathsBelow(looks, 'm')).toEqual(['m/a/x', 'm/b'])
  expect(pathsBelow(looks, '/m')).toEqual(['/m/else'])
  expect(pathsBelow(looks, 'm/b')).toEqual([])
  expect(pathsBelow(looks, '.')).toHaveLength(7)
})

test('a look that was taken twice is kept once, and two that saw different things are both kept', () => {
  const looks = inOrder(
    looksOf([
      ['b', 1, ...there],
      ['a', 0, ...there],
      ['b', 1, ...there],
      ['a', 0, ...notThere],
    ]),
  )
  expect(looks.paths).toEqual(['a', 'a', 'b'])
})

test('what is the same itself and with links followed is kept with links followed, if it was there', () => {
  const looks = inOrder(
    looksOf([
      ['folder', 0, ...there],
      ['folder', 1, ...there],
      ['nothing', 1, ...notThere],
      ['nothing', 0, ...notThere],
    ]),
  )
  expect(looks.paths.map((path, i) => [path, looks.follows[i]])).toEqual([
    ['folder', 1],
    ['nothing', 1],
    ['nothing', 0],
  ])
})

test('a link and what it leads to have two places', () => {
  const looks = inOrder(
    looksOf([
      ['b', 1, ...there],
      ['a', 0, ...there],
      ['b', 0, 1, 1, 2, 1],
    ]),
  )
  expect(placesAt(looks, 'b')).toEqual([1, 2])
  expect(placesAt(looks, 'c')).toEqual([])
})
