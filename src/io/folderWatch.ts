import { type FSWatcher, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { neverCounts } from '../core/names.ts'
import type { WatchedFolder } from '../core/watched.ts'
import { inside, nextNames, type Step, stepsInto } from '../core/watchSteps.ts'
import { type FoundFolder, lookAtFolder } from './folderIdentity.ts'
import { type FolderPoll, type PolledFolder, pollFolders } from './folderPoll.ts'
import type { WatchSeams } from './watchSeams.ts'

// One plain watch of the system for each folder that matters: chokidar, which keeps a state for every file, took seconds
// and hundreds of megabytes for ten thousand recordings. Where no events come, or the system allows no more watches, a
// folder is polled instead. Folders that come and go are noticed by the watch of the folder above, up to the workspace.

/** A system that has room for this many watches is rare. What lies beyond is seen by the look now and then. */
const maxFolders = 100_000

/** Looking for folders leaves the turn to others after so long. */
const turnMs = 8

/** What the system says when it allows no more watches. */
export type LimitCode = 'ENOSPC' | 'EMFILE' | 'ENFILE' | 'ENOMEM'
const limitCodes: readonly string[] = ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM'] satisfies LimitCode[]

export function limitCode(error: unknown): LimitCode | undefined {
  const { code = '' } = error as NodeJS.ErrnoException
  return limitCodes.includes(code) ? (code as LimitCode) : undefined
}

interface Folder {
  /** As rules write it: relative to the workspace, which is '', or absolute. */
  readonly path: string
  /** Base name; of the workspace its own. */
  readonly name: string
  readonly above: Folder | undefined
  /** Undefined where no folder in it was ever watched, as in most. */
  inside: Map<string, Folder> | undefined
  /** Tells this folder from another one that took its place. */
  readonly identity: string
  steps: readonly Step[]
  watch: Watch
  /** It is not watched any more. */
  isDropped: boolean
}

type Watch =
  | { readonly kind: 'events'; readonly watcher: FSWatcher }
  /** `limited`: only for want of watches. */
  | { readonly kind: 'polled'; readonly polled: PolledFolder; readonly limited: boolean }
  /** Not permitted: the plan says so of whatever lies there. */
  | { readonly kind: 'none' }

export interface FolderWatchOptions {
  readonly root: string
  /** Polls everywhere. */
  readonly poll: boolean
  /** Something came, went or changed at this path; `isWritten`: a file that was there before. */
  onTouch(path: string, isWritten: boolean): void
  /** Is what happens at this path of any concern? Nothing else is looked at where folders are polled. */
  concerns(path: string): boolean
  /** The system allows no more watches, or there are more folders than is sensible: how many there are by now, and why. */
  onLimit(watched: number, why: LimitCode | 'too many'): void
  /** An event of the system, whether it is of concern or not. */
  onEvent(): void
  /** The workspace itself is gone. */
  onGone(): void
}

export interface FolderWatch {
  /** Watches these folders as far as they are there, and those that come; no others any more. Resolves once it does. */
  follow(folders: readonly WatchedFolder[]): Promise<void>
  /** Compares what is watched with what is there. `done` resolves then. */
  lookAround(): { readonly isThere: boolean; readonly done: Promise<void> }
  /** Does the system tell of all that happens in all of them? */
  hasEvents(): boolean
  close(): void
}

export function watchFolders(options: FolderWatchOptions, seams: WatchSeams): FolderWatch {
  const { root, onTouch } = options
  const poll: FolderPoll = pollFolders(seams.clock)
  /** The workspace, and the root of the file system where a rule reads from there. */
  let tops: { readonly path: string; readonly steps: readonly Step[] }[] = []
  const watched = new Map<string, Folder>()
  let count = 0
  /** Of these, so many have events. */
  let withEvents = 0
  /** Set until the next look around: trying again for each folder would be in vain. */
  let isFull = false
  /** What is to be visited in the next turns, for there may be ten thousand folders: of each folder those in it. */
  let toVisit: Iterator<Inner>[] = []
  let visiting = Promise.resolve()
  let isVisiting = false
  let isClosed = false

  const at = (path: string) => (path.startsWith('/') ? path : path === '' ? root : `${root}/${path}`)
  const join = (folder: string, name: string) => (folder === '' || folder === '/' ? folder + name : `${folder}/${name}`)

  function visitTops(later?: Iterator<Inner>[]): boolean {
    for (const { path, steps } of tops) {
      const top = visit({ path, steps, above: undefined, known: watched.get(path) }, later)
      if (top === undefined) watched.delete(path)
      else watched.set(path, top)
    }
    const isWatched = watched.has('')
    if (!isWatched) options.onGone()
    return isWatched
  }

  /** As visitTops, in turns. */
  function visitAll(): { readonly isThere: boolean; readonly done: Promise<void> } {
    toVisit = []
    const startMs = seams.clock.steadyMs()
    const isThere = visitTops(toVisit)
    if (!isVisiting) visiting = visitOn(startMs)
    return { isThere, done: visiting }
  }

  async function visitOn(turnStartMs: number): Promise<void> {
    isVisiting = true
    for (let startMs = turnStartMs; toVisit.length > 0 && !isClosed; ) {
      const { value, done } = toVisit.at(-1)!.next()
      if (done === true) toVisit.pop()
      else if (value.folder.isDropped) toVisit.pop()
      else visitIn(value.folder, value.name, value.steps, toVisit)
      if (seams.clock.steadyMs() - startMs < turnMs) continue
      await seams.clock.turn()
      startMs = seams.clock.steadyMs()
    }
    isVisiting = false
  }

  interface Inner {
    readonly folder: Folder
    readonly name: string
    readonly steps: readonly Step[]
  }

  interface Visit {
    readonly path: string
    readonly steps: readonly Step[]
    readonly above: Folder | undefined
    readonly known: Folder | undefined
  }

  /**
   * Watches what is at a path now, and all that is to be watched in it, or else adds that to what is visited `later`.
   * Undefined if no folder is there.
   */
  function visit({ path, steps, above, known }: Visit, later?: Iterator<Inner>[]): Folder | undefined {
    const found = lookAtFolder(at(path))
    if (known !== undefined && found?.identity !== known.identity) drop(known)
    if (found === undefined) return undefined
    const folder = known?.identity === found.identity ? known : open(path, found, above)
    if (folder === undefined) return undefined
    folder.steps = steps
    if (folder.watch.kind === 'none' || (folder.watch.kind === 'polled' && folder.watch.limited)) watch(folder, found)
    const names = namesIn(folder)
    if (names.length === 0 && folder.inside === undefined) return folder
    const inner = innerOf(folder, names)
    if (later !== undefined) later.push(inner)
    else for (const { name, steps } of inner) visitIn(folder, name, steps)
    return folder
  }

  /** `steps`: none for what is not to be watched any more. */
  function visitIn(folder: Folder, name: string, steps: readonly Step[], later?: Iterator<Inner>[]): void {
    const known = folder.inside?.get(name)
    if (steps.length === 0) {
      if (known !== undefined) drop(known)
      folder.inside?.delete(name)
      return
    }
    const child = visit({ path: join(folder.path, name), steps, above: folder, known }, later)
    if (child === undefined) folder.inside?.delete(name)
    else {
      folder.inside ??= new Map()
      folder.inside.set(name, child)
    }
  }

  function open(path: string, found: FoundFolder, above: Folder | undefined): Folder | undefined {
    if (count >= maxFolders) {
      options.onLimit(count, 'too many')
      return undefined
    }
    count++
    const { identity } = found
    const name = basename(at(path))
    return { path, name, above, inside: undefined, identity, steps: [], watch: { kind: 'none' }, isDropped: false }
  }

  function watch(folder: Folder, found: FoundFolder): void {
    const isPolled = options.poll || seams.isNetworkDisk(found.device)
    if (!isPolled && !isFull) {
      try {
        const watcher = seams.watch(at(folder.path), (event, name) => {
          options.onEvent()
          heard(folder, name, { isWritten: event === 'change' })
        })
        watcher.on('error', () => {
          // The watch is dead, whatever it died of: another one is tried.
          unwatch(folder)
          folder.watch = { kind: 'none' }
          heard(folder, null)
        })
        unwatch(folder)
        folder.watch = { kind: 'events', watcher }
        withEvents++
        return
      } catch (error) {
        const code = limitCode(error)
        if (code === undefined) return
        isFull = true
        options.onLimit(count, code)
      }
    }
    if (folder.watch.kind === 'polled') return
    const polled: PolledFolder = {
      path: at(folder.path),
      get names() {
        return nextNames(folder.steps)
      },
      counts: (name) => options.concerns(join(folder.path, name)),
      onChange: (name) => heard(folder, name ?? null),
    }
    folder.watch = { kind: 'polled', polled, limited: !isPolled }
    poll.add(polled)
  }

  function unwatch({ watch }: Folder): void {
    if (watch.kind === 'events') {
      watch.watcher.close()
      withEvents--
    } else if (watch.kind === 'polled') poll.remove(watch.polled)
  }

  function dropTop(path: string): void {
    const top = watched.get(path)
    if (top !== undefined) drop(top)
    watched.delete(path)
  }

  function drop(folder: Folder): void {
    unwatch(folder)
    folder.isDropped = true
    count--
    for (const child of folder.inside?.values() ?? []) drop(child)
    folder.inside = undefined
  }

  /** `name` as the system says it: a member, or the folder itself where it was moved, removed or given other rights. */
  function heard(folder: Folder, name: string | null, { isWritten } = { isWritten: false }): void {
    if (name === null || (name === folder.name && lookAtFolder(at(folder.path))?.identity !== folder.identity)) {
      if (folder.above === undefined) visitTops()
      else visitIn(folder.above, folder.name, folder.steps)
      onTouch(folder.path, false)
      return
    }
    if (neverCounts(name)) return
    const steps = stepsInto(folder.steps, name)
    if (steps.length > 0) visitIn(folder, name, steps)
    onTouch(join(folder.path, name), isWritten)
  }

  return {
    follow(folders) {
      const steps = (absolute: boolean): Step[] =>
        folders.filter((folder) => folder.absolute === absolute).map((of) => ({ of, depth: 0 }))
      tops = [{ path: '', steps: steps(false) }]
      if (folders.some((folder) => folder.absolute)) tops.push({ path: '/', steps: steps(true) })
      else dropTop('/')
      return visitAll().done
    },
    lookAround() {
      isFull = false
      return visitAll()
    },
    hasEvents: () => withEvents === count && count < maxFolders && toVisit.length === 0,
    close() {
      isClosed = true
      for (const path of watched.keys()) dropTop(path)
      poll.close()
    },
  }

  /** Names of folders in a folder that may have to be watched. */
  function namesIn({ path, steps }: Folder): readonly string[] {
    const what = inside(steps)
    if (what === 'nothing') return []
    // A folder has a link from each folder in it, on most disks; where it has none, reading it can be saved. Asked for
    // only now, with the folder watched, so that a folder that has just come is either seen here or told of.
    if (what === 'all' && lookAtFolder(at(path))?.links === 2) return []
    return nextNames(steps) ?? foldersIn(at(path))
  }

  /**
   * Those to be watched, with the steps that lead to them; and at last those that were watched and are not among them: one that came
   * back in the meantime is visited again.
   */
  function* innerOf(folder: Folder, names: readonly string[]): Generator<Inner, undefined> {
    const others = new Set(folder.inside?.keys())
    let last: readonly Step[] = []
    for (const name of names) {
      const steps = stepsInto(folder.steps, name)
      if (steps.length === 0) continue
      // Ten thousand recordings are at the same steps, and keep them.
      if (!isSameSteps(steps, last)) last = steps
      others.delete(name)
      yield { folder, name, steps: last }
    }
    for (const name of others) yield { folder, name, steps: stepsInto(folder.steps, name) }
    return undefined
  }
}

function isSameSteps(some: readonly Step[], others: readonly Step[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ of, depth }, i) => of === others[i]!.of && depth === others[i]!.depth)
  )
}

function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name)
  } catch {
    // Gone by now, or not permitted: a plan says the latter.
    return []
  }
}
