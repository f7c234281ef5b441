import { type Line, lineUp } from '../core/line.ts'
import { memo } from './memo.ts'
import type { View } from './view.ts'

const noLine: Line = {
  place: new Map(),
  startsInSeconds: new Map(),
  allDoneInSeconds: undefined,
  keptFor: new Map(),
}
/** The end of a queue of hours does not change faster than this. */
const everyMs = 5000
/** Up to here playing the line to its end costs next to nothing, and it is played at each change. */
const smallBoard = 1000

/** What is expected of the queue. Of a big one it may be some seconds old: playing it takes as long as a picture. */
export const lineOf: (view: View) => Line = memo(
  ({ board, nowMs, jobsVersion }: View) => [
    board?.jobs,
    board?.pools,
    (board?.jobs.size ?? 0) <= smallBoard ? jobsVersion : 0,
    Math.floor(nowMs / everyMs),
  ],
  ({ board, nowMs }) => (board === undefined ? noLine : lineUp(board, nowMs)),
)
