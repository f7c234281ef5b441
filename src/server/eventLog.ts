/**
 * The last events of an engine as they are sent, numbered from 1. One log serves every client: each only remembers how
 * far it has come, so one that reads slowly, or not at all, takes no memory of the engine.
 */
export interface EventLog {
  /** Number of the last event; 0 before the first. */
  last(): number
  append(data: string): void
  /** Counts an event that nobody wants to hear: what comes after any number before is not kept any more. */
  skip(): void
  /** What comes after number `after`, as much as goes out in one write; undefined if some of it is not kept any more. */
  read(after: number): Batch | undefined
}

export interface Batch {
  /** Server-sent events, whole ones; none if there is nothing new. */
  readonly frames: readonly Uint8Array[]
  /** Number of the last one in it. */
  readonly last: number
}

/**
 * A client falls behind while its terminal blocks, for seconds over a bad line. A lab of 20,000 jobs makes some hundred
 * events in its busiest second, so this is a minute of it at the least. Who is further behind is served better, and
 * sooner, by a snapshot.
 */
const maxEvents = 10_000
/** In bytes too, because a plan of all jobs is one event of the size of a snapshot: 10 MB for 20,000 jobs. */
const maxBytes = 16 << 20
/** What is sent in one go, unless one event alone is more: about what a socket takes at once. */
const batchBytes = 256 << 10

export function eventLog(): EventLog {
  // A ring: event n lies at n modulo its length, for as long as it is kept.
  const ring = new Array<Uint8Array | undefined>(maxEvents).fill(undefined)
  let first = 1
  let last = 0
  let bytes = 0

  const drop = () => {
    bytes -= ring[first % maxEvents]?.length ?? 0
    ring[first % maxEvents] = undefined
    first++
  }
  return {
    last: () => last,
    append(data) {
      if (last - first + 1 === maxEvents) drop()
      last++
      const frame = Buffer.from(`id: ${last}\ndata: ${data}\n\n`)
      ring[last % maxEvents] = frame
      bytes += frame.length
      while (bytes > maxBytes) drop()
    },
    skip() {
      while (first <= last) drop()
      last++
      first = last + 1
    },
    read(after) {
      if (after + 1 < first || after > last) return undefined
      const frames: Uint8Array[] = []
      let size = 0
      let number = after
      while (number < last) {
        const frame = ring[(number + 1) % maxEvents]!
        if (frames.length > 0 && size + frame.length > batchBytes) break
        frames.push(frame)
        size += frame.length
        number++
      }
      return { frames, last: number }
    },
  }
}
