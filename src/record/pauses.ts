import type { Run } from './screen.ts'

/** What was to be seen from a moment on. */
export interface Frame {
  readonly atMs: number
  readonly runs: readonly Run[]
  /** What a viewer is told about it. */
  readonly caption: string
  /** A key that was pressed just now; empty if none was. */
  readonly key: string
}

export interface Recording {
  readonly frames: readonly Frame[]
  readonly endMs: number
}

/**
 * The same with its pauses cut short: where for longer than `longestMs` nothing but digits changed, such as those of a clock,
 * the rest is left out. Times begin at 0.
 */
export function cutPauses({ frames, endMs }: Recording, longestMs: number): Recording {
  const kept: Frame[] = []
  let shape = ''
  let sinceMs = 0
  let cutMs = frames[0]?.atMs ?? 0
  for (const [i, frame] of frames.entries()) {
    const untilMs = frames[i + 1]?.atMs ?? endMs
    const atMs = frame.atMs - cutMs
    const ownShape = shapeOf(frame)
    if (ownShape !== shape) {
      shape = ownShape
      sinceMs = atMs
    }
    const leftMs = sinceMs + longestMs - atMs
    if (leftMs > 0) kept.push({ ...frame, atMs })
    cutMs += Math.max(0, untilMs - frame.atMs - Math.max(0, leftMs))
  }
  return { frames: kept, endMs: endMs - cutMs }
}

/** A key on its own is no event: what it does is. */
function shapeOf({ runs, caption }: Frame): string {
  return JSON.stringify([caption, runs.map(({ row, column, text }) => [row, column, text.replaceAll(/\d+/g, '0')])])
}
