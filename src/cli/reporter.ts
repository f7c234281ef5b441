import type { Board } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'

/** Shows an engine at work. */
export interface Reporter {
  /** `board` is as it stands after the event. */
  event(event: EngineEvent, board: Board): void
  /** Gives the terminal back. */
  close(): void
}
