import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { EngineFacade } from '../model/facade.ts'
import { DiskFault } from '../model/ports.ts'
import { eventStreams } from './eventStream.ts'
import { listenOnSocket, type OpenSocket } from './listen.ts'
import { engineRoutes } from './routes.ts'
import { usualSocket } from './socketPlace.ts'

/** Each who watches has one connection, and one more for an instant when they act: enough for any lab. */
const maxConnections = 256
/**
 * A client that takes nothing of what it is sent for so long is cut off. A terminal that was suspended for longer connects
 * anew when it goes on.
 */
const stuckMs = 60_000
/** How long, when the engine ends, its last events and answers may take on their way. */
const farewellMs = 2_000

export interface ServedEngine {
  /** Absolute path of the socket. */
  readonly socket: string
  /**
   * Nobody can connect from now on; who is connected is sent what there was until now, and then the end. Rejects with what
   * the disk says if the socket cannot be removed.
   */
  close(): Promise<void>
}

export interface ServeOptions {
  /** Of the workspace, absolute; its lock is held. */
  readonly root: string
  readonly version: string
}

/**
 * Lets other processes of this person, or of their group, look at an engine and ask things of it. Rejects with DiskFault
 * if no socket can be made.
 */
export async function serveEngine(facade: EngineFacade, { root, version }: ServeOptions): Promise<ServedEngine> {
  const streams = eventStreams()
  const { fetch } = engineRoutes(facade, streams, version)
  // The globals Request and Response stay Node's own: the engine also speaks to webhooks.
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server
  server.maxConnections = maxConnections
  server.setTimeout(stuckMs, (connection: Socket) => {
    // One that waits is well: an action may take long. One that has been sent something takes nothing any more.
    if (connection.writableLength > 0) connection.destroy()
  })
  const socket = await open(server, root, facade.board().engine.user).catch((error) => {
    streams.close()
    server.close()
    throw error
  })
  // A connection that the system could not give us (no more files may be open): the one who tried is told so by it.
  server.on('error', () => undefined)
  const unsubscribe = facade.subscribe((event) => streams.publish(event))
  return {
    socket: socket.path,
    async close() {
      unsubscribe()
      try {
        socket.remove()
      } finally {
        streams.close()
        await closeServer(server)
      }
    },
  }
}

async function open(server: Server, root: string, user: string): Promise<OpenSocket> {
  try {
    return await listenOnSocket(server, root, user)
  } catch (error) {
    throw new DiskFault('listen on', usualSocket, (error as Error).message)
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), farewellMs)
    server.close(() => {
      clearTimeout(cutOff)
      resolve()
    })
  })
}
