import { type IncomingMessage, request } from 'node:http'
import { UserError } from '../model/errors.ts'
import { type Difference, difference, headers, protocol, type Refusal } from './protocol.ts'
import { readSocketPlace } from './socketPlace.ts'

/** Who asks. */
export interface Asker {
  /** Of the workspace, absolute. */
  readonly root: string
  /** Of labmake. */
  readonly version: string
  /** The person's name, for the journal. */
  readonly user: string
}

export interface Question {
  readonly path: string
  /** What to POST; without it, a GET. */
  readonly body?: string
  /** ms without a sign of the engine until it is given up; 0 for never. */
  readonly patienceMs: number
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  /** Of the engine. */
  readonly version: string
  readonly difference: Difference | undefined
  readonly response: IncomingMessage
}

/**
 * Asks the engine of a workspace; undefined if none listens. What else keeps an answer from coming is a UserError, and so
 * is a signal that aborts.
 */
export async function ask(asker: Asker, question: Question): Promise<Answer | undefined> {
  let owner: string | undefined
  try {
    const place = readSocketPlace(asker.root)
    if (place === undefined) return undefined
    owner = place.user
    return answerOf(asker, await send(place.socket, asker, question))
  } catch (error) {
    // Without a listener a socket is refused, and where the path leads to none, it is not there.
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(codeOf(error))) return undefined
    throw error instanceof UserError ? error : failure(error as NodeJS.ErrnoException, owner)
  }
}

function send(socketPath: string, { version, user }: Asker, question: Question): Promise<IncomingMessage> {
  const { path, body, patienceMs, signal } = question
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      path,
      method: body === undefined ? 'GET' : 'POST',
      // A connection of its own for each: one that was kept may have been closed by the engine in this instant.
      agent: false,
      headers: {
        [headers.version]: version,
        [headers.protocol]: String(protocol),
        [headers.user]: encodeURIComponent(user),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(signal === undefined ? {} : { signal }),
    })
    asked.setTimeout(patienceMs, () => {
      const hint = 'It may be busy with a slow disk, and may still do what it was asked. See: labmake engine status'
      asked.destroy(new UserError(`the engine has not answered for ${patienceMs / 1000} s`, { hint }))
    })
    asked.on('error', reject)
    asked.on('response', resolve)
    asked.end(body)
  })
}

function answerOf(asker: Asker, response: IncomingMessage): Answer {
  const version = response.headers[headers.version]
  const itsProtocol = Number(response.headers[headers.protocol])
  if (typeof version !== 'string' || Number.isNaN(itsProtocol)) {
    response.destroy()
    const hint = `Something else listens on the engine's socket. Remove .labmake/engine.socket, and try again.`
    throw new UserError('what answers is no engine of labmake', { hint })
  }
  const found = difference({ version, protocol: itsProtocol }, { version: asker.version, protocol })
  return { status: response.statusCode ?? 0, version, difference: found, response }
}

/** Body of an answer, as JSON. Throws what the engine says where it did not do what was asked. */
export async function readAnswer<T>(answer: Answer): Promise<T> {
  const { status, response } = answer
  refuseForeign(answer)
  let text = ''
  try {
    response.setEncoding('utf8')
    for await (const chunk of response) text += chunk
  } catch (error) {
    throw error instanceof UserError ? error : failure(error as NodeJS.ErrnoException, undefined)
  }
  if (status === 200) return JSON.parse(text) as T
  const { error, hint } = JSON.parse(text) as Refusal
  if (status >= 500 && status !== 507) throw new Error(`the engine failed: ${error}`)
  throw new UserError(error, hint === undefined ? {} : { hint })
}

/** An engine of another protocol refuses; what it says is in words that this labmake may not know. Throws UserError. */
export function refuseForeign({ status, difference: found, response }: Answer): void {
  if (status === 200 || found === undefined || found.compatible) return
  response.destroy()
  throw new UserError(found.message, { hint: found.hint })
}

export const noEngine = () =>
  new UserError('the engine of this workspace has ended', { hint: 'Start one with: labmake engine start' })

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''

function failure(error: NodeJS.ErrnoException, owner: string | undefined): UserError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    if (owner === undefined)
      return new UserError('you may not look into .labmake, where the engine says how to reach it')
    const hint = `Ask ${owner}. Where a workspace is group-writable when its engine starts, its whole group may.`
    return new UserError(`only ${owner} may talk to the engine of this workspace`, { hint })
  }
  const hint = 'See whether it still runs: labmake engine status'
  return new UserError(`the engine broke off: ${error.message}`, { hint })
}
