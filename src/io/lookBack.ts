import type { Standing } from '../model/standing.ts'
import { journalPath } from './journalLines.ts'
import { compareToMark } from './journalMark.ts'
import { type LastLook, readLastLook, writeLastLook } from './lastLook.ts'
import { changedLooks, lookAnew, replaceLooks } from './looks.ts'

/** How a workspace compares to what the last look found. */
export interface LookBack {
  readonly last: LastLook
  /** When it was compared, in ms since the epoch. */
  readonly atMs: number
  /** Places in `last.looks` of what does not lie as it lay, or may not. */
  readonly changed: readonly number[]
  /** Rule files and manifests lie as they lay. */
  readonly areInputsSame: boolean
  /** Records were added to the journal since. */
  readonly hasNews: boolean
}

/** `version`: of this labmake. Undefined where there is no last look of it, or another journal. */
export function lookBack(root: string, version: string): LookBack | undefined {
  const last = readLastLook(root, version)
  if (last === undefined) return undefined
  const atMs = Date.now()
  const journal = compareToMark(`${root}/${journalPath}`, last.journal)
  if (journal === 'other') return undefined
  const areInputsSame = changedLooks(root, last.inputs, last.takenMs).length === 0
  const changed = changedLooks(root, last.looks, last.takenMs)
  return { last, atMs, changed, areInputsSame, hasNews: journal === 'grown' }
}

/**
 * How all jobs stand, if nothing changed that could matter; undefined if that takes a plan to tell. What labmake itself made
 * leaves the folders of targets changed, and is too young when it was looked at last: all of that is looked at once more, and
 * kept for the next labmake.
 */
export function stillStands(root: string, back: LookBack): Standing | undefined {
  const { last, atMs, changed, areInputsSame, hasNews } = back
  const { standing, looks, rules } = last
  if (!areInputsSame || hasNews || !rules.areText || standing.stale > 0) return undefined
  if (changed.length === 0) return standing
  // Of a fault of names, or an orphan, nothing but a plan tells that it is gone.
  if (standing.faults.length > 0 || standing.orphaned > 0) return undefined
  const taken = lookAnew(root, looks, changed)
  if (taken === undefined) return undefined
  writeLastLook(root, { ...last, takenMs: atMs, looks: replaceLooks(looks, changed, taken) })
  return standing
}
