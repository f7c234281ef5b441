import { setImmediate as turn } from 'node:timers/promises'
import { boardToJson } from '../core/board.ts'
import type { EngineFacade } from '../model/facade.ts'
import type { EventStreams } from './eventStream.ts'
import { protocol, type Snapshot } from './protocol.ts'

/** Of 20,000 jobs JSON takes 60 ms: so many at a time, with the engine's other work between, about one ms. */
const jobsAtOnce = 500
/** Of a quiet engine the last one is kept so long for clients that come at once, and then its 10 MB are given back. */
const keptMs = 5_000

/**
 * Gives the board with the number of its last event, as JSON. It is kept until the next event: several clients that come
 * at once cost one.
 */
export function snapshots(facade: EngineFacade, streams: EventStreams, version: string): () => Promise<Uint8Array> {
  let made: { readonly seq: number; readonly bytes: Promise<Uint8Array> } | undefined

  async function write(seq: number): Promise<Uint8Array> {
    // Copied in this turn: what jobs come to later is told by events.
    const { jobs, ...rest } = boardToJson(facade.board())
    const { life } = streams
    const board: Omit<Snapshot['board'], 'jobs'> = rest
    const whole = JSON.stringify({ version, protocol, life, seq, board })
    const parts = [Buffer.from(`${whole.slice(0, -'}}'.length)},"jobs":[`)]
    for (let i = 0; i < jobs.length; i += jobsAtOnce) {
      if (i > 0) await turn()
      const list = JSON.stringify(jobs.slice(i, i + jobsAtOnce)).slice(1, -1)
      parts.push(Buffer.from(i > 0 ? `,${list}` : list))
    }
    return Buffer.concat([...parts, Buffer.from(']}}')])
  }

  return () => {
    const seq = streams.last()
    if (made?.seq !== seq) {
      const one = { seq, bytes: write(seq) }
      made = one
      setTimeout(() => {
        if (made === one) made = undefined
      }, keptMs).unref()
    }
    return made.bytes
  }
}
