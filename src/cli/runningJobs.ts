import type { Board, BoardJob } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'

/**
 * Which jobs of a board run, kept from event to event: to look through twenty thousand for the two that run, at each start of
 * one, costs more than all else that is told of it.
 */
export function followRunning() {
  let running: Set<string> | undefined
  const look = (id: string, board: Board) => {
    if (board.jobs.get(id)?.status.state === 'running') running?.add(id)
    else running?.delete(id)
  }
  return {
    /** `board` is as it stands after the event. */
    event(event: EngineEvent, board: Board): void {
      if ('job' in event) look(event.job, board)
      else if (event.type === 'changed') for (const { job } of event.jobs) look(job, board)
      else if (event.type === 'planned') running = undefined
    },
    jobs(board: Board): BoardJob[] {
      running ??= new Set(
        [...board.jobs.values()].flatMap(({ id, status }) => (status.state === 'running' ? [id] : [])),
      )
      return [...running].flatMap((id) => board.jobs.get(id) ?? [])
    },
  }
}
