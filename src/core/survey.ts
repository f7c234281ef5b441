import { UserError } from '../model/errors.ts'
import type { Binding } from '../model/job.ts'
import type { Disk, Entry } from '../model/ports.ts'
import type { Pattern } from '../model/rule.ts'
import type { Snapshot } from '../model/stamp.ts'
import type { Seen } from './lastSeen.ts'
import { bindSegment, bindsBatchAlone, expandPattern, isOfBatchAlone, matchPattern, patternGlob } from './pattern.ts'
import { fileSnapshot, type StampOptions, takeFolderSnapshot, takeSnapshot } from './stamp.ts'

/** A path on disk that a pattern matches, with the values of its wildcards. */
export interface Found {
  readonly path: string
  readonly binding: Binding
}

/** A name that stands where {batch} does, and is none. */
export interface StrangeName {
  readonly path: string
  readonly name: string
}

/** One look at the disk: everything is read at most once, so that one plan is made from one state. */
export interface Survey {
  snapshot(path: string, options: StampOptions): Snapshot
  /** As it was seen already; undefined if nobody asked. */
  known(path: string, options: Pick<StampOptions, 'isFolder'>): Snapshot | undefined
  find(pattern: Pattern): readonly Found[]
  /** What is in a folder; nothing where there is none. */
  list(path: string): readonly Entry[]
  /** Paths that a gathering pattern matches for one binding, sorted. */
  gather(pattern: Pattern, binding: Binding): readonly string[]
  /** Names met by `find` that no batch can have. */
  strange(): readonly StrangeName[]
  /** What may not be looked at, by path: it stops the jobs that need it, and no others. */
  unreadable(): ReadonlyMap<string, UserError>
}

const missing: Snapshot = { status: 'missing' }

/**
 * `scope`: of patterns with {batch} only these batches are looked for, by their names, without reading whole folders. `seen`: what is
 * there is known of these paths, and is not looked at.
 */
