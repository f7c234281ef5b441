import { distance } from 'fastest-levenshtein'

/** What a mistyped word most likely meant; undefined if nothing known is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  // A third of the letters may be wrong, two in a short word: `rma` means ram, `gpu` does not mean cpu's neighbour.
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase())
    if (d < bestDistance && d < candidate.length) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}

/** `did you mean ram?`, else `known: cpu, ram`, else undefined. For hints. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  const near = nearest(word, names)
  if (near !== undefined) return `Did you mean ${near}?`
  if (names.length === 0) return undefined
  const shown = names.slice(0, 12)
  return `Known: ${shown.join(', ')}${names.length > shown.length ? `, and ${names.length - shown.length} more` : ''}.`
}
