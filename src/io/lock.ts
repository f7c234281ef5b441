import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import lockfile from 'proper-lockfile'
import type { ProcessMark } from '../model/attempt.ts'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { isRunning, markProcess } from './processes.ts'

const lockPath = '.labmake/engine.lock'
const holderPath = '.labmake/engine.json'

/** Who holds the lock of a workspace. */
export interface Holder {
  readonly process: ProcessMark
  readonly host: string
  readonly user: string
  readonly since: string
  readonly command: string
}

export type Lock =
  | { readonly status: 'held'; release(): Promise<void> }
  | { readonly status: 'busy'; readonly holder: Holder | undefined }

/** A lock that was not refreshed for this long belongs to a dead or frozen process, here or on another host. */
const staleMs = 15_000
const refreshMs = 3_000
/** A lock left by a process of this host that is dead is taken over at once, up to this many times. */
const takeovers = 3

/**
 * proper-lockfile is the lock of this project by the wish of the lab that it is made for: it stays, do not write another.
 *
 * Takes the lock of a workspace, for the one engine that decides and starts jobs. `onLost` is called if the lock is taken
 * from us, because this process stood still for too long.
 */
export async function lockWorkspace(root: string, onLost: () => void): Promise<Lock> {
  try {
    mkdirSync(`${root}/.labmake`, { recursive: true })
  } catch (error) {
    throw new DiskFault('make the folder', '.labmake', describeErrno(error))
  }
  for (let tries = 0; ; tries++) {
    const release = await tryLock(root, onLost)
    if (release !== undefined) {
      try {
        writeHolder(root)
      } catch (error) {
        await release()
        throw new DiskFault('write', holderPath, describeErrno(error))
      }
      return {
        status: 'held',
        async release() {
          rmSync(`${root}/${holderPath}`, { force: true })
          await release()
        },
      }
    }
    const holder = readHolder(root)
    const dead = holder !== undefined && holder.host === hostname() && !isRunning(holder.process)
    if (!dead || tries >= takeovers) return { status: 'busy', holder: dead ? undefined : holder }
    removeDeadLock(root, tries)
  }
}

async function tryLock(root: string, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(root, {
      lockfilePath: `${root}/${lockPath}`,
      realpath: false,
      stale: staleMs,
      update: refreshMs,
      retries: 0,
      onCompromised: onLost,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined
    throw new DiskFault('lock', lockPath, describeErrno(error))
  }
}

/** Renamed first: of two labmakes that see the same dead lock, one succeeds, and the other finds the first one's new lock. */
function removeDeadLock(root: string, tries: number): void {
  const aside = `${root}/.labmake/dead-lock-${process.pid}-${tries}`
  try {
    renameSync(`${root}/${lockPath}`, aside)
    rmSync(aside, { recursive: true })
  } catch (error) {
    // Somebody else removed it in this instant: the next try tells.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new DiskFault('remove', lockPath, describeErrno(error))
  }
}

function writeHolder(root: string): void {
  const mark = markProcess(process.pid)
  if (mark === undefined) return
  const holder: Holder = {
    process: mark,
    host: hostname(),
    user: userName(),
    since: new Date().toISOString(),
    command: ['labmake', ...process.argv.slice(2)].join(' '),
  }
  writeFileSync(`${root}/${holderPath}.new`, JSON.stringify(holder))
  renameSync(`${root}/${holderPath}.new`, `${root}/${holderPath}`)
}

/** Who wrote down to hold the lock, last. Whether it is still alive is for the caller to see. */
export function readHolder(root: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(`${root}/${holderPath}`, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** The engine that runs on this workspace now; undefined if none does. */
export function runningEngine(root: string): Holder | undefined {
  const holder = readHolder(root)
  if (holder === undefined || (holder.host === hostname() && !isRunning(holder.process))) return undefined
  return lockfile.checkSync(root, { lockfilePath: `${root}/${lockPath}`, realpath: false, stale: staleMs })
    ? holder
    : undefined
}

/** The person at the keyboard, for the journal. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'somebody'
  }
}
