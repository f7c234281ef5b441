import type { Pattern, Rule } from '../model/rule.ts'
import type { Snapshot } from '../model/stamp.ts'
import { neverCounts } from './names.ts'
import { batchSegment, expandPattern, isOfBatchAlone } from './pattern.ts'
import type { Survey } from './survey.ts'

// A manifest of ten thousand rows calls for as many plans, and on the disk nothing is another than it was: to look at 80,000 files
// again takes as long as all the rest. What the system would have told of, had it changed, need not be looked at twice.

/** What lay at a path. */
export interface Seen {
  readonly path: string
  readonly isFolder: boolean
  readonly snapshot: Snapshot
}

/** What plans saw of each batch when they last looked, as far as no change of it can go unheard. */
export interface LastSeen {
  /** What stands of these batches, which nobody was told of a change of. */
  of(batches: Iterable<string>): Seen[]
  /** A survey looked at these, with the watches of all folders in place before. */
  keep(batches: Iterable<string>, survey: Survey): void
  forget(touched: ReadonlySet<string> | 'everything'): void
}

export function lastSeenOf(rules: readonly Rule[]): LastSeen {
  const patterns = heardOf(rules)
  /** Of each batch as many as there are patterns: undefined where one is to be looked at. As text: that takes a third of the room. */
  const kept = new Map<string, readonly (string | undefined)[]>()
  return {
    of(batches) {
      const seen: Seen[] = []
      for (const batch of batches) {
        kept.get(batch)?.forEach((text, i) => {
          const pattern = patterns[i]!
          const { isFolder } = pattern
          const path = expandPattern(pattern, { batch })
          if (text !== undefined) seen.push({ path, isFolder, snapshot: fromText(text) })
        })
      }
      return seen
    },
    keep(batches, survey) {
      for (const batch of batches) {
        const seen = patterns.map((pattern) => toKeep(survey, expandPattern(pattern, { batch }), pattern))
        if (seen.some((snapshot) => snapshot !== undefined)) kept.set(batch, seen)
        else kept.delete(batch)
      }
    },
    forget(touched) {
      if (touched === 'everything') kept.clear()
      else for (const batch of touched) kept.delete(batch)
    },
  }
}

/**
 * Patterns of which a batch alone tells the path, and the system of every change at it: core/watched has the folder of a file watched,
 * and of folders those that a rule reads. What lies in a target that nobody reads is watched by nobody; and a batch's own folder that
 * a file lies in may be a link.
 */
function heardOf(rules: readonly Rule[]): Pattern[] {
  const read = rules.flatMap((rule) => [...rule.sources.map(({ pattern }) => pattern), ...rule.uses])
  const made = rules.flatMap((rule) => rule.targets.map(({ pattern }) => pattern))
  const heard = [...read, ...made.filter(({ isFolder }) => !isFolder)].filter((pattern) => {
    return isOfBatchAlone(pattern) && batchSegment(pattern) === pattern.segments.length - 1
  })
  return [...new Map(heard.map((pattern) => [`${pattern.text} ${pattern.isFolder}`, pattern])).values()]
}

/**
 * Only what is there, and plain: where a link leads, and what lies deep in a folder, may change without a word. Of names that
 * never count nothing is told.
 */
function toKeep(survey: Survey, path: string, { isFolder }: Pattern): string | undefined {
  const snapshot = survey.known(path, { isFolder })
  if (snapshot?.status !== 'there' || !snapshot.isPlain) return undefined
  return path.split('/').some(neverCounts) ? undefined : toText(snapshot)
}

type There = Snapshot & { readonly status: 'there' }
type Kept = [stamp: There['stamp'], newestNs: string, newestPath: string, oldestNs: string, sizeBytes: number]

function toText({ stamp, newestNs, newestPath, oldestNs, sizeBytes }: There): string {
  const kept: Kept = [stamp, String(newestNs), newestPath, String(oldestNs), sizeBytes]
  return JSON.stringify(kept)
}

function fromText(text: string): There {
  const [stamp, newestNs, newestPath, oldestNs, sizeBytes] = JSON.parse(text) as Kept
  const times = { newestNs: BigInt(newestNs), newestPath, oldestNs: BigInt(oldestNs) }
  return { status: 'there', stamp, ...times, sizeBytes, isPlain: true }
}
