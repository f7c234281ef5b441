import type { Binding, JobPath } from '../model/job.ts'
import type { NamedPattern, Pattern, Rule } from '../model/rule.ts'
import type { Batches } from './batches.ts'
import { groupBy } from './groupBy.ts'
import { expandPattern, foldersAbove, matchPattern, parsePattern } from './pattern.ts'
import type { Survey } from './survey.ts'

/** One rule with one binding, and the job whose target led to it (undefined: found on disk or in a manifest). */
export interface Candidate {
  readonly rule: Rule
  readonly binding: Binding
  readonly id: string
  readonly targets: readonly JobPath[]
  readonly from: Candidate | undefined
}

export interface Candidates {
  readonly all: readonly Candidate[]
  /** The last of chains that would go on for ever: a rule makes its own sources. */
  readonly endless: readonly Candidate[]
  /** Candidates of such rules, and what was derived from them: none of `all`. */
  readonly dropped: readonly Candidate[]
}

/** `denoise/B1`; a rule without wildcards is its own name. */
export function jobId(rule: Rule, binding: Binding): string {
  return rule.wildcards.length === 0 ? rule.name : `${rule.name}/${bindingKey(rule.wildcards, binding)}`
}

type Partial = { readonly binding: Binding; readonly from: Candidate | undefined }

/**
 * Finds every binding of every rule: from files on disk, from manifest rows, and from the targets that other jobs will
 * make, until nothing new turns up. A chain is at most as long as there are rules; a longer one is endless.
 */
export function findCandidates(rules: readonly Rule[], batches: Batches, survey: Survey): Candidates {
  const all = new Map<string, Candidate>()
  const partials = new Map<Rule, Map<NamedPattern, Map<string, Partial>>>()
  for (const rule of rules) partials.set(rule, seedPartials(rule, survey))
  let fresh: Candidate[] = []
  const offer = (rule: Rule, { binding, from }: Partial) => {
    const id = jobId(rule, binding)
    if (all.has(id)) return
    const candidate: Candidate = { rule, binding, id, targets: expandTargets(rule, binding), from }
    all.set(id, candidate)
    fresh.push(candidate)
  }
  for (const rule of rules) for (const partial of manifestBindings(rule, batches)) offer(rule, partial)
  for (const rule of rules) for (const partial of fullBindings(rule, partials.get(rule)!)) offer(rule, partial)
  const consumers = rules.flatMap((rule) =>
    rule.sources.map((source) => {
      const { pattern } = source
      return { rule, pattern, prefixes: prefixes(pattern), known: partials.get(rule)!.get(source)! }
    }),
  )
  for (let round = 0; fresh.length > 0; round++) {
    if (round > rules.length) return dropEndless([...all.values()], fresh)
    const made = fresh
    fresh = []
    const touched = new Set<Rule>()
    for (const from of made) {
      for (const { path, isFolder } of from.targets) {
        for (const { rule, pattern, prefixes, known } of consumers) {
          // What is the source, holds it, or lies in it, begins as it does: most targets are none of that.
          if (!path.startsWith(pattern.prefix)) continue
          for (const binding of bindingsOfTarget(pattern, prefixes, path, isFolder)) {
            const key = bindingKey(pattern.wildcards, binding)
            if (known.has(key)) continue
            known.set(key, { binding, from })
            touched.add(rule)
          }
        }
      }
    }
    for (const rule of touched) for (const partial of fullBindings(rule, partials.get(rule)!)) offer(rule, partial)
  }
  return { all: [...all.values()], endless: [], dropped: [] }
}

/** Leaves out the rules that make their own sources: run once, they would find more to do each time. */
function dropEndless(all: readonly Candidate[], last: readonly Candidate[]): Candidates {
  const looping = new Set(last.flatMap(rulesInLoop))
  const isDropped = (candidate: Candidate) => {
    for (let at: Candidate | undefined = candidate; at !== undefined; at = at.from) {
      if (looping.has(at.rule)) return true
    }
    return false
  }
  return {
    all: all.filter((candidate) => !isDropped(candidate)),
    endless: last.filter(({ rule }) => looping.has(rule)),
    dropped: all.filter(isDropped),
  }
}

/** The rules between two candidates of one rule in a chain that is longer than there are rules. */
function rulesInLoop(last: Candidate): readonly Rule[] {
  const chain: Rule[] = []
  for (let at: Candidate | undefined = last; at !== undefined; at = at.from) {
    const start = chain.indexOf(at.rule)
    if (start >= 0) return chain.slice(start)
    chain.push(at.rule)
  }
  return []
}

