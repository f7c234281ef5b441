import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isTooLong, type PlaceJson, placeFile, readSocketPlace, usualSocket } from './socketPlace.ts'

/** What a file system that holds no sockets says: CIFS, exFAT, FUSE in their ways. */
const noSocketsHere = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EINVAL']
/** Closed to all others: a socket is made in it, and gets its mode before anybody can reach it. */
const closedFolder = '.labmake/socket'
const tmpPrefix = 'labmake-'

export interface OpenSocket {
  /** Absolute. */
  readonly path: string
  /** Nobody finds it any more. Connections that are open stay so. */
  remove(): void
}

/**
 * Makes the server listen on a socket of the workspace that its owner alone can open, or its group where the workspace is
 * group-writable. The caller holds the lock of the workspace, so a socket that is there is a dead engine's and goes.
 * Rejects with what the system says.
 */
export async function listenOnSocket(server: Server, root: string, user: string): Promise<OpenSocket> {
  removeLeftovers(root)
  mkdirSync(join(root, '.labmake'), { recursive: true })
  const path = (await listenInWorkspace(server, root)) ?? (await listenOutside(server, root))
  const inWorkspace = path === join(root, usualSocket)
  const place: PlaceJson = { path: inWorkspace ? usualSocket : path, user }
  // In one step, so that no client reads half of it.
  const written = join(root, `${placeFile}.new`)
  writeFileSync(written, JSON.stringify(place))
  // Whatever the umask: where an engine listens is no secret, and who may not talk to it is told whose it is.
  chmodSync(written, 0o644)
  renameSync(written, join(root, placeFile))
  const made = inodeOf(path)
  return {
    path,
    remove() {
      // If the lock was taken from us meanwhile, what is there by now is another engine's.
      if (inodeOf(path) === made) removeLeftovers(root)
    },
  }
}

const inodeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.ino

/** Undefined where the path is too long, or the file system holds no sockets. */
async function listenInWorkspace(server: Server, root: string): Promise<string | undefined> {
  const path = join(root, usualSocket)
  const folder = join(root, closedFolder)
  const first = join(folder, 's')
  if (isTooLong(path) || isTooLong(first)) return undefined
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  try {
    if (!(await listenWherePossible(server, first))) return undefined
    openToGroup(first, groupOf(root), { alone: 0o600, group: 0o660 })
    // A bound socket can be renamed: it is there from one instant to the next, with its mode.
    renameSync(first, path)
    return path
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** False on a file system that holds no sockets. */
async function listenWherePossible(server: Server, path: string): Promise<boolean> {
  try {
    await listen(server, path)
    return true
  } catch (error) {
    if (noSocketsHere.includes(codeOf(error))) return false
    throw error
  }
}

/**
 * In a new folder of the system's temporary one, which nobody could have made before us. Not in XDG_RUNTIME_DIR: that goes
 * when its owner logs out, and engines stay.
 */
async function listenOutside(server: Server, root: string): Promise<string> {
  const parent = isTooLong(join(tmpdir(), `${tmpPrefix}XXXXXX`, 's')) ? '/tmp' : tmpdir()
  const folder = mkdtempSync(join(parent, tmpPrefix))
  const path = join(folder, 's')
  await listen(server, path)
  const group = groupOf(root)
  openToGroup(path, group, { alone: 0o600, group: 0o660 })
  openToGroup(folder, group, { alone: 0o700, group: 0o710 })
  return path
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** The group that may write in the workspace; undefined if its owner alone may. */
function groupOf(root: string): number | undefined {
  const { mode, gid } = statSync(root)
  return (mode & 0o020) === 0 ? undefined : gid
}

function openToGroup(path: string, group: number | undefined, modes: { alone: number; group: number }): void {
  chmodSync(path, modes.alone)
  if (group === undefined) return
  try {
    if (statSync(path).gid !== group) chownSync(path, -1, group)
  } catch (error) {
    // Who is not of the group cannot give anything to it: then the engine is for its owner alone.
    if (codeOf(error) === 'EPERM') return
    throw error
  }
  chmodSync(path, modes.group)
}

function removeLeftovers(root: string): void {
  const socket = readSocketPlace(root)?.socket
  const folder = socket === undefined ? undefined : dirname(socket)
  rmSync(join(root, placeFile), { force: true })
  rmSync(join(root, usualSocket), { force: true })
  // One that was made outside, as listenOutside makes them and in no other way: the file that names it is anybody's.
  if (socket === undefined || folder === undefined || socket === join(root, usualSocket)) return
  if (basename(socket) !== 's' || !basename(folder).startsWith(tmpPrefix)) return
  try {
    rmSync(socket, { force: true })
    rmdirSync(folder)
  } catch (error) {
    // Swept away already; or of another person of the group, and then it lies empty of use in the temporary folder.
    if (!['ENOENT', 'EPERM', 'EACCES', 'ENOTEMPTY'].includes(codeOf(error))) throw error
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''
