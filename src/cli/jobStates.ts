import { countStates, type StateCounts } from '../core/board.ts'
import type { Board, BoardJob, JobState } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'

/**
 * How the jobs of a board stand, kept from event to event: to look through twenty thousand for the two that run at each start
 * of one, or to count them at each slice of a plan, costs more than all else that is told of it.
 */
export function followStates() {
  const states = new Map<string, JobState>()
  const counts: Record<JobState, number> = { ...countStates([]) }
  const running = new Set<string>()
  let isJoined = false
  const look = (id: string, board: Board) => {
    const before = states.get(id)
    const now = board.jobs.get(id)?.status.state
    if (before === now) return
    if (before !== undefined) counts[before]--
    if (now === undefined) states.delete(id)
    else {
      counts[now]++
      states.set(id, now)
    }
    if (now === 'running') running.add(id)
    else running.delete(id)
  }
  const join = (board: Board) => {
    isJoined = true
    for (const id of board.jobs.keys()) look(id, board)
  }
  return {
    /** A board that is there already. */
    join,
    /** `board` is as it stands after the event. */
    event(event: EngineEvent, board: Board): void {
      if (!isJoined) join(board)
      else if ('job' in event) look(event.job, board)
      else if (event.type === 'changed') for (const { job } of event.jobs) look(job, board)
      else if (event.type === 'planned') {
        for (const { id } of event.jobs) look(id, board)
        for (const id of event.removed) look(id, board)
      }
    },
    counts: (): StateCounts => counts,
    running: (board: Board): BoardJob[] => [...running].flatMap((id) => board.jobs.get(id) ?? []),
  }
}
