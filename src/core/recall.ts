import type { Disk } from '../model/ports.ts'
import type { Watched } from './watched.ts'

export interface TouchedInput {
  readonly watched: Watched
  readonly disk: Pick<Disk, 'names'>
  /** All paths that were looked at: what a folder holds and is not among them was not there. */
  readonly looked: readonly string[]
}

/**
 * The batches that are to be planned again when looks at these paths would not find the same; `everything` where that cannot
 * be told. Of a folder that holds many batches only the members that came are touched: those that went were looked at
 * themselves.
 */
export function touchedByLooks(
  changed: Iterable<string>,
  { watched, disk, looked }: TouchedInput,
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
    const members = newMembers(path, disk, looked)
    if (members === undefined || !members.every(add)) return 'everything'
  }
  return batches
}

/** Members of a folder that were never looked at; undefined if it is no folder. */
function newMembers(folder: string, disk: Pick<Disk, 'names'>, looked: readonly string[]): string[] | undefined {
  const names = disk.names(folder)
  if (names === undefined) return undefined
  const prefix = folder === '.' ? '' : `${folder}/`
  const known = new Set<string>()
  for (const path of looked) {
    if (!path.startsWith(prefix)) continue
    const end = path.indexOf('/', prefix.length)
    known.add(end < 0 ? path : path.slice(0, end))
  }
  return names.map((name) => prefix + name).filter((path) => !known.has(path))
}
