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
  /** The engine has said what it makes of the request. */
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
  const outcomes = new Map<string, Outcome>()
  const over = new AbortController()
  /** Those that the engine names in its answer; until then what it tells is kept, for a quick job may be over by then. */
  let jobs: ReadonlySet<string> | undefined
  /** Has the stream of events come to where the engine did what was asked? Its answer may be quicker. */
  let isThere = false
  let board: Board | undefined
  let kept: EngineEvent[] = []
  const gone = await new Promise<string | undefined>((resolve, reject) => {
    const onLeave = () => resolve(undefined)
    leave.addEventListener('abort', onLeave)
    if (leave.aborted) onLeave()
    const catchUp = (known: Board) => {
      if (jobs === undefined) return
      for (const event of kept) {
        if (event.type === 'acted' && event.action.type === 'build') isThere = true
        if (!concerns(event, jobs)) continue
        noteOutcome(outcomes, event)
        reporter.event(event, known)
      }
      kept = []
      const toCome = pending(known)
      for (const id of jobs) if (toCome.has(id) && !outcomes.has(id)) outcomes.set(id, 'not-started')
      if (isThere && ![...jobs].some((id) => toCome.has(id))) resolve(undefined)
    }
    const ask = async () => {
      const asked = await client.act({ type: 'build', jobs: goals })
      jobs = new Set(asked.jobs)
      // Of what was not done nothing is told.
      isThere = !asked.done
      onStart(asked.text)
      if (board !== undefined) catchUp(board)
    }
    client.follow(
      {
        onSnapshot(snapshot) {
          const isFirst = board === undefined
          board = snapshot
          if (isFirst) ask().catch(reject)
          else {
            // After a gap; whatever was done is in it.
            isThere = jobs !== undefined
            catchUp(board)
          }
        },
        onEvents(events) {
          for (const event of events) {
            if (board === undefined) return
            board = nextBoard(board, event)
            kept.push(event)
            if (jobs !== undefined) catchUp(board)
          }
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
