import { neverCounts } from './names.ts'
import type { WatchedFolder } from './watched.ts'

/** Folders in a recording that are watched go this deep: far more than recordings have, and links may lead in circles. */
const maxDepthBelow = 8

/** How far into the pattern of a watched folder a folder on disk is. */
export interface Step {
  readonly of: WatchedFolder
  /** Segments that are behind; more than there are, below a deep one. */
  readonly depth: number
}

/** What the folder of this name, in a folder at these steps, is to the patterns; empty if it is not to be watched. */
export function stepsInto(steps: readonly Step[], name: string): Step[] {
  if (neverCounts(name)) return []
  return steps.flatMap(({ of, depth }) => {
    const segment = of.segments[depth]
    if (segment === undefined) {
      // A pattern of all files at any depth is not meant to find what labmake keeps for itself.
      const isWatched = of.deep && depth - of.segments.length < maxDepthBelow && name !== '.labmake'
      return isWatched ? [{ of, depth: depth + 1 }] : []
    }
    const fits = segment.kind === 'literal' ? segment.name === name : segment.strict.test(name)
    return fits ? [{ of, depth: depth + 1 }] : []
  })
}

/** Where every pattern says which one name comes next, a folder need not be read: the names. Else undefined. */
export function nextNames(steps: readonly Step[]): string[] | undefined {
  const names: string[] = []
  for (const { of, depth } of steps) {
    const segment = of.segments[depth]
    if (segment?.kind !== 'literal') return undefined
    names.push(segment.name)
  }
  return names
}

/** What may be watched in a folder at these steps: what patterns name, what there is because it is deep, or nothing. */
export function inside(steps: readonly Step[]): 'named' | 'all' | 'nothing' {
  if (steps.some(({ of, depth }) => depth < of.segments.length)) return 'named'
  return steps.some(({ of }) => of.deep) ? 'all' : 'nothing'
}
