import type { Timers } from './timers.ts'

/** When the screen is drawn: keys at once, everything else gathered. */
export interface Pace {
  /** Something is to be drawn that nobody asked for just now. */
  changed(): void
  /** Something is to be drawn that a person waits for. */
  soon(): void
  /** As soon; and somebody is there. */
  key(): void
  stop(): void
}

/** A held-down key repeats as fast. */
const soonMs = 33
/** More often nobody reads; over a slow line each frame is paid for. */
const changedMs = 200
/** Nobody has touched a key for this long: a terminal left open overnight shall cost next to nothing. */
const restingMs = 30_000
/** The clock and the running times go on all the same. */
const tickMs = 1000

/** Calls `draw` for what it is told of, and every second, at the full second. */
export function pace(draw: () => void, { now, startTimer }: Timers): Pace {
  let lastDrawn = -Infinity
  /** The last one that somebody waited for: a key does not wait for what was drawn unasked. */
  let lastSoon = -Infinity
  let isAwaited = false
  let lastKey = now()
  let dueMs = Infinity
  let stopTimer = () => {}
  let isStopped = false

  const drawNow = () => {
    stopTimer()
    dueMs = Infinity
    lastDrawn = now()
    if (isAwaited) lastSoon = lastDrawn
    isAwaited = false
    draw()
    due(lastDrawn + tickMs - (lastDrawn % tickMs))
  }
  const due = (ms: number) => {
    if (isStopped || ms >= dueMs) return
    dueMs = ms
    stopTimer()
    stopTimer = startTimer(Math.max(0, ms - now()), drawNow)
  }
  const soon = () => {
    if (isStopped) return
    isAwaited = true
    if (now() - lastSoon < soonMs) due(lastSoon + soonMs)
    else drawNow()
  }
  return {
    changed: () => due(Math.max(now(), lastDrawn + (now() - lastKey > restingMs ? tickMs : changedMs))),
    soon,
    key() {
      lastKey = now()
      soon()
    },
    stop() {
      isStopped = true
      stopTimer()
    },
  }
}
