import { exchanged, piecedNumbers, piecedTexts, placeOf, placesOf, rowsOf } from '../core/sortedTexts.ts'
import { type Looks, marksOfOne } from './looks.ts'

// Looks are kept in the order of their paths, by code unit: of one recording among ten thousand, and of the members of a folder,
// they are then found without going through all.

/**
 * The same looks in order, each once: a plan looks at some folders more than once. What was seen at a path itself is no news
 * where the same was seen with links followed: there was no link.
 */
export function inOrder(looks: Looks): Looks {
  const { paths, follows, marks } = looks
  const compare = (a: number, b: number) =>
    paths[a]! < paths[b]! ? -1 : paths[a]! > paths[b]! ? 1 : follows[b]! - follows[a]!
  const places = [...paths.keys()].sort(compare)
  const isTold = (place: number, before: number | undefined) => {
    if (before === undefined || paths[before] !== paths[place] || !isSameMark(looks, before, looks, place)) return false
    return follows[before] === follows[place] || marks[place * marksOfOne + 1] !== 0
  }
  return looksAt(
    looks,
    places.filter((place, i) => !isTold(place, places[i - 1])),
  )
}

/** Do these two looks see the same? */
export function isSameMark(a: Looks, placeA: number, b: Looks, placeB: number): boolean {
  for (let k = 0; k < marksOfOne; k++) {
    if (a.marks[marksOfOne * placeA + k] !== b.marks[marksOfOne * placeB + k]) return false
  }
  return true
}

/** Looks of which those at some paths, `gone`, and those at paths that were looked at anew are replaced by these. All are in order. */
export function exchangeLooks(looks: Looks, gone: readonly string[], anew: Looks): Looks {
  const pieces = exchanged(looks.paths, gone, anew.paths)
  const count = rowsOf(pieces)
  return {
    paths: piecedTexts(pieces, looks.paths, anew.paths),
    follows: piecedNumbers(pieces, {
      before: looks.follows,
      anew: anew.follows,
      width: 1,
      made: new Uint8Array(count),
    }),
    marks: piecedNumbers(pieces, {
      before: looks.marks,
      anew: anew.marks,
      width: marksOfOne,
      made: new Float64Array(count * marksOfOne),
    }),
  }
}

/** As exchangeLooks, of looks that nobody else has: where as many come as go, which is mostly so, megabytes are not copied. */
export function exchangeInPlace(looks: Looks, gone: readonly string[], anew: Looks): Looks {
  const places = [...new Set([...gone, ...anew.paths])].map((path) => ({
    before: placesOf(looks.paths, path),
    after: placesOf(anew.paths, path),
  }))
  if (places.some(({ before, after }) => before[1] - before[0] !== after[1] - after[0]))
    return exchangeLooks(looks, gone, anew)
  for (const { before, after } of places) {
    const [from, to] = after
    looks.follows.set(anew.follows.subarray(from, to), before[0])
    looks.marks.set(anew.marks.subarray(from * marksOfOne, to * marksOfOne), before[0] * marksOfOne)
  }
  return looks
}

/** Places of the looks at a path. */
export function placesAt({ paths }: Looks, path: string): number[] {
  const [from, to] = placesOf(paths, path)
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** The looks at some places. */
export function looksAt({ paths, follows, marks }: Looks, places: readonly number[]): Looks {
  const taken = new Float64Array(places.length * marksOfOne)
  for (const [i, place] of places.entries()) {
    for (let k = 0; k < marksOfOne; k++) taken[i * marksOfOne + k] = marks[place * marksOfOne + k]!
  }
  return {
    paths: places.map((place) => paths[place]!),
    follows: Uint8Array.from(places, (place) => follows[place]!),
    marks: taken,
  }
}

/** Paths below a folder at which something was seen; `.`: all of them. The looks are in order. */
export function pathsBelow({ paths, marks }: Looks, folder: string): string[] {
  const isAll = folder === '.'
  const from = isAll ? 0 : placeOf(paths, `${folder}/`)
  // The sign that comes after the slash.
  const to = isAll ? paths.length : placeOf(paths, `${folder}0`)
  return paths.slice(from, to).filter((_, i) => marks[(from + i) * marksOfOne + 1] !== 0)
}
