import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { leftAttempts, runningFolder } from './attempts.ts'
import { claimsFolder } from './claims.ts'
import { type Holder, readHolder, runningEngine } from './lock.ts'
import { isRunning } from './processes.ts'

/** What labmakes that ended, or were killed, left in a workspace. Looking changes nothing. */
export interface Leftovers {
  /** Who holds the lock, or held it last; `lock` is there. */
  readonly lock: { readonly holder: Holder | undefined; readonly isDead: boolean } | undefined
  /** Where an engine could be talked to, though none runs. */
  readonly deadSocket: boolean
  readonly attempts: readonly LeftAttempt[]
  /** Folders of attempts that were never finished writing down. */
  readonly unfinished: number
  /** Drops on their way. */
  readonly claims: readonly string[]
}

export interface LeftAttempt {
  readonly job: string
  /** Its recipe runs still. */
  readonly runs: boolean
  readonly startedMs: number
  /** Its staging folders. */
  readonly folders: readonly string[]
}

export function findLeftovers(root: string): Leftovers {
  const runs = runningEngine(root) !== undefined
  const hasLock = existsSync(`${root}/.labmake/engine.lock`)
  const attempts = leftAttempts(root).map(
    ({ job, process, startedMs, targets }): LeftAttempt => ({
      job,
      runs: process !== undefined && isRunning(process),
      startedMs,
      folders: targets.map(({ folder }) => folder),
    }),
  )
  return {
    lock: hasLock ? { holder: readHolder(root), isDead: !runs } : undefined,
    deadSocket: !runs && ['engine.sock', 'engine.socket'].some((name) => existsSync(`${root}/.labmake/${name}`)),
    attempts,
    unfinished: namesIn(`${root}/${runningFolder}`).length - attempts.length,
    claims: namesIn(`${root}/${claimsFolder}`).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : [])),
  }
}

/** What a folder holds. `more`: there is more than was looked at. */
export interface Holding {
  readonly files: number
  readonly bytes: number
  readonly more: boolean
  /** Change of the entry of the folder itself that has lain there longest, ms. */
  readonly sinceMs: number
}

/** So many looks take a second: it is enough to know that there is much. */
const mostLooks = 100_000

/** Undefined if nothing is in it. */
export function holdingOf(folder: string): Holding | undefined {
  let files = 0
  let bytes = 0
  let looks = 0
  let sinceMs = Number.POSITIVE_INFINITY
  const own = namesIn(folder).map((name) => `${folder}/${name}`)
  const open = [...own]
  for (let path = open.pop(); path !== undefined && looks < mostLooks; path = open.pop()) {
    looks++
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isDirectory()) for (const name of namesIn(path)) open.push(`${path}/${name}`)
    else {
      files++
      bytes += stat.size
    }
    if (own.length > 0 && path.lastIndexOf('/') === folder.length) sinceMs = Math.min(sinceMs, stat.ctimeMs)
  }
  return own.length === 0 ? undefined : { files, bytes, more: looks >= mostLooks, sinceMs }
}

/** None of a folder that is not there, or may not be looked at. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
