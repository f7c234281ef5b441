import type { Part, Pattern, Rule, Segment } from '../model/rule.ts'
import type { Batches } from './batches.ts'
import { batchSegment, bindsBatchAlone } from './pattern.ts'

// When one recording of ten thousand changes, only its jobs are planned anew: the rules, the rows of these batches
// (scopeBatches) and a survey that looks for these batches only (surveyDisk with a scope) give the same jobs, verdicts
// and orphans of these batches as a plan of everything. This holds as long as no job of one batch can have to do with a
// job of another: canScope says whether the rules see to that, widenScope adds the batches that are a case apart.

/**
 * Can batches be planned apart from each other? No, if a rule has no {batch}, if a path that a batch makes may be, hold
 * or lie in a path that another batch makes or reads, or if the rules go in a circle, which is a fault of all batches.
 */
export function canScope(rules: readonly Rule[]): boolean {
  // An engine asks this before each of hundreds of plans, of the same rules.
  const known = scopes.get(rules) ?? keepApart(rules)
  scopes.set(rules, known)
  return known
}

const scopes = new WeakMap<readonly Rule[], boolean>()

function keepApart(rules: readonly Rule[]): boolean {
  if (rules.some((rule) => !rule.wildcards.includes('batch'))) return false
  const apart = (a: Pattern, b: Pattern) => !mayMeet(a, b) || tellSameBatch(a, b)
  const made = rules.flatMap(targetsOf)
  const named = [...made, ...rules.flatMap(readBy)]
  return made.every((target) => named.every((pattern) => apart(target, pattern))) && !hasCircle(rules)
}

/**
 * The rules by which some batches can be planned apart though another rule gathers them all in a table: those with {batch}, if
 * they keep batches apart and whatever becomes of the others is nothing to them. Undefined if there are none such.
 */
export function rulesApart(rules: readonly Rule[]): readonly Rule[] | undefined {
  const own = rules.filter((rule) => rule.wildcards.includes('batch'))
  const others = rules.filter((rule) => !own.includes(rule))
  if (own.length === 0 || !canScope(own)) return undefined
  const meets = (pattern: Pattern, patterns: readonly Pattern[]) => patterns.some((other) => mayMeet(pattern, other))
  const named = own.flatMap((rule) => [...targetsOf(rule), ...readBy(rule)])
  if (others.flatMap(targetsOf).some((made) => meets(made, named))) return undefined
  // Whether an intermediate has to be there is up to all who read it.
  const intermediates = own.filter(({ intermediate }) => intermediate).flatMap(targetsOf)
  return others.flatMap(readBy).some((read) => meets(read, intermediates)) ? undefined : own
}

/** What the manifests say of these batches. Faults stay: they are of the manifests as a whole. */
export function scopeBatches(batches: Batches, names: ReadonlySet<string>): Batches {
  const rows = [...names].flatMap((name) => {
    const row = batches.byName.get(name)
    return row === undefined ? [] : [[name, row] as const]
  })
  return { byName: new Map(rows), faults: batches.faults }
}

/**
 * The batches to plan when these have changed: also those of `known` that differ from one of them by case alone, since
 * both wait until one is renamed. `known`: all batches of the last plan and of the manifests.
 */
export function widenScope(names: ReadonlySet<string>, known: Iterable<string>): ReadonlySet<string> {
  const lower = new Set([...names].map((name) => name.toLowerCase()))
  const wide = new Set(names)
  for (const name of known) if (lower.has(name.toLowerCase())) wide.add(name)
  return wide
}

/** Names of batches, by what they have in common but for case: a plan of one is a plan of all that differ by case alone. */
export interface CaseTwins {
  add(name: string): void
  /** A name that was added, with its twins. */
  of(name: string): readonly string[]
}

export function caseTwinsOf(names: Iterable<string>): CaseTwins {
  const byLower = new Map<string, readonly string[]>()
  const add = (name: string) => {
    const lower = name.toLowerCase()
    const known = byLower.get(lower) ?? []
    if (!known.includes(name)) byLower.set(lower, [...known, name])
  }
  for (const name of names) add(name)
  return { add, of: (name) => byLower.get(name.toLowerCase()) ?? [] }
}

