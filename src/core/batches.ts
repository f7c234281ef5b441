import type { Fault } from '../model/errors.ts'
import type { Rule } from '../model/rule.ts'
import type { Manifest, RefusedRow } from './manifest.ts'
import { byName } from './names.ts'
import { didYouMean } from './suggest.ts'

/** What the manifests say of one batch. */
export interface BatchParams {
  readonly params: ReadonlyMap<string, string>
  /** Set when a row of this batch was refused: the batch waits until it is mended. */
  readonly refused: { readonly where: string; readonly message: string } | undefined
}

export interface Batches {
  readonly byName: ReadonlyMap<string, BatchParams>
  readonly faults: readonly Fault[]
}

interface Given {
  readonly value: string
  readonly where: string
}

/**
 * Puts the rows of all manifests together. The same value twice is one; different values for one param refuse both rows
 * and make the batch wait. A column that no rule has as a param is refused with its batches, since a typo there would
 * otherwise quietly use the default. `disabled` are rule files that could not be read: with one of them, an unknown
 * column may well be a param of it.
 */
export function joinManifests(
  manifests: readonly Manifest[],
  rules: readonly Rule[],
  disabled: readonly string[],
): Batches {
  const faults: Fault[] = manifests.flatMap((m) => m.faults)
  const refused = new Map<string, { where: string; message: string }>()
  const given = new Map<string, Map<string, Given>>()
  const refuse = (row: RefusedRow) => {
    if (!refused.has(row.batch)) refused.set(row.batch, { where: row.where, message: row.message })
  }
  for (const row of manifests.flatMap((m) => m.refused)) refuse(row)
  const known = new Set(rules.flatMap((rule) => [...rule.params.keys()]))
  const strangeColumns = new Set<string>()
  for (const row of manifests.flatMap((m) => m.rows)) {
    const values = given.get(row.batch) ?? new Map<string, Given>()
    given.set(row.batch, values)
    for (const [name, value] of row.params) {
      if (!known.has(name) && disabled.length === 0) {
        const message = `column "${name}" is no param of any rule`
        refuse({ batch: row.batch, where: row.where, message })
        const file = row.where.replace(/:\d+$/, '')
        if (!strangeColumns.has(`${file} ${name}`)) faults.push(strangeColumn(file, name, known))
        strangeColumns.add(`${file} ${name}`)
        continue
      }
      const before = values.get(name)
      if (before !== undefined && before.value !== value) {
        const message = `${name} of ${row.batch} is "${value}" here and "${before.value}" at ${before.where}`
        faults.push({
          where: row.where,
          message,
          hint: `Both rows are refused and ${row.batch} waits: remove one of them.`,
        })
        refuse({ batch: row.batch, where: row.where, message })
      } else values.set(name, { value, where: row.where })
    }
  }
  const byName = new Map<string, BatchParams>()
  for (const batch of new Set([...given.keys(), ...refused.keys()])) {
    const params = new Map([...(given.get(batch) ?? [])].map(([name, { value }]) => [name, value]))
    byName.set(batch, { params, refused: refused.get(batch) })
  }
  return { byName, faults }
}

function strangeColumn(where: string, name: string, known: ReadonlySet<string>): Fault {
  const hint = [
    didYouMean(name, known),
    'Rename the column, add the param to a rule, or begin the name of a note with #. Until then its batches wait.',
  ]
  return { where, message: `column "${name}" is no param of any rule`, hint: hint.filter(Boolean).join(' ') }
}

/** Pairs of names that differ by case alone; the same pairs in whatever order the names come. */
export function caseTwins(names: Iterable<string>): [string, string][] {
  const seen = new Map<string, string>()
  const groups = new Map<string, Set<string>>()
  for (const name of names) {
    const lower = name.toLowerCase()
    const before = seen.get(lower)
    if (before === undefined) seen.set(lower, name)
    else if (before !== name) groups.set(lower, (groups.get(lower) ?? new Set([before])).add(name))
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = [...group].sort(byName)
    return others.map((other): [string, string] => [first!, other])
  })
}

/** Batches of which the manifests say something else than before: other params, refused or no more so, a row come or gone. */
export function changedBatches(before: Batches, after: Batches): ReadonlySet<string> {
  const changed = new Set<string>()
  for (const [name, now] of after.byName) if (!sameParams(before.byName.get(name), now)) changed.add(name)
  for (const name of before.byName.keys()) if (!after.byName.has(name)) changed.add(name)
  return changed
}

function sameParams(a: BatchParams | undefined, b: BatchParams): boolean {
  if (a === undefined || a.params.size !== b.params.size) return false
  for (const [name, value] of b.params) if (a.params.get(name) !== value) return false
  return a.refused?.where === b.refused?.where && a.refused?.message === b.refused?.message
}
