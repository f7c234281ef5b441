import type { IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import { boardFromJson } from '../core/board.ts'
import type { Board } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Reading } from '../model/facade.ts'
import { type Answer, type Asker, ask, noEngine, readAnswer } from './ask.ts'
import { gapEvent, keepAliveMs, type Snapshot } from './protocol.ts'

export interface FollowHandlers {
  /** The engine has begun, and has no board yet: how far it has come. */
  onReading?(reading: Reading): void
  /** First of all, and whenever the events since the last one are not to be had. */
  onSnapshot(board: Board): void
  /** In order, each once, beginning after the last snapshot; as many as came at once. */
  onEvents(events: readonly EngineEvent[]): void
  /** Nothing comes any more. `why` is a sentence for the person. */
  onGone(why: string): void
}

/** ms that an engine may take to answer; it stands still for seconds where a disk is slow. */
export const patienceMs = 30_000
/** So many times in a row nothing came where an engine that lives says that it does. */
const silencesUntilGone = 4
/** Often enough that a number is seen to rise, and that an engine in its first second is not kept from it. */
const readingEveryMs = 200
/** A snapshot of 20,000 jobs costs the engine 60 ms: a client that cannot keep up costs it a tenth of a core at the most. */
const snapshotPauseMs = 600

type End = 'gap' | 'ended' | 'silent'

/** Keeps the handlers told of an engine until it is gone or `signal` aborts; after that, none is called. */
export async function followEngine(asker: Asker, handlers: FollowHandlers, signal: AbortSignal): Promise<void> {
  for (;;) {
    const start = await orGone(firstSnapshot(asker, handlers, signal))
    if (signal.aborted) return
    if ('gone' in start) return handlers.onGone(start.gone)
    handlers.onSnapshot(boardFromJson(start.got.board))

    const answer = await orGone(askForEvents(asker, start.got, signal))
    if (signal.aborted) return
    if ('gone' in answer) return handlers.onGone(answer.gone)
    const end = await listen(answer.got, start.got.seq, handlers)
    if (signal.aborted) return
    if (end === 'silent')
      return handlers.onGone(`the engine has said nothing for ${(silencesUntilGone * keepAliveMs) / 1000} s`)
    // Ended by an engine that ends, and then it has no snapshot; or because this client was stopped for minutes.
    if (end === 'gap') await pause(snapshotPauseMs, signal)
    if (signal.aborted) return
  }
}

/** A snapshot once there is one, however many batches the engine has to look at before; who waits is told how far it has come. */
async function firstSnapshot(asker: Asker, handlers: FollowHandlers, signal: AbortSignal): Promise<Snapshot> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  try {
    return await Promise.race([fetchSnapshot(asker, either, 0), tellReading(asker, handlers, either)])
  } finally {
    over.abort()
  }
}

/** Until `signal` aborts. Rejects where the engine does not answer. */
async function tellReading(asker: Asker, handlers: FollowHandlers, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(readingEveryMs, signal)
    const reading = signal.aborted ? undefined : await askReading(asker, signal)
    if (signal.aborted) return new Promise(() => {})
    if (reading !== undefined) handlers.onReading?.(reading)
  }
}

export async function fetchSnapshot(asker: Asker, signal?: AbortSignal, forMs = patienceMs): Promise<Snapshot> {
  return readAnswer(await askFor('/snapshot', asker, signal, forMs))
}

/** How far an engine has come with its first look at everything; undefined once it has. */
export async function askReading(asker: Asker, signal?: AbortSignal): Promise<Reading | undefined> {
  const { reading } = await readAnswer<{ readonly reading?: Reading | null }>(await askFor('/', asker, signal))
  return reading ?? undefined
}

async function askForEvents(asker: Asker, { life, seq }: Snapshot, signal: AbortSignal): Promise<IncomingMessage> {
  const answer = await askFor(`/events?life=${life}&after=${seq}`, asker, signal)
  if (answer.status !== 200) return readAnswer(answer)
  // From here on it is by the keep-alives that we know.
  answer.response.socket.setTimeout(0)
  return answer.response
}

async function askFor(
  path: string,
  asker: Asker,
  signal: AbortSignal | undefined,
  forMs = patienceMs,
): Promise<Answer> {
  const answer = await ask(asker, { path, patienceMs: forMs, ...(signal === undefined ? {} : { signal }) })
  if (answer === undefined) throw noEngine()
  return answer
}

/** Gives the handlers the events after number `after`, until there are no more to come. Never rejects. */
function listen(stream: IncomingMessage, after: number, handlers: FollowHandlers): Promise<End> {
  let last = after
  let isGap = false
  let batch: EngineEvent[] = []
  const parser = createParser({
    onEvent({ event, id, data }) {
      if (isGap) return
      isGap = event === gapEvent || Number(id) !== last + 1
      if (isGap) return
      last++
      batch.push(JSON.parse(data))
    },
  })
  return new Promise((resolve) => {
    // Counted, not timed: while this process was stopped itself, no time passed for it.
    let silences = 0
    const watch = setInterval(() => {
      if (++silences === silencesUntilGone) end('silent')
    }, keepAliveMs)
    const end = (why: End) => {
      clearInterval(watch)
      stream.destroy()
      resolve(why)
    }
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      silences = 0
      parser.feed(chunk)
      const events = batch
      batch = []
      if (events.length > 0) handlers.onEvents(events)
      if (isGap) end('gap')
    })
    stream.on('error', () => end('ended'))
    stream.on('close', () => end('ended'))
  })
}

interface Got<T> {
  readonly got: T
}

interface Gone {
  readonly gone: string
}

/** What a person would be told of is told to the one who follows. */
async function orGone<T>(asked: Promise<T>): Promise<Got<T> | Gone> {
  try {
    return { got: await asked }
  } catch (error) {
    if (error instanceof UserError) return { gone: error.message }
    throw error
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, ms)
    signal.addEventListener('abort', go)
  })
}