/**
 * As caseTwinsOf, where few of them are asked for: ten thousand names are then searched as one text, in a tenth of the time
 * that it takes to look at each. All are names of batches, which are ASCII: in small letters each is as long as it was.
 */
export function caseTwinsIn(names: readonly string[]): CaseTwins {
  let known: { readonly text: string; readonly lower: string } | undefined
  const added = caseTwinsOf([])
  function* inText(name: string): Generator<string> {
    if (known === undefined) {
      const text = `\n${names.join('\n')}\n`
      known = { text, lower: text.toLowerCase() }
    }
    const line = `\n${name.toLowerCase()}\n`
    for (let at = known.lower.indexOf(line); at >= 0; at = known.lower.indexOf(line, at + 1)) {
      yield known.text.slice(at + 1, at + line.length - 1)
    }
  }
  return { add: added.add, of: (name) => [...new Set([...inText(name), ...added.of(name)])] }
}

const targetsOf = (rule: Rule): Pattern[] => rule.targets.map((target) => target.pattern)
const readBy = (rule: Rule): Pattern[] => [...rule.sources.map((source) => source.pattern), ...rule.uses]

/** Could a path of one pattern be, hold, or lie in a path of the other? Says yes where it is not sure. */
function mayMeet(a: Pattern, b: Pattern): boolean {
  if (a.text.startsWith('/') !== b.text.startsWith('/')) return false
  const shared = Math.min(a.segments.length, b.segments.length)
  for (let i = 0; i < shared; i++) {
    const [left, right] = [a.segments[i]!, b.segments[i]!]
    if (left.kind === 'anyDepth' || right.kind === 'anyDepth') return true
    if (!namesMayMeet(left, right)) return false
  }
  return true
}

type OneName = Exclude<Segment, { readonly kind: 'anyDepth' }>

function namesMayMeet(a: OneName, b: OneName): boolean {
  if (a.kind === 'literal') return b.kind === 'literal' ? a.name === b.name : b.strict.test(a.name)
  if (b.kind === 'literal') return a.strict.test(b.name)
  const [startA, startB] = [literalText(a.parts[0]), literalText(b.parts[0])]
  const [endA, endB] = [literalText(a.parts.at(-1)), literalText(b.parts.at(-1))]
  return (startA.startsWith(startB) || startB.startsWith(startA)) && (endA.endsWith(endB) || endB.endsWith(endA))
}

const literalText = (part: Part | undefined) => (part !== undefined && 'literal' in part ? part.literal : '')

/** Where paths of both meet, do they speak of the same batch? Both have it in the same segment, written the same way. */
function tellSameBatch(a: Pattern, b: Pattern): boolean {
  const at = batchSegment(a)
  if (at < 0 || at !== batchSegment(b) || !bindsBatchAlone(a)) return false
  const isDeep = (pattern: Pattern) => pattern.segments.slice(0, at).some((segment) => segment.kind === 'anyDepth')
  const textAt = (pattern: Pattern) => pattern.text.replace(/^\//, '').split('/')[at]
  return textAt(a) === textAt(b) && !isDeep(a) && !isDeep(b)
}

/** Does a rule read what it makes itself, directly or through others? */
function hasCircle(rules: readonly Rule[]): boolean {
  const readers = new Map(
    rules.map((rule) => {
      const made = targetsOf(rule)
      return [rule, rules.filter((other) => readBy(other).some((read) => made.some((target) => mayMeet(target, read))))]
    }),
  )
  // Rules that nobody reads from are taken away until none is left; what stays goes in a circle.
  let left = new Set(rules)
  for (;;) {
    const rest = new Set([...left].filter((rule) => readers.get(rule)!.some((reader) => left.has(reader))))
    if (rest.size === left.size) return left.size > 0
    left = rest
  }
}
