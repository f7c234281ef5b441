import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { UserError } from '../model/errors.ts'
import type { EngineFacade } from '../model/facade.ts'
import { DiskFault } from '../model/ports.ts'
import { parseAction } from './actionSchema.ts'
import type { EventStreams } from './eventStream.ts'
import { inPieces } from './pieces.ts'
import { difference, headers, protocol, type Refusal } from './protocol.ts'
import { snapshots } from './snapshot.ts'

/** An action names 20,000 jobs at the most, by ids of some hundred characters. */
const maxBodyBytes = 8 << 20
/** A record can hold stamps of a thousand files, some 100 kB: more than these nobody reads on a screen. */
const maxRecords = 1_000
const defaultRecords = 200
/** Longer than names of accounts are anywhere. */
const maxUserCharacters = 64

/** What the engine answers. Every answer says which labmake it is from; one that refuses is a Refusal. */
export function engineRoutes(facade: EngineFacade, streams: EventStreams, version: string): Hono {
  const app = new Hono()
  const snapshot = snapshots(facade, streams, version)

  app.use(async (c, next) => {
    c.header(headers.version, version)
    c.header(headers.protocol, String(protocol))
    // Browsers say on whose behalf they ask. No page has any business here, whatever led it to the socket.
    if (c.req.header('origin') !== undefined) return refuse(c, 403, { error: 'web pages may not talk to the engine' })
    // What an engine does not understand it does not do; but any labmake can end it: see POST /actions.
    const foreign = c.req.method === 'GET' ? foreignClient(c, version) : undefined
    if (foreign !== undefined) return refuse(c, 426, foreign)
    return next()
  })

  app.get('/', (c) => c.json({ version, protocol, reading: facade.reading() ?? null }))

  app.get('/snapshot', async (c) => {
    await facade.whenRead()
    const bytes = await snapshot()
    c.header('content-type', 'application/json')
    c.header('content-length', String(bytes.length))
    return c.body(inPieces(bytes))
  })

  app.get('/events', (c) => {
    const after = c.req.query('after') ?? ''
    if (!/^\d{1,15}$/.test(after)) return refuse(c, 400, { error: 'after must be the number of an event' })
    c.header('content-type', 'text/event-stream')
    c.header('cache-control', 'no-cache')
    // Said here, so that the adapter writes the first bytes at once and does not look for an end of the stream first.
    c.header('transfer-encoding', 'chunked')
    return c.body(streams.open(c.req.query('life') ?? '', Number(after)))
  })

  app.post('/actions', async (c) => {
    const tooLong = refuseLong(c)
    if (tooLong !== undefined) return tooLong
    const action = parseAction(parseJson(await c.req.text()))
    const foreign = action.type === 'stop' ? undefined : foreignClient(c, version)
    return foreign === undefined ? c.json(await facade.act(action, userOf(c))) : refuse(c, 426, foreign)
  })

  // What the action build would come to. A question, though it is posted: goals may be many.
  app.post('/standing', async (c) => {
    const foreign = foreignClient(c, version)
    if (foreign !== undefined) return refuse(c, 426, foreign)
    const tooLong = refuseLong(c)
    if (tooLong !== undefined) return tooLong
    const action = parseAction(parseJson(await c.req.text()))
    if (action.type !== 'build') return refuse(c, 400, { error: `nobody can tell what ${action.type} would come to` })
    return c.json(await facade.standing(action.jobs))
  })

  app.get('/jobs/*', (c) => {
    // From the address itself, where a slash or a percent sign of the id is still told from one of the path.
    const id = decoded(new URL(c.req.url).pathname.slice('/jobs/'.length))
    const detail = id === undefined ? undefined : facade.detail(id)
    return detail === undefined ? refuse(c, 404, { error: `there is no job ${id ?? 'of that name'}` }) : c.json(detail)
  })

  app.get('/advice', (c) => c.json(facade.advice()))

  app.get('/history', (c) => {
    const limit = c.req.query('limit') ?? String(defaultRecords)
    if (!/^\d{1,9}$/.test(limit)) return refuse(c, 400, { error: 'limit must be a number of records' })
    return c.json(facade.history(Math.min(Number(limit), maxRecords)))
  })

  app.notFound((c) => refuse(c, 404, { error: `the engine knows no ${c.req.method} ${c.req.path}` }))
  app.onError((error, c) => {
    const hint = error instanceof UserError && error.hint !== undefined ? { hint: error.hint } : {}
    if (error instanceof UserError) return refuse(c, 400, { error: error.message, ...hint })
    if (error instanceof DiskFault) return refuse(c, 507, { error: error.message })
    // A defect of labmake: the client is told all there is to know, and ends with it as with one of its own.
    return refuse(c, 500, { error: error.stack ?? String(error) })
  })
  return app
}

type RefusalStatus = 400 | 403 | 404 | 411 | 413 | 426 | 500 | 507

const refuse = (c: Context, status: RefusalStatus, refusal: Refusal) => c.json(refusal, status)

/** Undefined for a body that may be read. */
function refuseLong(c: Context): Response | undefined {
  const length = Number(c.req.header('content-length') ?? Number.NaN)
  if (Number.isNaN(length)) return refuse(c, 411, { error: 'an action says how long it is' })
  if (length <= maxBodyBytes) return undefined
  const hint = 'Name fewer jobs at once, or a whole rule.'
  return refuse(c, 413, { error: `an action may be ${maxBodyBytes} bytes long, this one is ${length}`, hint })
}

/** Undefined for a client of this protocol, or one that does not say, such as curl. */
function foreignClient(c: Context, version: string): Refusal | undefined {
  const itsProtocol = Number(c.req.header(headers.protocol) ?? protocol)
  if (itsProtocol === protocol) return undefined
  const client = { version: c.req.header(headers.version) ?? 'another', protocol: itsProtocol }
  const found = difference({ version, protocol }, client)
  return found === undefined ? undefined : { error: found.message, hint: found.hint }
}

function userOf(c: Context): string {
  const name = decoded(c.req.header(headers.user) ?? '')
  if (name === undefined || name === '' || name.length > maxUserCharacters || /\p{Cc}/u.test(name)) return 'somebody'
  return name
}

/** Undefined for what no encoder makes. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError(`an action is JSON, and this is not: ${(error as Error).message}`)
  }
}