export function surveyDisk(disk: Disk, scope?: ReadonlySet<string>, seen: readonly Seen[] = []): Survey {
  const fileSnapshots = new Map<string, Snapshot>()
  const folderSnapshots = new Map<string, Snapshot>()
  const snapshotsOf = (isFolder: boolean) => (isFolder ? folderSnapshots : fileSnapshots)
  for (const { path, isFolder, snapshot } of seen) snapshotsOf(isFolder).set(path, snapshot)
  const lists = new Map<string, readonly Entry[]>()
  const found = new Map<string, readonly Found[]>()
  const strange = new Map<string, StrangeName>()
  /** Folders that may not be listed. */
  const unlisted = new Set<string>()
  /** Names in folders that were listed: what is not among them need not be looked at one by one. */
  const namesIn = new Map<string, ReadonlySet<string>>()
  /** Folders that are known to be there, and no links. */
  const ownFolders = new Set<string>()
  const unreadable = new Map<string, UserError>()
  const looking = <T>(path: string, look: () => T, otherwise: (fault: UserError) => T): T => {
    try {
      return look()
    } catch (fault) {
      if (!(fault instanceof UserError)) throw fault
      unreadable.set(path, fault)
      return otherwise(fault)
    }
  }
  const list = (path: string) => {
    const known = lists.get(path)
    if (known !== undefined) return known
    const entries = looking(
      path,
      () => disk.list(path) ?? [],
      () => undefined,
    )
    if (entries === undefined) unlisted.add(path)
    lists.set(path, entries ?? [])
    return entries ?? []
  }
  const isMissed = (path: string) => {
    const end = path.lastIndexOf('/')
    if (end <= 0) return false
    const folder = path.slice(0, end)
    const entries = lists.get(folder)
    if (entries === undefined || unlisted.has(folder)) return false
    let names = namesIn.get(folder)
    if (names === undefined) {
      names = new Set(entries.map(({ name }) => name))
      namesIn.set(folder, names)
    }
    return !names.has(path.slice(end + 1))
  }
  return {
    snapshot(path, options) {
      const snapshots = snapshotsOf(options.isFolder)
      const known = snapshots.get(path)
      if (known !== undefined) return known
      // A folder that was seen in the list of its parent need not be asked for again: half of all looks but for files.
      const isOwnFolder = options.isFolder && ownFolders.has(path)
      if (!isOwnFolder && isMissed(path)) return missing
      const take = () =>
        isOwnFolder
          ? takeFolderSnapshot(disk, path, { link: undefined, ignore: options.ignore })
          : takeSnapshot(disk, path, options)
      const snapshot = looking(path, take, (fault): Snapshot => ({ status: 'unreadable', problem: fault.message }))
      snapshots.set(path, snapshot)
      return snapshot
    },
    known: (path, { isFolder }) => snapshotsOf(isFolder).get(path),
    find(pattern) {
      const key = `${pattern.text} ${pattern.isFolder}`
      const known = found.get(key)
      if (known !== undefined) return known
      const matches = search(pattern)
      found.set(key, matches)
      return matches
    },
    list,
    gather: glob,
    strange: () => [...strange.values()],
    unreadable: () => unreadable,
  }

  function search(pattern: Pattern): readonly Found[] {
    const look = (binding: Binding) => (pattern.gathers ? glob(pattern, binding) : walk(pattern, binding))
    const found: Found[] = []
    const match = (paths: readonly string[]) => {
      for (const path of paths) {
        const binding = matchPattern(pattern, path)
        if (binding !== undefined) found.push({ path, binding })
      }
    }
    const isScoped = scope !== undefined && pattern.wildcards.includes('batch')
    if (isScoped && isOfBatchAlone(pattern)) return [...scope].flatMap((batch) => foundAt(pattern, batch) ?? [])
    if (isScoped && bindsBatchAlone(pattern)) for (const batch of scope) match(look({ batch }))
    else match(look({}))
    return isScoped ? found.filter(({ binding }) => scope.has(binding.batch!)) : found
  }

  /** As walk finds it, at the one path that a batch has. */
  function foundAt(pattern: Pattern, batch: string): Found | undefined {
    const path = expandPattern(pattern, { batch })
    const binding = matchPattern(pattern, path)
    if (binding === undefined) return undefined
    const kind = pattern.isFolder ? 'folder' : 'file'
    const last = pattern.segments.at(-1)!
    if (last.kind !== 'literal') {
      const end = path.lastIndexOf('/')
      // Also the root of the file system.
      const folder = path.slice(0, end > 0 ? end : end + 1)
      return isMember(folder, path, kind) ? { path, binding } : undefined
    }
    const there = () => isThere(path, kind) || disk.stat(path)?.kind === kind
    return looking(path, there, () => false) ? { path, binding } : undefined
  }

  function glob(pattern: Pattern, binding: Binding): readonly string[] {
    const search = () => disk.glob(patternGlob(pattern, binding), pattern.isFolder ? 'folder' : 'file')
    return looking(pattern.text, search, () => [])
  }

  /** Paths that a pattern without `*` may match, segment by segment: a folder is read only where a wildcard stands. */
  function walk(pattern: Pattern, binding: Binding): string[] {
    let paths = [pattern.text.startsWith('/') ? '/' : '']
    pattern.segments.forEach((segment, i) => {
      const isLast = i === pattern.segments.length - 1
      const kind = isLast && !pattern.isFolder ? 'file' : 'folder'
      const join = (folder: string, name: string) =>
        folder === '' || folder === '/' ? folder + name : `${folder}/${name}`
      paths = paths.flatMap((folder) => {
        if (segment.kind === 'literal') {
          const path = join(folder, segment.name)
          const there = () => isThere(path, kind) || disk.stat(path)?.kind === kind
          return isLast && !looking(path, there, () => false) ? [] : [path]
        }
        if (segment.kind === 'anyDepth') return []
        const bound = bindSegment(segment, binding)
        if (bound !== undefined) {
          if (!segment.strict.test(bound)) return []
          const path = join(folder, bound)
          return isLast && !isMember(folder, path, kind) ? [] : [path]
        }
        const speaksOfAll = scope !== undefined && segment.parts.some((p) => 'wildcard' in p && p.wildcard === 'batch')
        return list(folder === '' ? '.' : folder).flatMap(({ name, kind: entryKind, isLink }) => {
          if (entryKind !== kind) return []
          if (segment.strict.test(name)) {
            const path = join(folder, name)
            if (kind === 'folder' && isLink === false) ownFolders.add(path)
            return [path]
          }
          if (segment.loose.test(name) && !speaksOfAll) {
            strange.set(join(folder, name), { path: join(folder, name), name })
          }
          return []
        })
      })
    })
    return paths
  }

  /** Is it known to be there? */
  function isThere(path: string, kind: 'file' | 'folder'): boolean {
    return snapshotsOf(kind === 'folder').get(path)?.status === 'there'
  }

  /** Would the list of this folder have the path? The path alone is looked at, unless that is not permitted. */
  function isMember(folder: string, path: string, kind: 'file' | 'folder'): boolean {
    if (isThere(path, kind)) return true
    try {
      const stat = disk.stat(path)
      if (stat?.kind === 'folder' && stat.link === undefined) ownFolders.add(path)
      // Looked at once: whoever asks for the file finds what was seen here.
      if (stat?.kind === 'file') fileSnapshots.set(path, fileSnapshot(path, stat))
      return stat?.kind === kind
    } catch (fault) {
      if (!(fault instanceof UserError)) throw fault
      const name = path.slice(path.lastIndexOf('/') + 1)
      return list(folder === '' ? '.' : folder).some((entry) => entry.name === name && entry.kind === kind)
    }
  }
}
