import { setTimeout as wait } from 'node:timers/promises'
import { nextBoard } from '../core/board.ts'
import { runningEngine } from '../io/lock.ts'
import type { Board } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import type { EngineClient } from '../server/client.ts'
import type { EngineHearer, EngineLink } from '../ui/store.ts'
import { joinEngine } from './join.ts'
import type { LineReporter } from './lines.ts'

export interface LinkOptions {
  readonly jobs: number | undefined
  readonly poll: boolean
}

/**
 * The engine of a workspace, for who watches it: joins the one that runs, or else starts one, the first time and after a
 * build that ended. An engine that somebody stopped is not started again behind their back.
 */
export function engineLink(root: string, options: LinkOptions): EngineLink {
  let client: EngineClient | undefined
  let mayStart = true
  /** Undefined if the person left meanwhile. */
  const join = async (signal: AbortSignal): Promise<EngineClient | undefined> => {
    let mayStartNow = mayStart
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += askEveryMs) {
      const running = await joinEngine(root)
      if (running !== undefined) return running
      if (runningEngine(root) !== undefined) {
        // One that begins or ends does not answer, and a build only once it lasts.
        await wait(askEveryMs)
      } else {
        if (!mayStartNow) break
        mayStartNow = false
        // Who joins one that runs needs nothing of what one is made of.
        const { startInBackground } = await import('./engine.ts')
        // Somebody else may do so in the same instant: then it is theirs that is joined.
        await startInBackground(root, options)
      }
      if (signal.aborted) return undefined
    }
    throw notRunning(root)
  }
  const ask = () => {
    if (client === undefined) throw notRunning(root)
    return client
  }
  return {
    async follow(hearer, signal) {
      const joined = await join(signal)
      if (joined === undefined || signal.aborted) return undefined
      client = joined
      mayStart = false
      const why = await new Promise<string | undefined>((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined))
        joined.follow(
          {
            onReading: (reading) => hearer.reading(reading),
            onSnapshot(board) {
              // A build ends by itself: nobody stopped it.
              mayStart = board.engine.mode === 'build'
              hearer.board(board)
            },
            onEvents: (events) => hearer.events(events),
            onGone: resolve,
          },
          signal,
        )
      })
      client = undefined
      return why
    },
    act: async (action) => ask().act(action),
    detail: async (job) => ask().detail(job),
    advice: async () => ask().advice(),
    history: async () => ask().history(historyShown),
  }
}

const askEveryMs = 100
/** Longer than an engine takes to begin or to end; and who looks at a screen wants to know by then that nobody answers. */
const patienceMs = 10_000

/** As far as anybody scrolls back on a screen; labmake history has the rest. */
const historyShown = 500

function notRunning(root: string): UserError {
  const hint = 'q, then labmake watch, starts one and takes over what runs.'
  const holder = runningEngine(root)
  if (holder === undefined) return new UserError('no engine runs here', { hint })
  return new UserError(`${holder.user}'s "${holder.command}" (process ${holder.process.pid}) does not answer`)
}

/** Follows an engine for lines instead of a screen: how it stands, all that happens, and the board after it. */
export function boardFollower({ joined, event: onEvent }: Pick<LineReporter, 'joined' | 'event'>): EngineHearer {
  let board: Board | undefined
  return {
    // Lines tell of what happens.
    reading() {},
    board(whole) {
      board = whole
      joined(whole)
    },
    events(events) {
      for (const event of events) {
        if (board === undefined) return
        board = nextBoard(board, event)
        onEvent(event, board)
      }
    },
  }
}