function expandTargets(rule: Rule, binding: Binding): JobPath[] {
  return rule.targets.map(({ name, pattern }) => {
    return { name, path: expandPattern(pattern, binding), isFolder: pattern.isFolder }
  })
}

export function bindingKey(wildcards: readonly string[], binding: Binding): string {
  // Nearly every pattern has one: its value is the key, and no new text is made of it.
  let key = binding[wildcards[0] ?? ''] ?? ''
  for (let i = 1; i < wildcards.length; i++) key += `/${binding[wildcards[i]!]}`
  return key
}

function seedPartials(rule: Rule, survey: Survey): Map<NamedPattern, Map<string, Partial>> {
  return new Map(
    rule.sources.map((source) => {
      const { pattern } = source
      const partials = new Map<string, Partial>()
      for (const { binding } of pattern.wildcards.length === 0 ? [] : survey.find(pattern)) {
        partials.set(bindingKey(pattern.wildcards, binding), { binding, from: undefined })
      }
      return [source, partials]
    }),
  )
}

/** Batches of manifest rows that speak of this rule: they give one of its params, or name the batch and nothing else. */
function* manifestBindings(rule: Rule, batches: Batches): Generator<Partial> {
  if (rule.wildcards.length === 0) yield { binding: {}, from: undefined }
  if (rule.wildcards.length !== 1 || rule.wildcards[0] !== 'batch') return
  for (const [batch, { params }] of batches.byName) {
    if (params.size === 0 || [...params.keys()].some((name) => rule.params.has(name))) {
      yield { binding: { batch }, from: undefined }
    }
  }
}

/**
 * Whole bindings from what each source pattern matched: every match of a pattern that has all wildcards; where none has
 * all, the combinations that agree on the wildcards they share.
 */
function fullBindings(rule: Rule, bySource: ReadonlyMap<NamedPattern, ReadonlyMap<string, Partial>>): Partial[] {
  const binding = [...bySource].filter(([source]) => source.pattern.wildcards.length > 0)
  const full = binding.filter(([source]) => source.pattern.wildcards.length === rule.wildcards.length)
  if (full.length > 0) return full.flatMap(([, partials]) => [...partials.values()])
  let joined: Partial[] = [{ binding: {}, from: undefined }]
  let bound: string[] = []
  for (const [source, partials] of binding) {
    const shared = source.pattern.wildcards.filter((w) => bound.includes(w))
    const byShared = groupBy(partials.values(), (p) => bindingKey(shared, p.binding))
    joined = joined.flatMap((left) =>
      (byShared.get(bindingKey(shared, left.binding)) ?? []).map((right) => ({
        binding: { ...left.binding, ...right.binding },
        from: left.from ?? right.from,
      })),
    )
    bound = [...bound, ...source.pattern.wildcards]
  }
  return binding.length === 0 ? [] : joined
}

/** Beginnings of a source pattern that hold all its wildcards: a target folder that matches one will hold the source. */
function prefixes(pattern: Pattern): Pattern[] {
  const segments = pattern.text.split('/')
  return segments.slice(0, -1).flatMap((_, i) => {
    const prefix = segments.slice(0, i + 1).join('/')
    if (prefix === '' || prefix.includes('*')) return []
    const parsed = parsePattern(`${prefix}/`, { absolute: true })
    return parsed.wildcards.length === pattern.wildcards.length ? [parsed] : []
  })
}

/** Bindings of a source pattern that a target at `path` gives: it is the source, holds it, or lies in it. */
function* bindingsOfTarget(
  source: Pattern,
  prefixes: readonly Pattern[],
  path: string,
  isFolder: boolean,
): Generator<Binding> {
  if (source.wildcards.length === 0) return
  const exact = source.isFolder === isFolder ? matchPattern(source, path) : undefined
  if (exact !== undefined) yield exact
  if (isFolder) {
    for (const prefix of prefixes) {
      const binding = matchPattern(prefix, path)
      if (binding !== undefined) yield binding
    }
  }
  if (source.isFolder) {
    for (const folder of foldersAbove(path, source.prefix.length)) {
      const binding = matchPattern(source, folder)
      if (binding !== undefined) yield binding
    }
  }
}
