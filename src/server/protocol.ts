import type { BoardJson } from '../core/board.ts'

/** What an engine and its clients agree on. Goes up when a client of before could not follow any more. */
export const protocol = 1

export const headers = {
  /** Of both sides, in every request and answer. */
  version: 'labmake-version',
  protocol: 'labmake-protocol',
  /** Of a request: who asks, with percent signs for what a header cannot hold. */
  user: 'labmake-user',
} as const

/** The answer of GET /snapshot. */
export interface Snapshot {
  readonly version: string
  readonly protocol: number
  /** Of this life of the engine: numbers of events mean nothing in another one. */
  readonly life: string
  /** Number of the last event that the board knows. */
  readonly seq: number
  readonly board: BoardJson
}

/** The body of every answer that is not what was asked for. */
export interface Refusal {
  readonly error: string
  readonly hint?: string
}

/**
 * While nothing happens, a stream of events still says every so often that it is alive. Longer, and a dead engine is
 * noticed late; shorter, and an engine that hangs on a slow disk for seconds would seem dead.
 */
export const keepAliveMs = 5_000

/** The event on a stream after which a client asks for a new snapshot: what it wants to hear is not kept any more. */
export const gapEvent = 'gap'

/** An engine and a client of two versions of labmake. */
export interface Difference {
  /** May they go on? Else the engine does nothing for this client but end: the action stop. */
  readonly compatible: boolean
  readonly message: string
  readonly hint: string
}

export interface Peer {
  readonly version: string
  readonly protocol: number
}

/** Undefined if both are of one version. */
export function difference(engine: Peer, client: Peer): Difference | undefined {
  const compatible = engine.protocol === client.protocol
  if (compatible && engine.version === client.version) return undefined
  const both = `this engine is labmake ${engine.version}, you are ${client.version}`
  const stop = 'end it with labmake engine stop: its jobs go on, and the next engine takes them over.'
  return compatible
    ? { compatible, message: `${both}; they understand each other`, hint: `For one version of both, ${stop}` }
    : { compatible, message: both, hint: `E${stop.slice(1)}` }
}
