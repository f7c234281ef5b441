import type { Timers } from '../../src/ui/timers.ts'

export interface TurnedTimers extends Timers {
  /** Time goes on by so many ms; what is due on the way happens, in order, at its time. */
  turn(ms: number): void
  /** Timers that wait. */
  waiting(): number
}

/** Time that the test turns by hand. */
export function turnedTimers(startMs = 0): TurnedTimers {
  let nowMs = startMs
  const waits = new Set<{ readonly atMs: number; readonly over: () => void }>()
  return {
    now: () => nowMs,
    startTimer(ms, over) {
      const wait = { atMs: nowMs + ms, over }
      waits.add(wait)
      return () => void waits.delete(wait)
    },
    turn(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        const next = [...waits].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined) break
        waits.delete(next)
        nowMs = next.atMs
        next.over()
      }
      nowMs = untilMs
    },
    waiting: () => waits.size,
  }
}
