import { readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/**
 * Where an engine can be talked to. It writes that into `.labmake/engine.socket`, because the socket is not always in the
 * workspace: a socket's path may be 107 bytes long on Linux and 103 on macOS, and some file systems hold no sockets.
 */
export interface SocketPlace {
  /** Absolute. */
  readonly socket: string
  /** Whose engine it is. */
  readonly user: string
}

export const placeFile = '.labmake/engine.socket'
export const usualSocket = '.labmake/engine.sock'

/** What `.labmake/engine.socket` holds. A path within the workspace is relative to it, so that the workspace may be moved. */
export interface PlaceJson {
  readonly path: string
  readonly user: string
}

/** Undefined where no engine wrote down that it listens. It may be dead for all that. Throws what the disk says else. */
export function readSocketPlace(root: string): SocketPlace | undefined {
  let text: string
  try {
    text = readFileSync(join(root, placeFile), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
  const place = parsePlace(text)
  if (place === undefined) return undefined
  const { path, user } = place
  if (isAbsolute(path)) return { socket: path, user }
  // The engine had room for it; a link by which a person came here may have a longer name.
  const socket = join(root, path)
  return { socket: isTooLong(socket) ? join(realpathSync(root), path) : socket, user }
}

/** In bytes. */
const maxSocketPath = process.platform === 'linux' ? 107 : 103

/** A longer path would be cut, and lead somewhere else. */
export const isTooLong = (socket: string): boolean => Buffer.byteLength(socket) > maxSocketPath

/** Undefined for a file that a full disk, or a person, left as no engine writes it. */
function parsePlace(text: string): PlaceJson | undefined {
  try {
    const { path, user } = JSON.parse(text) as Partial<PlaceJson>
    return typeof path === 'string' && typeof user === 'string' ? { path, user } : undefined
  } catch {
    return undefined
  }
}
