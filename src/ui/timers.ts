/** Time, as the UI is given it: tests turn it by hand. */
export interface Timers {
  /** ms since the epoch. */
  now(): number
  readonly startTimer: StartTimer
}

/** Starts a wait that calls back once; returns what ends it before. */
export type StartTimer = (ms: number, over: () => void) => () => void

export const systemTimers: Timers = {
  now: () => Date.now(),
  startTimer(ms, over) {
    const timer = setTimeout(over, ms)
    return () => clearTimeout(timer)
  },
}
