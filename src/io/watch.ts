import { inboxFolder } from '../core/dropNames.ts'
import type { Watched } from '../core/watched.ts'
import type { Change } from '../model/change.ts'
import type { Fault } from '../model/errors.ts'
import { lookAtFolder } from './folderIdentity.ts'
import { watchFolders } from './folderWatch.ts'
import { gatherChanges } from './gatherChanges.ts'
import { places, watchPlaces } from './watchedPlaces.ts'
import { goneFault, inotifyLimit, limitFault, tooManyFault, unwatchedFault } from './watchFaults.ts'
import { systemSeams, type WatchSeams } from './watchSeams.ts'

/** Whatever was missed, by a system or a disk that tells of nothing, is made good this often. */
const lookMs = 600_000
/** A workspace that is gone is looked for this often. */
const returnMs = 5000

export interface WatchOptions {
  readonly root: string
  /** Polls everywhere, also where events seem to come. */
  readonly poll: boolean
  onChange(change: Change): void
  /** Before a change is told of, which may be gathered with others for a while: what was seen of these batches may stand no more. */
  onTouch(touched: ReadonlySet<string> | 'everything'): void
  /** Something stands in the way of watching; each thing is told once. */
  onTrouble(fault: Fault): void
}

/** Hears what others do to a workspace. */
export interface Watcher {
  /** Resolves once rules/, data/manifests/ and inbox/ are watched: what is read after that misses no change. */
  readonly ready: Promise<void>
  /**
   * Watches what the rules are about, and no more what others were about; resolves once it does. First this, then the plan:
   * nothing is missed.
   */
  follow(watched: Watched): Promise<void>
  /**
   * Tells of all that the system had to tell by now of files that rules read and make. Resolves with whether that is all
   * there can be: not where folders are polled, or could not be watched.
   */
  catchUp(): Promise<boolean>
  /**
   * Is every folder watched by the system, and nothing known to be missed? What is seen from now on, and is not told of as touched
   * while this holds, stands.
   */
  hearsAll(): boolean
  close(): Promise<void>
}

/**
 * The workspace and data/, where the places of people come and go, whatever the rules are; and the inbox, of which only its
 * own names matter: what is inside a drop is looked at anyhow until it has settled. chokidar would read the whole inbox anew
 * at each change of it, which made three thousand drops ten times as slow.
 */
const above = [[], ['data'], [inboxFolder]].map((names) => ({
  text: names.join('/') || '.',
  absolute: false,
  segments: names.map((name) => ({ kind: 'literal' as const, name })),
  deep: false,
}))

export function watchWorkspace(options: WatchOptions, seams: WatchSeams = systemSeams()): Watcher {
  const { root, poll } = options
  const { clock } = seams
  const closed = new AbortController()
  const told = new Set<string>()
  let followed: Watched = { folders: [], touched: () => new Set() }
  let isGone = false
  /** Until all that may have been dropped by the system is looked for. */
  let mayHaveMissed = false

  const tell = (fault: Fault) => {
    if (!told.has(fault.message)) options.onTrouble(fault)
    told.add(fault.message)
  }
  const gathering = gatherChanges(clock, (change) => {
    // All seems deleted in a workspace that is gone; that is said already, and nobody should act on it.
    if (!isGone) options.onChange(change)
  })
  const watchedPlaces = watchPlaces(
    {
      root,
      poll,
      onChange: (kind) => gathering.add({ kind }),
      onLimit: (code) => tell(limitFault(code)),
      onProblem: (path, error) => tell(unwatchedFault(path, error)),
    },
    seams,
  )
  const folders = watchFolders(
    {
      root,
      poll,
      concerns: (path) => isAtPlace(path) || isOfInbox(path) || touches(followed.touched(path)),
      onTouch(path, isWritten) {
        if (isAtPlace(path)) watchedPlaces.check()
        if (isOfInbox(path)) gathering.add({ kind: 'inbox' })
        const touched = followed.touched(path)
        if (touches(touched)) options.onTouch(touched)
        if (touched === 'everything') gathering.add({ kind: 'everything', why: `${path} has changed` })
        else if (touches(touched)) gathering.add({ kind: 'batches', names: touched }, { isAlone: isWritten })
      },
      onLimit: (count, why) => tell(why === 'too many' ? tooManyFault(count) : limitFault(why)),
      onEvent: countEvents(() => {
        mayHaveMissed = true
        options.onTouch('everything')
        // Never rejects.
        void lookAgain('more has happened at once than the system tells of').then(() => {
          mayHaveMissed = false
        })
      }),
      onGone() {
        if (isGone) return
        isGone = true
        options.onTouch('everything')
        tell(goneFault(root))
        watchedPlaces.check()
        // Ends when it is back or this is closed, and never rejects.
        void awaitReturn()
      },
    },
    seams,
  )

  /** Whatever was missed: folders that came are watched, and everything is to be looked at. */
  async function lookAgain(why: string): Promise<void> {
    if (isGone || closed.signal.aborted) return
    const { isThere, done } = folders.lookAround()
    if (!isThere) return
    await done
    options.onTouch('everything')
    watchedPlaces.check()
    for (const { kind } of places) gathering.add({ kind })
    gathering.add({ kind: 'inbox' })
    gathering.add({ kind: 'everything', why })
  }

  async function awaitReturn(): Promise<void> {
    do await clock.wait(returnMs, closed.signal)
    while (!closed.signal.aborted && lookAtFolder(root) === undefined)
    isGone = false
    told.delete(goneFault(root).message)
    await lookAgain('the folder of the workspace is back')
  }

  async function lookNowAndThen(): Promise<void> {
    while (!closed.signal.aborted) {
      await clock.wait(lookMs, closed.signal)
      await lookAgain('a look now and then')
    }
  }

  const hearsAll = () => !isGone && !mayHaveMissed && folders.hasEvents()

  // Goes on until this is closed, and never rejects.
  void lookNowAndThen()
  const isReady = Promise.all([watchedPlaces.ready, folders.follow(above)]).then(() => undefined)
  return {
    ready: isReady,
    async follow(watched) {
      const isSame = foldersText(watched) === foldersText(followed)
      followed = watched
      if (!isSame) await folders.follow([...above, ...watched.folders])
    },
    async catchUp() {
      // What the system has kept for us is read in the next turn at the latest; a turn later we have acted on it.
      await clock.turn()
      await clock.turn()
      gathering.flush()
      return hearsAll()
    },
    hearsAll,
    async close() {
      closed.abort()
      gathering.close()
      folders.close()
      await watchedPlaces.close()
    },
  }
}

const isAtPlace = (path: string) => places.some((place) => place.path === path || place.path.startsWith(`${path}/`))
const isOfInbox = (path: string) => path === inboxFolder || path.startsWith(`${inboxFolder}/`)
const touches = (touched: ReturnType<Watched['touched']>) => touched === 'everything' || touched.size > 0
const foldersText = ({ folders }: Watched) => folders.map((folder) => folder.text).join('\n')

/**
 * The system keeps so many events for us and drops the rest without a word that Node would pass on. They all come in one
 * go, so the number that came in one go tells that some may have been dropped.
 */
function countEvents(onMany: () => void): () => void {
  const many = (inotifyLimit('max_queued_events') ?? 16_384) / 2
  let count = 0
  return () => {
    if (count++ > 0) return
    setImmediate(() => {
      if (count >= many) onMany()
      count = 0
    })
  }
}
