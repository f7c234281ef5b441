import type { Pattern, Rule, Segment } from '../model/rule.ts'
import { neverCounts } from './names.ts'
import { batchSegment, bindsBatchAlone } from './pattern.ts'

/** Folders on disk to watch: all that match, `data/mat` or `data/mat/{batch}`, and the folders above them. */
export interface WatchedFolder {
  /** As a rule writes it, for telling one from another: `data/mat/{batch}/` with a slash if it is deep. */
  readonly text: string
  /** Starts at the root of the file system, not at the workspace. */
  readonly absolute: boolean
  readonly segments: readonly OneName[]
  /** The folders below count as well. */
  readonly deep: boolean
}

export type OneName = Exclude<Segment, { readonly kind: 'anyDepth' }>

/** What of a workspace its rules make worth watching. */
export interface Watched {
  readonly folders: readonly WatchedFolder[]
  /**
   * The batches that a change at this path touches, of which none may exist (any more); `everything` if it may touch all.
   * An empty set: of no concern to any rule. Paths are relative to the workspace or absolute, as patterns are.
   */
  touched(path: string): ReadonlySet<string> | 'everything'
}

/** The folders that hold what the rules read and make, and what a change in them means. */
export function watchedFolders(rules: readonly Rule[]): Watched {
  const read = rules.flatMap((rule) => [...rule.sources.map((source) => source.pattern), ...rule.uses])
  const made = rules.flatMap((rule) => rule.targets.map((target) => target.pattern))
  const folders = new Map<string, WatchedFolder>()
  const add = (folder: WatchedFolder) => folders.set(folder.text, folder)
  for (const pattern of read) add(folderOf(pattern, { members: pattern.isFolder }))
  // What happens inside a target folder that nobody reads is its reader's own affair, phy's for example.
  for (const pattern of made) add(folderOf(pattern, { members: false }))
  const patterns = [...new Map([...read, ...made].map((p) => [`${p.text} ${p.isFolder}`, p])).values()]
  return { folders: [...folders.values()], touched: (path) => touched(patterns, path) }
}

/** The folder that holds what a pattern names, or that it names itself if its members count. */
function folderOf(pattern: Pattern, { members }: { readonly members: boolean }): WatchedFolder {
  const depth = pattern.segments.findIndex((segment) => segment.kind === 'anyDepth')
  const deep = members || depth >= 0
  const length = depth >= 0 ? depth : members ? pattern.segments.length : pattern.segments.length - 1
  const absolute = pattern.text.startsWith('/')
  const names = (absolute ? pattern.text.slice(1) : pattern.text).split('/').slice(0, length)
  const segments = pattern.segments.slice(0, length) as OneName[]
  const text = absolute ? `/${names.join('/')}` : names.join('/') || '.'
  return { text: deep ? `${text}/` : text, absolute, segments, deep }
}

function touched(patterns: readonly Pattern[], path: string): ReadonlySet<string> | 'everything' {
  const absolute = path.startsWith('/')
  const names = (absolute ? path.slice(1) : path).split('/')
  const batches = new Set<string>()
  if (names.some(neverCounts)) return batches
  for (const pattern of patterns) {
    if (absolute !== pattern.text.startsWith('/')) continue
    const touch = touchOf(pattern, names, absolute)
    if (touch === 'everything') return touch
    if (touch !== undefined) batches.add(touch.batch)
  }
  return batches
}

/** What a path says of one pattern: it is a match of it, lies in one, or may hold some. */
function touchOf(
  pattern: Pattern,
  names: readonly string[],
  absolute: boolean,
): { readonly batch: string } | 'everything' | undefined {
  const { segments } = pattern
  let batch: string | undefined
  const batchAt = bindsBatchAlone(pattern) ? batchSegment(pattern) : -1
  for (const [i, segment] of segments.entries()) {
    const name = names[i]
    // The path ends above the matches: a folder that came or went, with all that is in it.
    if (name === undefined || segment.kind === 'anyDepth') return batch === undefined ? 'everything' : { batch }
    if (segment.kind === 'literal') {
      if (segment.name !== name) return undefined
      continue
    }
    const match = segment.strict.exec(name)
    if (match !== null) {
      if (i === batchAt) batch = match.groups!.batch
    } else if (segment.loose.test(name)) {
      // No batch name where one belongs: a fault that only a plan of everything tells.
      return 'everything'
    } else return undefined
  }
  if (names.length > segments.length && !pattern.isFolder) return undefined
  const match = `${absolute ? '/' : ''}${names.slice(0, segments.length).join('/')}`
  batch ??= pattern.regex.exec(match)?.groups?.batch
  return batch === undefined ? 'everything' : { batch }
}
