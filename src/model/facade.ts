import type { Action, ActionResult } from './action.ts'
import type { MemoryAdvice } from './advice.ts'
import type { Board } from './board.ts'
import type { JobDetail } from './detail.ts'
import type { EngineEvent } from './event.ts'
import type { JournalRecord } from './record.ts'
import type { StandingAnswer } from './standing.ts'

/**
 * What an engine offers to those who look at it. The server gives it to other processes.
 *
 * The board and the events tell one story: in the turn of the event loop in which an event is told, the board comes to
 * hold what the event says, so that a board and the number of events before it, taken together, leave no gap.
 */
export interface EngineFacade {
  /** How far the first plan of everything has come; undefined once it is made. Until then the board is a part of what there is. */
  reading(): Reading | undefined
  /** Resolves once it is made, or the engine ends. */
  whenRead(): Promise<void>
  /** As it stands now. Its maps go on changing: who wants to keep it copies it in the same turn. */
  board(): Board
  /** Calls `listener` for each event from now on, in order. Returns what ends that. */
  subscribe(listener: (event: EngineEvent) => void): () => void
  /** `by`: the name of the person who asks. Rejects with UserError where the request itself is wrong, else DiskFault. */
  act(action: Action, by: string): Promise<ActionResult>
  /**
   * How what goals name stands, once all that has changed by now is planned; `rest` is undefined where something of it is on
   * its way, or would be tried again if it were asked for. Rejects with UserError for a goal that nothing matches.
   */
  standing(goals: readonly string[]): Promise<StandingAnswer>
  /** Undefined if there is no such job. */
  detail(job: string): JobDetail | undefined
  /** What past attempts say of the pools as they are now, what may go wrong first. */
  advice(): readonly MemoryAdvice[]
  /** The last records of the journal, newest last. */
  history(limit: number): readonly JournalRecord[]
}

export interface Reading {
  /** Batches. */
  readonly planned: number
  /** Undefined while they are being counted. */
  readonly of: number | undefined
}
