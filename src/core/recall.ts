import type { Disk } from '../model/ports.ts'
import type { Watched } from './watched.ts'

export interface TouchedInput {
  readonly watched: Watched
  readonly disk: Pick<Disk, 'names'>
  /**
   * All paths below a folder at which something was seen: what it holds and is not among them was not there. What was looked
   * for and not seen tells nothing: below `m/B1`, which is not there, lies nothing, and no more so where it is a file.
   */
  readonly seenBelow: (folder: string) => readonly string[]
}

/**
 * The batches that are to be planned again when looks at these paths would not find the same; `everything` where that cannot
 * be told. Of a folder that holds many batches only the members that came are touched: those that went were looked at
 * themselves.
 */
export function touchedByLooks(
  changed: Iterable<string>,
  { watched, disk, seenBelow }: TouchedInput,
): ReadonlySet<string> | 'everything' {
  const batches = new Set<string>()
  const add = (path: string) => {
    const touched = watched.touched(path)
    if (touched === 'everything') return false
    for (const batch of touched) batches.add(batch)
    return true
  }
  for (const path of new Set(changed)) {
    if (path !== '.' && add(path)) continue
    const names = disk.names(path)
    if (names === undefined || !newMembers(path, names, seenBelow(path)).every(add)) return 'everything'
  }
  return batches
}

/** Members of a folder that were never seen, as paths. `names`: what lies in it; `seen`: paths below it. */
export function newMembers(folder: string, names: readonly string[], seen: readonly string[]): string[] {
  const prefix = folder === '.' ? '' : `${folder}/`
  const known = new Set<string>()
  for (const path of seen) {
    const end = path.indexOf('/', prefix.length)
    known.add(path.slice(prefix.length, end < 0 ? path.length : end))
  }
  return names.filter((name) => !known.has(name)).map((name) => prefix + name)
}
