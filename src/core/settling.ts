import type { DropState } from '../model/board.ts'
import type { DropPicture } from '../model/inbox.ts'

/** What successive looks at one drop have shown. Times are ms by labmake's own clock: those of files lie. */
export interface Settling {
  readonly picture: DropPicture
  /** When it was first seen. */
  readonly sinceMs: number
  /** When it was last looked at, and when that was by a clock that nobody sets. */
  readonly lookedMs: number
  readonly steadyMs: number
  /** For how long it has been the same. */
  readonly stillMs: number
  /** It has changed since it was first seen. */
  readonly grew: boolean
}

/** A copy that is interrupted for longer than this has most likely died. */
const stalledAfterMs = 30 * 60_000
/**
 * No time between two looks counts for more: after a suspended machine nobody knows what happened in between. Half of the
 * default quiet window, so that one gap alone never makes a drop whole.
 */
export const longestGapMs = 15_000
/** A drop is taken so much later than it could be, at most: its last change was between two looks. */
const soonMs = 500
/** Looking takes at most a twentieth of the time: through a drop of very many files, or very many drops, it is not so quick. */
const waitPerCost = 19
/** A copy that pauses for less than this still arrives: a slow one of many files is not told of at each of them. */
const pauseMs = 5000
/**
 * READY ends the wait but for this: a copy of a folder that holds a READY passes by it on its way, and its next file shows
 * within a moment.
 */
const readyMs = 1000
/** Clocks of a file server and its clients differ by less than this where they are kept at all. */
const clockSlackMs = 2000

/** When a look was, by the clock that is shown, and by one that nobody sets. */
export interface Look {
  readonly nowMs: number
  readonly steadyMs: number
}

/** What is known after one more look. */
export function nextSettling(before: Settling | undefined, picture: DropPicture, { nowMs, steadyMs }: Look): Settling {
  const look = { picture, lookedMs: nowMs, steadyMs }
  if (before === undefined) return { ...look, sinceMs: nowMs, stillMs: 0, grew: false }
  const changed = !isSamePicture(before.picture, picture)
  const gapMs = Math.min(steadyMs - before.steadyMs, longestGapMs)
  const stillMs = changed ? 0 : before.stillMs + gapMs
  return { ...look, sinceMs: before.sinceMs, stillMs, grew: before.grew || changed }
}

/**
 * What a single look tells, by when the drop changed last: for a labmake that does not stay. `fileNowMs` is the clock of
 * the file system. A change dated after that was made when the clock was wrong, and is none of just now.
 */
export function settlingAtOnce(picture: DropPicture, fileNowMs: number, quietMs: number): Settling {
  const changedMs = Number(picture.changedNs / 1_000_000n)
  const ageMs = fileNowMs - changedMs
  const stillMs = ageMs < -clockSlackMs ? Math.max(quietMs, stalledAfterMs) : Math.max(0, ageMs)
  return { picture, sinceMs: Math.min(changedMs, fileNowMs), lookedMs: fileNowMs, steadyMs: 0, stillMs, grew: false }
}

/** Whole, or how far it is. */
export function settlingState(settling: Settling, quietMs: number): DropState | 'whole' {
  const { picture, sinceMs, stillMs, lookedMs, grew } = settling
  const stillSinceMs = lookedMs - stillMs
  if (picture.temporary !== undefined) {
    const why = `${picture.temporary} is still being copied, by its name`
    if (stillMs < stalledAfterMs) return { kind: 'arriving', why, sinceMs }
    return { kind: 'stalled', because: 'silence', why, stillMs, sinceMs: stillSinceMs }
  }
  if (stillMs >= neededMs(picture, quietMs)) return 'whole'
  if (grew && stillMs < Math.min(pauseMs, quietMs / 2))
    return { kind: 'arriving', why: 'it is still changing', sinceMs }
  return { kind: 'settling', stillMs, quietMs: neededMs(picture, quietMs), sinceMs: stillSinceMs }
}

/** ms until another look is due, where the last one, at all drops, took `costMs`. */
export function nextLookMs({ picture, stillMs }: Settling, quietMs: number, costMs: number): number {
  const leftMs = picture.temporary === undefined ? neededMs(picture, quietMs) - stillMs : stalledAfterMs - stillMs
  // Past the end it stays as it is until something comes, of which a look now and then is told too.
  if (leftMs <= 0) return longestGapMs
  return Math.min(leftMs, Math.max(soonMs, costMs * waitPerCost), longestGapMs)
}

const neededMs = (picture: DropPicture, quietMs: number) => (picture.ready ? Math.min(readyMs, quietMs) : quietMs)

export function isSamePicture(a: DropPicture, b: DropPicture): boolean {
  return pictureText(a) === pictureText(b)
}

/** A picture as text that can be kept and compared. */
export function pictureText({ files, folders, bytes, newestNs, changedNs }: DropPicture): string {
  return `${files} ${folders} ${bytes} ${newestNs} ${changedNs}`
}

/** The same but for what a rename changes: the times of what was renamed, which count where it holds no file. */
export function isSameAfterRename(before: DropPicture, after: DropPicture): boolean {
  if (before.isFolder && before.files > 0) return isSamePicture(before, after)
  return pictureText({ ...before, changedNs: 0n }) === pictureText({ ...after, changedNs: 0n })
}
