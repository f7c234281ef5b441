import { lstatSync, readdirSync } from 'node:fs'
import { newMembers } from '../core/recall.ts'
import type { Standing } from '../model/standing.ts'
import { isOfManifests } from './inputLooks.ts'
import { journalPath } from './journalLines.ts'
import { compareToMark } from './journalMark.ts'
import { amendLastLook, type ReadLook, readLastLook } from './lastLook.ts'
import { changedLooks, type Looks, lookRecorder } from './looks.ts'
import { isSameMark, looksAt, pathsBelow, placesAt } from './orderedLooks.ts'
import { systemPaths } from './systemPaths.ts'

/** What the last look left, as far as it holds without a look at what jobs are made from. */
export interface Known {
  readonly last: ReadLook
  /** Do rule files and manifests lie as they lay? */
  readonly inputs: 'same' | 'other-manifests' | 'other'
  /** Records were added to the journal since. */
  readonly hasNews: boolean
}

/** How a workspace compares to what the last look found. */
export interface LookBack extends Known {
  /** When it was compared, in ms since the epoch. */
  readonly atMs: number
  /** Places in `last.looks` of what does not lie as it lay, or may not; `most`, where everything is to be planned. */
  readonly changed: readonly number[] | 'most'
}

/** `version`: of this labmake. Undefined where there is no last look of it, or another journal. */
export function lastKnown(root: string, version: string): Known | undefined {
  const last = readLastLook(root, version)
  if (last === undefined) return undefined
  const journal = compareToMark(`${root}/${journalPath}`, last.journal)
  if (journal === 'other') return undefined
  return { last, inputs: compareInputs(root, last), hasNews: journal === 'grown' }
}

function compareInputs(root: string, { inputs, takenMs }: ReadLook): Known['inputs'] {
  const changed = changedLooks(root, inputs, takenMs)
  if (changed.length === 0) return 'same'
  return changed !== 'most' && pathsAt(inputs, changed).every(isOfManifests) ? 'other-manifests' : 'other'
}

/** As lastKnown, and what has changed since. */
export function lookBack(root: string, version: string): LookBack | undefined {
  const known = lastKnown(root, version)
  if (known === undefined) return undefined
  const atMs = Date.now()
  const { last, inputs } = known
  return { ...known, atMs, changed: inputs === 'other' ? 'most' : changedLooks(root, last.looks, last.takenMs) }
}

/**
 * How all jobs stand, if nothing changed that could matter; undefined if that takes a plan to tell. What labmake itself made
 * leaves the folders of targets changed, and is too young when it was looked at last: all of that is looked at once more, and
 * kept for the next labmake.
 */
export function stillStands(root: string, version: string, back: LookBack): Standing | undefined {
  const { last, atMs, changed, hasNews } = back
  const { standing, rules } = last
  if (back.inputs !== 'same' || hasNews || !rules.areText || standing.stale > 0) return undefined
  if (changed === 'most') return undefined
  if (changed.length === 0) return standing
  // Of a fault of names, or an orphan, nothing but a plan tells that it is gone.
  if (standing.faults.length > 0 || standing.orphaned > 0) return undefined
  const paths = pathsAt(last.looks, changed)
  const looks = lookAnew(root, last.looks, paths)
  if (looks === undefined) return undefined
  const { inputs, journal, restless } = last
  const nothing = { planned: [], resting: { batches: [], jobs: new Uint16Array() } }
  amendLastLook(root, version, last, { takenMs: atMs, inputs, journal, standing, restless, paths, looks, ...nothing })
  return standing
}

/** The paths of some places, in order. */
export function pathsAt({ paths }: Looks, places: readonly number[]): string[] {
  return [...new Set(places.map((place) => paths[place]!))]
}

/** In so many folders the quick way looks for what is new; of more, that would take longer than a plan. */
const mostFolders = 16

/**
 * Looks anew at some paths, in all ways in which they were looked at. Undefined if a plan could find something else there than
 * before: a file that is another, a folder that is none or in which something lies that was never seen. What is gone from a
 * folder was looked at itself, unless nothing hung on it but that it be told of.
 */
function lookAnew(root: string, looks: Looks, paths: readonly string[]): Looks | undefined {
  const before = looksAt(
    looks,
    paths.flatMap((path) => placesAt(looks, path)),
  )
  const folders = before.paths.filter((_, i) => before.follows[i] === 1)
  if (folders.length > mostFolders) return undefined
  const recorder = lookRecorder(root)
  const at = systemPaths(root)
  try {
    for (const [i, path] of before.paths.entries()) {
      if (before.follows[i] === 1) recorder.reads(path)
      else recorder.saw(path, lstatSync(at(path), { bigint: true, throwIfNoEntry: false }))
    }
    const taken = recorder.taken()
    if (
      taken === undefined ||
      !before.paths.every((_, i) => before.follows[i] === 1 || isSameMark(before, i, taken, i))
    )
      return undefined
    for (const folder of new Set(folders)) {
      if (newMembers(folder, readdirSync(at(folder)), pathsBelow(looks, folder)).length > 0) return undefined
    }
    return taken
  } catch {
    return undefined
  }
}
