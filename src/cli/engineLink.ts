import { nextBoard } from '../core/board.ts'
import { runningEngine } from '../io/lock.ts'
import type { Board } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import type { EngineClient } from '../server/client.ts'
import type { EngineHearer, EngineLink } from '../ui/store.ts'
import { startInBackground } from './engine.ts'
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
  const join = async (): Promise<EngineClient> => {
    const running = await joinEngine(root)
    if (running !== undefined) return running
    if (!mayStart) throw notRunning(root)
    const holder = runningEngine(root)
    // A build listens only once it lasts; it is joined then.
    if (holder !== undefined)
      throw new UserError(`${holder.user}'s "${holder.command}" is at work and does not answer yet`)
    await startInBackground(root, options)
    const started = await joinEngine(root)
    if (started === undefined) throw notRunning(root)
    return started
  }
  const ask = () => {
    if (client === undefined) throw notRunning(root)
    return client
  }
  return {
    async follow(hearer, signal) {
      const joined = await join()
      client = joined
      mayStart = false
      const why = await new Promise<string | undefined>((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined))
        joined.follow(
          {
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
    history: async () => ask().history(historyShown),
  }
}

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
