import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boardToJson, emptyBoard, nextBoard } from '../../src/core/board.ts'
import type { Action, ActionResult } from '../../src/model/action.ts'
import type { Board, BoardJob } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { EngineFacade, Reading } from '../../src/model/facade.ts'
import type { Standing } from '../../src/model/standing.ts'
import { connectEngine, type EngineClient } from '../../src/server/client.ts'
import { type ServedEngine, serveEngine } from '../../src/server/serve.ts'

/** An engine that tells what the test says. */
export interface FakeEngine extends EngineFacade {
  tell(...events: EngineEvent[]): void
  readonly acted: { readonly action: Action; readonly by: string }[]
  listeners(): number
}

const nobody = { pid: 1, user: 'ana', host: 'rig', startedMs: 0, mode: 'watch', root: '/lab', stopping: false } as const

export const emptyStanding: Standing = {
  upToDate: 0,
  edited: 0,
  waiting: 0,
  stale: 0,
  protected: [],
  failed: [],
  orphaned: 0,
  faults: [],
  isEmpty: true,
}

export function fakeEngine(answers: Partial<EngineFacade> = {}): FakeEngine {
  let board = emptyBoard({ ...nobody, version: '0.2.0' })
  const listeners = new Set<(event: EngineEvent) => void>()
  const acted: { action: Action; by: string }[] = []
  return {
    acted,
    board: () => board,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async act(action, by): Promise<ActionResult> {
      acted.push({ action, by })
      return { done: true, text: 'Held 1 job.', count: 1, undo: undefined }
    },
    reading: () => undefined,
    whenRead: async () => {},
    standing: async () => ({ standing: emptyStanding, rest: 'Nothing of this is to be made now.' }),
    detail: () => undefined,
    history: () => [],
    advice: () => [],
    ...answers,
    listeners: () => listeners.size,
    tell(...events) {
      for (const event of events) {
        board = nextBoard(board, event)
        for (const listener of listeners) listener(event)
      }
    },
  }
}

/** An engine of version 0.2.0 on a real socket, in a folder that goes with it. */
export interface Lab extends AsyncDisposable {
  readonly root: string
  readonly engine: FakeEngine
  readonly served: ServedEngine
  connect(who?: { readonly version?: string; readonly user?: string }): Promise<EngineClient>
  /** What any program may send it. */
  send(options: RequestOptions, body?: string): Promise<RawAnswer>
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects there.
  readonly json: any
}

export async function serveFake(engine: FakeEngine = fakeEngine()): Promise<Lab> {
  const root = temporaryFolder()
  const served = await serveEngine(engine, { root, version: '0.2.0' })
  return {
    root,
    engine,
    served,
    async connect({ version = '0.2.0', user = 'ben' } = {}) {
      const client = await connectEngine(root, { version, user })
      if (client === undefined) throw new Error('nobody listens')
      return client
    },
    send: (options, body) => sendRaw(served.socket, options, body),
    async [Symbol.asyncDispose]() {
      await served.close()
      rmSync(root, { recursive: true })
    },
  }
}

export const temporaryFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'lm-server-')))

function sendRaw(socketPath: string, options: RequestOptions, body?: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, agent: false, ...options }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, json: JSON.parse(text) })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** What a client was told, as it comes. */
export interface Follower {
  /** As the client's own reducer has it; undefined before the first snapshot. */
  board(): Board | undefined
  /** Stretches without a hole: the events after each snapshot. */
  readonly stretches: EngineEvent[][]
  /** How many events came at once, each time. */
  readonly batches: number[]
  readonly gone: string[]
  /** How far it had come, each time that was told. */
  readonly readings: Reading[]
  /** Resolves when the condition holds, looked at whenever something comes. */
  until(condition: () => boolean): Promise<void>
  stop(): void
}

export function follow(client: EngineClient): Follower {
  const abort = new AbortController()
  let board: Board | undefined
  let waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = []
  const stretches: EngineEvent[][] = []
  const batches: number[] = []
  const gone: string[] = []
  const readings: Reading[] = []
  const look = () => {
    for (const { condition, resolve } of waiting) if (condition()) resolve()
    waiting = waiting.filter(({ condition }) => !condition())
  }
  client.follow(
    {
      onReading(reading) {
        readings.push(reading)
        look()
      },
      onSnapshot(snapshot) {
        board = snapshot
        stretches.push([])
        look()
      },
      onEvents(events) {
        for (const event of events) board = nextBoard(board!, event)
        stretches.at(-1)!.push(...events)
        batches.push(events.length)
        look()
      },
      onGone(why) {
        gone.push(why)
        look()
      },
    },
    abort.signal,
  )
  return {
    board: () => board,
    stretches,
    batches,
    gone,
    readings,
    until: (condition) =>
      condition() ? Promise.resolve() : new Promise((resolve) => waiting.push({ condition, resolve })),
    stop: () => abort.abort(),
  }
}

/** Boards that can be compared, whatever the order of their jobs. */
export function comparable(board: Board | undefined): unknown {
  if (board === undefined) return undefined
  const { jobs, ...rest } = boardToJson(board)
  return JSON.parse(JSON.stringify({ ...rest, jobs: jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }))
}

/** An event that says nothing but its number. */
export const note = (n: number): EngineEvent => ({ type: 'trouble', atMs: n, message: 'm' })
export const numbers = (events: readonly EngineEvent[]) => events.map(({ atMs }) => atMs)

export function queuedJob(id: string): BoardJob {
  const [rule = '', batch = ''] = id.split('/')
  return {
    id,
    rule,
    batch,
    name: rule,
    params: { omit: 'Port_20' },
    pools: { ram: 1 },
    prerequisites: [],
    estimate: { seconds: 3180.4, low: 2900.2, high: 4100.9, runs: 41 },
    rank: { say: 0, priority: 0, order: 26_000.5 },
    status: { state: 'queued', reason: { kind: 'target-missing', path: `data/${rule}/${batch}` } },
  }
}

export function planned(jobs: readonly BoardJob[], atMs = 0): EngineEvent {
  const rest = { removed: [], rules: ['denoise'], pools: [], orphans: [], faults: [], warnings: [], quietMs: 30_000 }
  return { type: 'planned', atMs, jobs, ...rest }
}
