import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProcessMark } from '../model/attempt.ts'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { readOwnFile } from './ownFiles.ts'
import { isRunning, markProcess } from './processes.ts'
import { makeStateFolder } from './stateFolder.ts'

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

/** A process of another host cannot be seen from here: its lock is dead when it was not refreshed for this long. */
const staleMs = 15_000
const refreshMs = 3_000
/**
 * proper-lockfile would remove a stale lock by itself, but of two that do so at once both may go to work. So it is told
 * that no lock ever is, and dead ones are removed here.
 */
const neverStaleMs = 1e12
/** The lock of a dead process is taken over at once, up to this many times: others may be at it too. */
const takeovers = 5
/** A lock is there an instant before it says whose it is; this often, and this long between, that is waited for. */
const holderLooks = 20
const holderLookMs = 25
/** Between looks at the lock of another host, whose refreshing a network file system tells of after seconds. */
const lockLookMs = 100

/**
 * Takes the lock of a workspace, for the one engine that decides and starts jobs. `onLost` is called if the lock is taken
 * from us, because this process stood still for too long. `watchMs`: how long the lock of another host, whose clock does not
 * agree with ours, is watched before it is taken for dead.
 */
export async function lockWorkspace(
  root: string,
  onLost: () => void,
  { watchMs }: { readonly watchMs: number } = { watchMs: staleMs },
): Promise<Lock> {
  try {
    makeStateFolder(root)
  } catch (error) {
    throw new DiskFault('make the folder', '.labmake', describeErrno(error))
  }
  // Who wants the lock says so before: one that is killed before it can say that it has it is then known to be dead.
  const claim = `${holderPath}.${hostname()}-${process.pid}`
  try {
    for (let tries = 0; ; tries++) {
      writeClaim(root, claim)
      const release = await tryLock(root, claim, onLost)
      if (release !== undefined) return await held(root, claim, release)
      const found = await awaitHolder(root, claim)
      if (found === undefined && tries < takeovers && !existsSync(`${root}/${lockPath}`)) continue
      const dead = await isSurelyDead(root, found?.holder, watchMs)
      if (!dead || tries >= takeovers) return { status: 'busy', holder: dead ? undefined : found?.holder }
      removeDeadLock(root, found)
    }
  } finally {
    rmSync(`${root}/${claim}`, { force: true })
  }
}

async function held(root: string, claim: string, release: () => Promise<void>): Promise<Lock> {
  try {
    renameSync(`${root}/${claim}`, `${root}/${holderPath}`)
  } catch (error) {
    await release()
    throw new DiskFault('write', holderPath, describeErrno(error))
  }
  removeLitter(root)
  return { status: 'held', release }
}

/** A socket is made in it and moved to its place. Only the holder of the lock makes one, so what is there is of a dead one. */
const socketFolder = 'socket'

/** What those wrote down who were killed as they took the lock, cleared a dead one away, or began to listen. */
function removeLitter(root: string): void {
  const claimed = `${holderPath.slice('.labmake/'.length)}.${hostname()}-`
  for (const name of readdirSync(`${root}/.labmake`)) {
    const begins = [claimed, 'dead-lock-'].find((start) => name.startsWith(start))
    const pid = begins === undefined ? undefined : Number.parseInt(name.slice(begins.length), 10)
    if (name !== socketFolder && (pid === undefined || markProcess(pid) !== undefined)) continue
    try {
      rmSync(`${root}/.labmake/${name}`, { recursive: true, force: true })
    } catch {
      // Somebody else's, who shares the workspace: it does no harm.
    }
  }
}

interface FoundHolder {
  readonly holder: Holder
  /** The file that says so, relative to the workspace. */
  readonly file: string
}

/** Who holds the lock, or was killed as it took it; undefined if the lock is gone, or does not say. */
async function awaitHolder(root: string, claim: string): Promise<FoundHolder | undefined> {
  for (let look = 0; look < holderLooks && existsSync(`${root}/${lockPath}`); look++) {
    const holder = readHolder(root)
    if (holder !== undefined) return { holder, file: holderPath }
    const claims = otherClaims(root, claim)
    if (claims.length > 0 && claims.every((c) => isDead(root, c.holder))) return claims[0]
    await wait(holderLookMs)
  }
  return undefined
}

function otherClaims(root: string, claim: string): FoundHolder[] {
  return readdirSync(`${root}/.labmake`).flatMap((name) => {
    const file = `.labmake/${name}`
    const holder = file.startsWith(`${holderPath}.`) && file !== claim ? readHolderFile(`${root}/${file}`) : undefined
    return holder === undefined ? [] : [{ holder, file }]
  })
}

