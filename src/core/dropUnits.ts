import type { Binding } from '../model/job.ts'
import type { Acceptance, Segment } from '../model/rule.ts'
import { isBatchName } from './names.ts'
import { bindingOf } from './pattern.ts'

/**
 * A recording in a drop: a folder whose members an acceptance names, or a single file. It is stored as a whole and never
 * split, whatever else lies in its folder.
 */
export interface DropUnit {
  /** From inside the drop; empty for the drop itself. */
  readonly path: string
  readonly isFile: boolean
  readonly acceptance: Acceptance
  readonly binding: Binding
}

/** Folders above a recording in a drop: a session of a day of an animal. Deeper ones are more likely a mistake. */
const containerDepth = 4

/** The recordings that these files make up; `files` are paths from inside the drop, empty for the drop itself. */
export function findUnits(drop: string, files: readonly string[], acceptances: readonly Acceptance[]): DropUnit[] {
  const units = new Map<string, DropUnit>()
  for (const file of files) {
    const unit = unitOf(drop, file, acceptances)
    if (unit === undefined) continue
    // Of the acceptances that name members of a folder, the first in the rule files decides for all of it.
    const before = units.get(unit.path)
    if (before === undefined || rankOf(unit, acceptances) < rankOf(before, acceptances)) units.set(unit.path, unit)
  }
  return [...units.values()].filter((unit) => unit.isFile || !isInside(unit.path, units))
}

const rankOf = (unit: DropUnit, acceptances: readonly Acceptance[]) => {
  return acceptances.indexOf(unit.acceptance) + (isBatchName(unit.binding.batch ?? 'B') ? 0 : acceptances.length)
}

/** Does a path lie in the folder of one of these? */
export function isInside(path: string, units: ReadonlyMap<string, DropUnit>): boolean {
  if (path === '') return false
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (units.has(path.slice(0, at))) return true
  }
  return units.has('')
}

/** The recording that a file belongs to: the outermost that has a good name, else the outermost of all. */
function unitOf(drop: string, file: string, acceptances: readonly Acceptance[]): DropUnit | undefined {
  const names = file === '' ? [drop] : [drop, ...file.split('/')]
  for (const how of ['strict', 'loose'] as const) {
    for (let above = 0; above < Math.min(names.length, containerDepth + 1); above++) {
      for (const acceptance of acceptances) {
        const match = matchAcceptance(acceptance, names.slice(above), how)
        if (match === undefined) continue
        const { binding, unitNames } = match
        const path = names.slice(1, above + unitNames).join('/')
        return { path, isFile: above + unitNames === names.length, acceptance, binding }
      }
    }
  }
  return undefined
}

interface AcceptedPath {
  readonly binding: Binding
  /** How many of the names, from the first, lead to the recording itself. */
  readonly unitNames: number
}

/** Does the acceptance name a file by this path? `loose`: its batch may have a name that no batch can have. */
export function matchAcceptance(
  { accept, store }: Acceptance,
  names: readonly string[],
  how: 'strict' | 'loose',
): AcceptedPath | undefined {
  const { segments, isFolder } = accept
  // A folder is accepted for any file in it.
  const most = isFolder ? names.length - 1 : names.length
  for (let count = isFolder ? 1 : names.length; count <= most; count++) {
    const match = matchNames(segments, names.slice(0, count), how)
    if (match === undefined) continue
    if (!store.isFolder && !isFolder) return { binding: match.binding, unitNames: names.length }
    const deciding = segments.findLastIndex((segment) => wildcardsOf(segment).some((w) => store.wildcards.includes(w)))
    if (deciding < 0) return { binding: match.binding, unitNames: isFolder ? count : names.length }
    return { binding: match.binding, unitNames: match.ends[deciding]! }
  }
  return undefined
}

const wildcardsOf = (segment: Segment): readonly string[] =>
  segment.kind === 'match' ? segment.parts.flatMap((part) => ('wildcard' in part ? [part.wildcard] : [])) : []

interface NamesMatch {
  readonly binding: Binding
  /** For each segment, how many names it and those before it take. */
  readonly ends: readonly number[]
}

function matchNames(
  segments: readonly Segment[],
  names: readonly string[],
  how: 'strict' | 'loose',
  start: NamesMatch = { binding: {}, ends: [] },
): NamesMatch | undefined {
  const [segment, ...rest] = segments
  const taken = start.ends.at(-1) ?? 0
  if (segment === undefined) return taken === names.length ? start : undefined
  if (segment.kind === 'anyDepth') {
    for (let end = taken; end <= names.length; end++) {
      if (end > taken && names[end - 1]!.startsWith('.')) return undefined
      // At the end of a pattern it stands for files: at least one name.
      if (rest.length === 0 && end < names.length) continue
      const match = matchNames(rest, names, how, { binding: start.binding, ends: [...start.ends, end] })
      if (match !== undefined) return match
    }
    return undefined
  }
  const name = names[taken]
  if (name === undefined) return undefined
  const binding = matchSegment(segment, name, how)
  if (binding === undefined) return undefined
  for (const [key, value] of Object.entries(binding)) {
    if ((start.binding[key] ?? value) !== value) return undefined
  }
  return matchNames(rest, names, how, {
    binding: { ...start.binding, ...binding },
    ends: [...start.ends, taken + 1],
  })
}

function matchSegment(segment: Exclude<Segment, { kind: 'anyDepth' }>, name: string, how: 'strict' | 'loose') {
  if (segment.kind === 'literal') return segment.name === name ? {} : undefined
  const match = segment[how].exec(name)
  return match === null ? undefined : bindingOf(match)
}
