import type { Clock } from '../../src/model/ports.ts'

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Moves on, and ends the waits that are due. */
  tick(ms?: number): void
  /** Somebody sets the clock, by so much ahead or, negative, back: no time passes. */
  set(ms: number): void
  /** ms of the waits under way, shortest first. */
  waits(): number[]
}

export function fakeClock(startMs = Date.UTC(2026, 0, 5, 8)): FakeClock {
  let nowMs = startMs
  let steadyMs = 0
  let drawn = 0
  const waiting = new Set<{ readonly dueMs: number; readonly over: () => void }>()
  return {
    now: () => nowMs,
    steadyMs: () => steadyMs,
    // The golden ratio's multiples fill [0, 1) evenly and never repeat.
    random: () => (drawn++ * 0.618034 + 0.5) % 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const wait = {
          dueMs: steadyMs + ms,
          over: () => {
            waiting.delete(wait)
            signal.removeEventListener('abort', wait.over)
            resolve()
          },
        }
        waiting.add(wait)
        signal.addEventListener('abort', wait.over)
      }),
    tick(ms = 1000) {
      nowMs += ms
      steadyMs += ms
      for (const wait of [...waiting]) if (wait.dueMs <= steadyMs) wait.over()
    },
    set(ms) {
      nowMs += ms
    },
    waits: () => [...waiting].map(({ dueMs }) => dueMs - steadyMs).sort((a, b) => a - b),
  }
}
