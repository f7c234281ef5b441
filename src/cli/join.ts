import { runningEngine, userName } from '../io/lock.ts'
import { UserError } from '../model/errors.ts'
import type { EngineClient } from '../server/client.ts'
import { version } from '../version.ts'

/**
 * The engine that runs on a workspace, if one does and can be talked to. Throws UserError if it is of a labmake that does
 * not understand this one, or belongs to somebody who keeps it to themselves.
 */
export async function joinEngine(root: string): Promise<EngineClient | undefined> {
  if (runningEngine(root) === undefined) return undefined
  const client = await connect(root)
  if (client?.difference?.compatible === false) {
    const { message, hint } = client.difference
    throw new UserError(message, { hint })
  }
  return client
}

/** As joinEngine, also of a labmake that can only be told to end. */
export async function connect(root: string): Promise<EngineClient | undefined> {
  const { connectEngine } = await import('../server/client.ts')
  return connectEngine(root, { version, user: userName() })
}

/** As joinEngine, where nothing can be done without one. */
export async function needEngine(root: string): Promise<EngineClient> {
  const client = await joinEngine(root)
  if (client !== undefined) return client
  throw new UserError('no engine runs here, so there is nothing to tell it', {
    hint: 'Start one with labmake watch, or labmake engine start.',
  })
}
