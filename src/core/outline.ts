import type { Fault } from '../model/errors.ts'
import type { NamedPattern, Pattern, RuleSet } from '../model/rule.ts'
import type { Batches } from './batches.ts'
import { strangeFaults } from './graph.ts'
import { batchSegment, bindsBatchAlone } from './pattern.ts'
import { canScope } from './scope.ts'
import type { StrangeName, Survey } from './survey.ts'

/** All batches that there may be: a plan of everything is the plans of these, where the rules keep batches apart. */
export interface Outline {
  readonly rules: RuleSet
  /** Sorted by code unit. Of some there may be nothing: a name alone says little. */
  readonly names: readonly string[]
  /** What only a look at all names shows: folders that hold no batch name, and what may not be read. */
  readonly faults: readonly Fault[]
}

/**
 * Finds the names of all batches without a look at what is in them; undefined where the rules do not keep batches apart. A
 * step for each folder, and for some of many names in one: between two of them an engine can do something else.
 */
export function outlineOf(
  rules: RuleSet,
  batches: Batches,
  survey: Survey,
): Generator<undefined, Outline, undefined> | undefined {
  return canScope(rules.rules) ? findNames(rules, batches, survey) : undefined
}

function* findNames(rules: RuleSet, batches: Batches, survey: Survey): Generator<undefined, Outline, undefined> {
  const names = new Set(batches.byName.keys())
  const strange: StrangeName[] = []
  for (const pattern of withBatch(rules.rules.flatMap((rule) => rule.sources))) {
    strange.push(...(yield* addNames(names, pattern, survey)))
    yield
  }
  strange.push(...survey.strange())
  // Of targets the names alone: what lies among them and is none of ours is nobody's fault.
  for (const pattern of withBatch(rules.rules.flatMap((rule) => rule.targets))) {
    yield* addNames(names, pattern, survey)
    yield
  }
  const faults = strangeFaults(new Map(strange.map((one) => [one.path, one])).values())
  const unread = [...survey.unreadable()].map(([where, { message, hint }]): Fault => {
    return { where, message, ...(hint === undefined ? {} : { hint }) }
  })
  return { rules, names: [...names].sort(), faults: [...faults, ...unread] }
}

/** Those that may lead to a batch, each once. */
function withBatch(patterns: readonly NamedPattern[]): Iterable<Pattern> {
  const all = patterns.map(({ pattern }) => pattern).filter(({ wildcards }) => wildcards.includes('batch'))
  return new Map(all.map((pattern) => [`${pattern.text} ${pattern.isFolder}`, pattern])).values()
}

/** Is a name in one folder, or in a few, all that it takes to tell a batch? */
function isFoundByName(pattern: Pattern): boolean {
  const at = batchSegment(pattern)
  const others = pattern.segments.filter((segment) => {
    return segment.kind === 'match' && segment.parts.some((part) => 'wildcard' in part && part.wildcard === 'batch')
  })
  const isDeep = pattern.segments.slice(0, at).some((segment) => segment.kind === 'anyDepth')
  return bindsBatchAlone(pattern) && others.length === 1 && !isDeep
}

/** About a ms. */
const namesInStep = 2000

/** Adds the batches that files on disk tell of. Returns names that stand where a batch does, and are none; of some the survey knows. */
function* addNames(
  names: Set<string>,
  pattern: Pattern,
  survey: Survey,
): Generator<undefined, StrangeName[], undefined> {
  if (!isFoundByName(pattern)) {
    for (const { binding } of survey.find(pattern)) names.add(binding.batch!)
    return []
  }
  const at = batchSegment(pattern)
  const strange: StrangeName[] = []
  let folders = [pattern.text.startsWith('/') ? '/' : '']
  for (const [i, segment] of pattern.segments.slice(0, at + 1).entries()) {
    const join = (folder: string, name: string) =>
      folder === '' || folder === '/' ? folder + name : `${folder}/${name}`
    if (segment.kind === 'literal') folders = folders.map((folder) => join(folder, segment.name))
    if (segment.kind !== 'match') continue
    const kind = i === pattern.segments.length - 1 && !pattern.isFolder ? 'file' : 'folder'
    const inner: string[] = []
    for (const folder of folders) {
      const entries = survey.list(folder === '' ? '.' : folder)
      for (const [n, entry] of entries.entries()) {
        if (n % namesInStep === 0) yield
        if (entry.kind !== kind) continue
        const match = segment.strict.exec(entry.name)
        if (match === null) {
          const isStrange = i === at && !pattern.gathers && segment.loose.test(entry.name)
          if (isStrange) strange.push({ path: join(folder, entry.name), name: entry.name })
        } else if (i === at) names.add(match.groups!.batch!)
        else inner.push(join(folder, entry.name))
      }
    }
    folders = inner
  }
  return strange
}
