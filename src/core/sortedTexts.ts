// Tables whose rows lie in the order of their texts, by code unit: of 80,000 rows, those with some texts are found and exchanged
// without a look at the others, which are copied as they lie.

/** Place of the first text that does not come before this one. */
export function placeOf(texts: readonly string[], text: string): number {
  let [from, to] = [0, texts.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (texts[middle]! < text) from = middle + 1
    else to = middle
  }
  return from
}

/** Places of a text, which may be there more than once: from the first one, to the one behind the last. */
export function placesOf(texts: readonly string[], text: string): readonly [from: number, to: number] {
  const from = placeOf(texts, text)
  let to = from
  while (texts[to] === text) to++
  return [from, to]
}

/** Rows of one of two tables that lie together, `to` not included. */
export interface Piece {
  readonly of: 'before' | 'anew'
  readonly from: number
  readonly to: number
}

/** What a table is made of in which the rows with some texts, `gone`, and with those of `anew` are replaced by the rows of `anew`. */
export function exchanged(before: readonly string[], gone: Iterable<string>, anew: readonly string[]): Piece[] {
  const pieces: Piece[] = []
  const add = (of: Piece['of'], from: number, to: number) => {
    if (from < to) pieces.push({ of, from, to })
  }
  let done = 0
  for (const text of [...new Set([...gone, ...anew])].sort()) {
    const [from, to] = placesOf(before, text)
    add('before', done, from)
    add('anew', ...placesOf(anew, text))
    done = to
  }
  add('before', done, before.length)
  return pieces
}

export function piecedTexts(pieces: readonly Piece[], before: readonly string[], anew: readonly string[]): string[] {
  const parts = pieces.map(({ of, from, to }) => (of === 'before' ? before : anew).slice(from, to))
  return ([] as string[]).concat(...parts)
}

/** `made`: for the numbers of all rows, of which each has `width`. */
export function piecedNumbers<T extends Uint8Array | Uint16Array | Float64Array>(
  pieces: readonly Piece[],
  { before, anew, width, made }: { readonly before: T; readonly anew: T; readonly width: number; readonly made: T },
): T {
  let at = 0
  for (const { of, from, to } of pieces) {
    const numbers = (of === 'before' ? before : anew).subarray(width * from, width * to)
    made.set(numbers, at)
    at += numbers.length
  }
  return made
}

export const rowsOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { from, to }) => sum + to - from, 0)
