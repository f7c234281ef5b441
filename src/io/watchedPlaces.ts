import { watch as chokidar, type FSWatcher } from 'chokidar'
import { manifestFolder } from '../core/dropManifest.ts'
import { neverCounts } from '../core/names.ts'
import { lookAtFolder } from './folderIdentity.ts'
import { type LimitCode, limitCode } from './folderWatch.ts'
import type { WatchSeams } from './watchSeams.ts'

/** The folders where people leave things for labmake to read, and how deep it matters what happens there. */
export const places = [
  // Rules in JavaScript may lie in parts, in folders of their own.
  { kind: 'rules', path: 'rules', depth: 2 },
  { kind: 'manifests', path: manifestFolder, depth: 0 },
] as const

type Place = (typeof places)[number]

/** chokidar's own default, ten looks a second, is more than a person notices and a file server likes. */
const pollMs = 1000

export interface WatchedPlacesOptions {
  readonly root: string
  readonly poll: boolean
  onChange(kind: Place['kind']): void
  onLimit(code: LimitCode): void
  onProblem(path: string, error: unknown): void
}

export interface WatchedPlaces {
  /** Resolves once what is there now is watched: what is read after that misses nothing. */
  readonly ready: Promise<void>
  /** Watches what has come, or come back, since. */
  check(): void
  close(): Promise<void>
}

interface Watching {
  readonly identity: string
  readonly watcher: FSWatcher
  readonly ready: Promise<void>
}

export function watchPlaces(options: WatchedPlacesOptions, { isNetworkDisk }: WatchSeams): WatchedPlaces {
  const watching = new Map<Place, Watching>()

  function open(place: Place, identity: string, usePolling: boolean): Watching {
    const watcher = chokidar(`${options.root}/${place.path}`, {
      ignoreInitial: true,
      depth: place.depth,
      ignored: (path) => path.startsWith(`${options.root}/${place.path}/`) && isIgnored(path),
      ignorePermissionErrors: true,
      // Replaced files need not be told from changed ones: both are read anew.
      atomic: false,
      usePolling,
      interval: pollMs,
      binaryInterval: pollMs,
    })
    watcher.on('all', () => options.onChange(place.kind))
    watcher.on('error', (error) => {
      const code = limitCode(error)
      if (code === undefined || usePolling) {
        options.onProblem(place.path, error)
        return
      }
      options.onLimit(code)
      if (watching.get(place)?.watcher === watcher) reopen(place, identity, true)
    })
    const ready = new Promise<void>((resolve) => {
      watcher.once('ready', () => resolve()).once('error', () => resolve())
    })
    return { identity, watcher, ready }
  }

  function reopen(place: Place, identity: string, usePolling: boolean): void {
    stop(watching.get(place))
    const opened = open(place, identity, usePolling)
    watching.set(place, opened)
    // What came between is in no event.
    void opened.ready.then(() => options.onChange(place.kind))
  }

  function stop(known: Watching | undefined): void {
    // Its end need not be waited for: it says nothing more from here on. What it stumbles over then is of no matter, but
    // an error that nobody hears would end the process.
    void known?.watcher.close()
    known?.watcher.on('error', () => {})
  }

  function check(): void {
    for (const place of places) {
      const found = lookAtFolder(`${options.root}/${place.path}`)
      const known = watching.get(place)
      if (found?.identity === known?.identity) continue
      options.onChange(place.kind)
      if (found !== undefined) reopen(place, found.identity, options.poll || isNetworkDisk(found.device))
      else {
        stop(known)
        watching.delete(place)
      }
    }
  }

  for (const place of places) {
    const found = lookAtFolder(`${options.root}/${place.path}`)
    if (found !== undefined)
      watching.set(place, open(place, found.identity, options.poll || isNetworkDisk(found.device)))
  }
  return {
    ready: Promise.all([...watching.values()].map(({ ready }) => ready)).then(() => undefined),
    check,
    async close() {
      const ended = [...watching.values()].map(({ watcher }) => watcher.close())
      for (const known of watching.values()) stop(known)
      await Promise.all(ended)
      watching.clear()
    },
  }
}

/** Names that no manifest or rule file has; and what npm brings for rules in JavaScript. */
function isIgnored(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.startsWith('.') || name === 'node_modules' || neverCounts(name)
}
