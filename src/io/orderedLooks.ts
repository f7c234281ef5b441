import { exchanged, piecedNumbers, piecedTexts, placeOf, placesOf, rowsOf } from '../core/sortedTexts.ts'
import { type Looks, marksOfOne } from './looks.ts'

// Looks are kept in the order of their paths, by code unit: of one recording among ten thousand, and of the members of a folder,
// they are then found without going through all.

/** The same looks in order, each once: a plan looks at some folders more than once. */
export function inOrder(looks: Looks): Looks {
  const { paths, follows } = looks
  const compare = (a: number, b: number) =>
    paths[a]! < paths[b]! ? -1 : paths[a]! > paths[b]! ? 1 : follows[a]! - follows[b]!
  const places = [...paths.keys()].sort(compare)
  return looksAt(
    looks,
    places.filter(
      (place, i) => i === 0 || compare(places[i - 1]!, place) < 0 || !isSameMark(looks, places[i - 1]!, looks, place),
    ),
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
