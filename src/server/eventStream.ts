import { randomUUID } from 'node:crypto'
import type { EngineEvent } from '../model/event.ts'
import { type EventLog, eventLog } from './eventLog.ts'
import { pieceBytes } from './pieces.ts'
import { gapEvent, keepAliveMs } from './protocol.ts'

/** The events of one life of an engine, as streams that begin where a client is. */
export interface EventStreams {
  readonly life: string
  /** Number of the last event. Whoever asks has a board as of then, and may want to hear what comes after it. */
  last(): number
  publish(event: EngineEvent): void
  /** Server-sent events after number `after` of that life. Ends after a gap, and with the engine. */
  open(life: string, after: number): ReadableStream<Uint8Array>
  /** Every stream ends once it has brought what there was. */
  close(): void
}

/** Who has a board asks for what came since at once, or, where its machine stands still for a while, for another one. */
const heardMs = 60_000

export function eventStreams(): EventStreams {
  const life = randomUUID()
  const log = eventLog()
  let open = 0
  let askedMs = Number.NEGATIVE_INFINITY
  // An engine that nobody looks at need not write down ten thousand jobs again and again.
  const isHeard = () => open > 0 || performance.now() - askedMs < heardMs
  const bell = wakingBell()
  let announced = false
  const keepAlive = setInterval(() => bell.ring('nothing-new'), keepAliveMs)
  keepAlive.unref()
  return {
    life,
    last() {
      askedMs = performance.now()
      return log.last()
    },
    publish(event) {
      if (!isHeard()) return log.skip()
      log.append(JSON.stringify(event))
      if (announced) return
      // What the engine tells in one turn of the loop goes out in one write.
      announced = true
      setImmediate(() => {
        announced = false
        bell.ring('news')
      })
    },
    open(itsLife, after) {
      open++
      return streamAfter(itsLife === life ? after : undefined, log, bell, () => open--)
    },
    close() {
      clearInterval(keepAlive)
      bell.ring('end')
    },
  }
}

const gapFrame = new TextEncoder().encode(`event: ${gapEvent}\ndata:\n\n`)
const keepAliveFrame = new TextEncoder().encode(':\n\n')

/** `after` is undefined for a client of another life. */
function streamAfter(
  after: number | undefined,
  log: EventLog,
  bell: Bell,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  gone.signal.addEventListener('abort', onEnd, { once: true })
  let at = after
  /** Taken from the log and not sent yet. */
  let rest: Uint8Array = new Uint8Array()

  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    while (rest.length === 0) {
      const batch = at === undefined ? undefined : log.read(at)
      if (batch === undefined) {
        controller.enqueue(gapFrame)
        gone.abort()
        return controller.close()
      }
      at = batch.last
      rest = joined(batch.frames)
      if (rest.length > 0) break
      const rung = await bell.heard(gone.signal)
      if (gone.signal.aborted) return
      // Clients that do not take what they are sent are not in here: serve.ts cuts them off.
      if (rung === 'nothing-new') return controller.enqueue(keepAliveFrame)
      if (rung === 'end' && log.last() === at) {
        gone.abort()
        return controller.close()
      }
    }
    controller.enqueue(rest.subarray(0, pieceBytes))
    rest = rest.subarray(pieceBytes)
  }
  // Nothing is taken ahead of the reader: the log is the only queue.
  return new ReadableStream<Uint8Array>({ pull, cancel: () => gone.abort() }, { highWaterMark: 0 })
}

/** One frame stays the view that all clients share, for it may be 10 MB. */
const joined = (frames: readonly Uint8Array[]): Uint8Array => (frames.length === 1 ? frames[0]! : Buffer.concat(frames))

type Ring = 'news' | 'nothing-new' | 'end'

interface Bell {
  /** The next ring; `end` at once after the last, and when aborted. */
  heard(signal: AbortSignal): Promise<Ring>
  ring(what: Ring): void
}

function wakingBell(): Bell {
  const sleepers = new Set<(what: Ring) => void>()
  let ended = false
  return {
    heard(signal) {
      if (ended || signal.aborted) return Promise.resolve('end')
      return new Promise((resolve) => {
        const wake = (what: Ring) => {
          sleepers.delete(wake)
          signal.removeEventListener('abort', leave)
          resolve(what)
        }
        const leave = () => wake('end')
        sleepers.add(wake)
        signal.addEventListener('abort', leave)
      })
    },
    ring(what) {
      ended ||= what === 'end'
      for (const wake of [...sleepers]) wake(what)
    },
  }
}
