import type { BoardJob } from '../model/board.ts'

/** When something last happened to a job, ms; 0 if nothing did. */
export function lastEventMs({ status }: BoardJob): number {
  if (status.state === 'running') return status.startedMs
  if (status.state === 'held') return status.atMs
  return 'last' in status ? (status.last?.endedMs ?? 0) : 0
}

/** What the newest attempt of a job took, or takes until now; undefined if there was none. */
export function tookMs({ status }: BoardJob, nowMs: number): number | undefined {
  if (status.state === 'running') return Math.max(0, nowMs - status.startedMs)
  return 'last' in status && status.last !== undefined ? status.last.seconds * 1000 : undefined
}

/** How often it was tried, as far as the board knows. */
export function triesOf({ status }: BoardJob): number {
  if (status.state === 'running') return status.attempt
  return 'last' in status ? (status.last?.attempt ?? 0) : 0
}
