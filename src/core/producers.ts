import type { Fault } from '../model/errors.ts'
import type { Pattern, Rule } from '../model/rule.ts'
import type { Candidate } from './bindings.ts'
import { byName } from './names.ts'
import { areApart, expandPattern, foldersAbove } from './pattern.ts'

/** Who makes which path. */
export interface Producers {
  readonly byPath: ReadonlyMap<string, Producer>
  /** Length of the shortest path of a target folder: nothing lies in one that has no folder so long above it. */
  readonly shortestFolder: number
  /** Paths that two jobs make, or that lie in another job's target: they are nobody's. */
  readonly refused: ReadonlyMap<string, readonly [Producer, Producer]>
  /** Of two rules that make one path, by their names: one of these paths, the first in the order of names. */
  readonly clashes: ReadonlyMap<string, Clash>
}

interface Producer {
  readonly id: string
  readonly isFolder: boolean
  readonly rule: Rule
}

export interface Clash {
  readonly path: string
  readonly fault: Fault
}

export function findProducers(all: readonly Candidate[]): Producers {
  const byPath = new Map<string, Producer>()
  const refused = new Map<string, [Producer, Producer]>()
  let shortestFolder = Number.POSITIVE_INFINITY
  for (const { id, rule, targets } of all) {
    for (const { path, isFolder } of targets) {
      const producer = { id, isFolder, rule }
      const other = byPath.get(path)
      if (other !== undefined) refused.set(path, [other, producer])
      else byPath.set(path, producer)
      if (isFolder && path.length < shortestFolder) shortestFolder = path.length
    }
  }
  for (const [path, producer] of byPath) {
    for (const folder of foldersAbove(path, shortestFolder)) {
      const above = byPath.get(folder)
      if (above?.isFolder) refused.set(path, [above, producer])
    }
  }
  for (const path of refused.keys()) byPath.delete(path)
  return { byPath, shortestFolder, refused, clashes: clashesOf(refused) }
}

function clashesOf(refused: Producers['refused']): Map<string, Clash> {
  const clashes = new Map<string, Clash>()
  for (const [path, [a, b]] of refused) {
    const pair = `${a.rule.name} ${b.rule.name}`
    const known = clashes.get(pair)
    if (known !== undefined && byName(known.path, path) <= 0) continue
    const fault: Fault = {
      where: b.rule.where,
      message: `two jobs make ${path}: ${a.id} (${a.rule.where}) and ${b.id} (${b.rule.where})`,
      hint: 'Change the target of one of the rules, so that no target is, or lies in, another one.',
    }
    clashes.set(pair, { path, fault })
  }
  return clashes
}

/** Is none of its targets refused? */
export function isKept({ id, targets }: Candidate, { byPath }: Producers): boolean {
  return targets.every(({ path }) => byPath.get(path)?.id === id)
}

/**
 * The job that makes a path, or the folder that it lies in. A function of its own: an engine keeps it for hours, and what it
 * does not name is forgotten.
 */
export function producerIn({ byPath, shortestFolder }: Producers): (path: string) => string | undefined {
  return (path) => {
    const exact = byPath.get(path)
    if (exact !== undefined) return exact.id
    for (const folder of foldersAbove(path, shortestFolder)) {
      const above = byPath.get(folder)
      if (above?.isFolder) return above.id
    }
    return undefined
  }
}

/** Of all that rules read, what some rule may make, or make a part of. Recordings are none of it: nobody asks who makes them. */
export function patternsMade(rules: readonly Rule[]): ReadonlySet<Pattern> {
  const targets = rules.flatMap((rule) => rule.targets)
  const read = rules.flatMap((rule) => [...rule.sources.map(({ pattern }) => pattern), ...rule.uses])
  return new Set(read.filter((pattern) => targets.some((target) => !areApart(target.pattern, pattern))))
}

/** For every folder that is a source: the jobs whose targets lie in it. `made`: see patternsMade. */
export function makersInFolders(
  kept: readonly Candidate[],
  made: ReadonlySet<Pattern>,
): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>()
  let shortest = Number.POSITIVE_INFINITY
  for (const { rule, binding } of kept) {
    for (const { pattern } of rule.sources) {
      if (!pattern.isFolder || pattern.gathers || !made.has(pattern)) continue
      const path = expandPattern(pattern, binding)
      folders.set(path, [])
      if (path.length < shortest) shortest = path.length
    }
  }
  for (const { id, targets } of kept) {
    for (const { path } of targets) {
      for (const folder of foldersAbove(path, shortest)) {
        const makers = folders.get(folder)
        if (makers?.at(-1) !== id) makers?.push(id)
      }
    }
  }
  return folders
}
