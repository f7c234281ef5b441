import { nextBoard } from '../core/board.ts'
import { jobsToCome } from '../core/line.ts'
import type { Outcome } from '../engine/entry.ts'
import type { Board } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { EngineClient } from '../server/client.ts'
import type { Reporter } from './reporter.ts'

export interface FollowedBuild {
  readonly outcomes: ReadonlyMap<string, Outcome>
  /** The person left; the engine goes on. */
  readonly left: boolean
}

export interface FollowOptions {
  readonly reporter: Reporter
  /** The person wants to leave. */
  readonly leave: AbortSignal
  /** The engine has said what it makes of the request, and is followed from here on; again after a gap in its events. */
  readonly onStart: (text: string) => void
}

/**
 * Asks a running engine to bring goals up to date, and shows what it does of that until all is. Throws UserError if the
 * engine ends before.
 */
export async function followBuild(
  client: EngineClient,
  goals: readonly string[],
  { reporter, leave, onStart }: FollowOptions,
): Promise<FollowedBuild> {
  const asked = await client.act({ type: 'build', jobs: goals })
  const jobs = new Set(asked.jobs)
  const outcomes = new Map<string, Outcome>()
  const over = new AbortController()
  const gone = await new Promise<string | undefined>((resolve) => {
    let board: Board
    const endIfDone = () => {
      const toCome = pending(board)
      if (![...jobs].some((id) => toCome.has(id))) resolve(undefined)
    }
    const onLeave = () => resolve(undefined)
    leave.addEventListener('abort', onLeave)
    if (leave.aborted) onLeave()
    client.follow(
      {
        onSnapshot(snapshot) {
          board = snapshot
          const toCome = pending(board)
          for (const id of jobs) if (toCome.has(id)) outcomes.set(id, 'not-started')
          onStart(asked.text)
          endIfDone()
        },
        onEvents(events) {
          for (const event of events) {
            board = nextBoard(board, event)
            if (!concerns(event, jobs)) continue
            noteOutcome(outcomes, event)
            reporter.event(event, board)
          }
          endIfDone()
        },
        onGone: resolve,
      },
      over.signal,
    )
  })
  over.abort()
  if (gone !== undefined) {
    throw new UserError(`the engine is gone: ${gone}`, { hint: 'Say labmake again: it takes over what runs.' })
  }
  return { outcomes, left: leave.aborted }
}

/** Jobs that will be made as things stand, and those that are being ended. */
function pending(board: Board): ReadonlySet<string> {
  const running = [...board.jobs.values()].filter(({ status }) => status.state === 'running')
  return new Set([...jobsToCome(board), ...running].map((job) => job.id))
}

function concerns(event: EngineEvent, jobs: ReadonlySet<string>): boolean {
  return 'job' in event ? jobs.has(event.job) : event.type === 'trouble' || event.type === 'stopping'
}

function noteOutcome(outcomes: Map<string, Outcome>, event: EngineEvent): void {
  if (event.type === 'done' || event.type === 'cancelled' || event.type === 'blocked')
    outcomes.set(event.job, event.type)
  if (event.type === 'failed' && event.retryInMs === undefined) outcomes.set(event.job, 'failed')
}
