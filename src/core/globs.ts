/**
 * Source of a regular expression for pieces with any signs between them (`any`: `.` or `[^/]`). Each piece is taken where it
 * fits first, which is as good as anywhere later, and is never tried anew: a name that was made to be tried in every way
 * costs no more than its length. Pieces are sources without groups.
 */
export function globSource(pieces: readonly string[], any: string): string {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return first
  const middle = rest.filter((piece) => piece !== '').map((piece, i) => `(?=(?<_${i}>${any}*?${piece}))\\k<_${i}>`)
  return `${first}${middle.join('')}${any}*${last}`
}