/** A process of this host is seen to live or not; for others, how long ago the lock was refreshed has to do. */
function isDead(root: string, holder: Holder | undefined): boolean {
  if (holder?.host === hostname()) return !isRunning(holder.process)
  const lock = statSync(`${root}/${lockPath}`, { throwIfNoEntry: false })
  return lock === undefined || lock.mtimeMs < Date.now() - staleMs
}

/** As isDead, but no clock is believed: what is not refreshed while it is watched has nobody any more. */
async function isSurelyDead(root: string, holder: Holder | undefined, watchMs: number): Promise<boolean> {
  if (holder === undefined || holder.host === hostname()) return isDead(root, holder)
  const refreshedMs = () => statSync(`${root}/${lockPath}`, { throwIfNoEntry: false })?.mtimeMs
  const before = refreshedMs()
  if (before === undefined) return true
  if (Math.abs(Date.now() - before) < staleMs) return false
  for (const untilMs = performance.now() + watchMs; performance.now() < untilMs; await wait(lockLookMs)) {
    if (refreshedMs() !== before) return refreshedMs() === undefined
  }
  return true
}

async function tryLock(root: string, claim: string, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
  let lost = false
  const onCompromised = () => {
    lost = true
    onLost()
  }
  const options = { lockfilePath: `${root}/${lockPath}`, realpath: false, stale: neverStaleMs, update: refreshMs }
  try {
    // Loaded when there is something to run: a run with nothing to do takes no lock.
    const { default: lockfile } = await import('proper-lockfile')
    const release = await lockfile.lock(root, { ...options, retries: 0, onCompromised })
    return async () => {
      // A lock that was lost is somebody else's by now, and so is what is written beside it.
      if (lost) return
      // As when it was taken: who is killed in between is known to be dead. The file is gone where all of .labmake is.
      if (existsSync(`${root}/${holderPath}`)) renameSync(`${root}/${holderPath}`, `${root}/${claim}`)
      await release()
      rmSync(`${root}/${claim}`, { force: true })
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined
    throw new DiskFault('lock', lockPath, describeErrno(error))
  }
}

/**
 * Of several labmakes that see the same dead lock, the one that can rename what it says of its holder removes it. What
 * was renamed is looked at again, for it may be the word of one that was quicker and is at work by now.
 */
function removeDeadLock(root: string, dead: FoundHolder | undefined): void {
  const aside = `${root}/.labmake/dead-lock-${process.pid}`
  try {
    if (dead !== undefined) {
      renameSync(`${root}/${dead.file}`, `${aside}.json`)
      const renamed = readHolderFile(`${aside}.json`)
      if (renamed?.since !== dead.holder.since || renamed.process.pid !== dead.holder.process.pid) {
        renameSync(`${aside}.json`, `${root}/${dead.file}`)
        return
      }
      rmSync(`${aside}.json`)
    }
    renameSync(`${root}/${lockPath}`, aside)
    rmSync(aside, { recursive: true })
  } catch (error) {
    // Somebody else removed it in this instant: the next try tells.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new DiskFault('remove', lockPath, describeErrno(error))
  }
}

function writeClaim(root: string, claim: string): void {
  const mark = markProcess(process.pid)
  if (mark === undefined) throw new DiskFault('lock', lockPath, 'the system does not tell of processes')
  const holder: Holder = {
    process: mark,
    host: hostname(),
    user: userName(),
    since: new Date().toISOString(),
    command: ['labmake', ...process.argv.slice(2)].join(' '),
  }
  try {
    writeFileSync(`${root}/${claim}`, JSON.stringify(holder))
  } catch (error) {
    throw new DiskFault('write', claim, describeErrno(error))
  }
}

/** Who wrote down to hold the lock, last. Whether it is still alive is for the caller to see. */
export function readHolder(root: string): Holder | undefined {
  return readHolderFile(`${root}/${holderPath}`)
}

function readHolderFile(path: string): Holder | undefined {
  return readOwnFile<Holder>(path, ['process', 'host', 'user', 'since', 'command'])
}

/** The engine that runs on this workspace now; undefined if none does. */
export function runningEngine(root: string): Holder | undefined {
  const holder = readHolder(root)
  return holder === undefined || !existsSync(`${root}/${lockPath}`) || isDead(root, holder) ? undefined : holder
}

/** The person at the keyboard, for the journal. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'somebody'
  }
}
