import type { Fault } from '../model/errors.ts'
import { type Job, type JobSource, type MissingParam, shownPath } from '../model/job.ts'
import type { NamedPattern, Pattern, Rule } from '../model/rule.ts'
import { type Batches, type BatchParams, caseTwins } from './batches.ts'
import { bindingKey, type Candidate, findCandidates } from './bindings.ts'
import { groupBy } from './groupBy.ts'
import { orderJobs } from './jobOrder.ts'
import { byName } from './names.ts'
import { expandPattern, matchPattern } from './pattern.ts'
import { printable } from './printable.ts'
import { type Clash, findProducers, isKept, makersInFolders, patternsMade, producerIn } from './producers.ts'
import type { StrangeName, Survey } from './survey.ts'

/** How jobs hang together. */
export interface Links {
  /** Ids of jobs that need a target of the job. */
  readonly consumers: ReadonlyMap<string, readonly string[]>
  /** The job that makes the path, or the folder that it lies in. */
  readonly producerOf: (path: string) => string | undefined
  /** Members of the target folder at this path that do not count. */
  readonly ignoreOf: (path: string) => readonly string[]
}

/** All jobs there are now, and who makes what. */
export interface Graph extends Links {
  /** Prerequisites before what needs them; within that, batch by batch. */
  readonly jobs: readonly Job[]
  readonly byId: ReadonlyMap<string, Job>
  /** Targets that could be made, but for a fault of their rules. */
  readonly refused: ReadonlySet<string>
  /** Of two rules that make one path, by their names: one of these paths, the first in the order of names. */
  readonly clashes: ReadonlyMap<string, Clash>
  /** Those of clashes are among them. */
  readonly faults: readonly Fault[]
}

const nothing: readonly never[] = []

/** Derives all jobs from the rules, the batches and what is on disk. Faults leave out the jobs they concern. */
export function buildGraph(rules: readonly Rule[], batches: Batches, survey: Survey): Graph {
  const { all, endless, dropped } = findCandidates(rules, batches, survey)
  const faults: Fault[] = endless.slice(0, 1).map(endlessFault)
  const twins = findTwins(all, batches, faults)
  const producers = findProducers(all)
  const { refused, clashes } = producers
  for (const { fault } of clashes.values()) faults.push(fault)
  const kept = refused.size === 0 ? all : all.filter((c) => isKept(c, producers))
  const producerOf = producerIn(producers)
  const resolve = sourceResolver({ rules, kept, producerOf, survey })
  const paramsOf = paramsResolver(rules, batches)
  const jobs = kept.map((c) => makeJob(c, { resolve, paramsOf, twins }))
  const { ordered, byId, cyclic } = orderJobs(jobs, rules)
  // A circle of rules is one for every batch; one of them shows it.
  const circles = groupBy(cyclic, (cycle) => [...new Set(cycle.map((job) => job.rule.where))].sort().join())
  faults.push(...[...circles.values()].map(([cycle]) => cycleFault(cycle!)))
  faults.push(...strangeFaults(survey.strange()))
  return {
    jobs: ordered,
    byId,
    consumers: consumersOf(ordered),
    producerOf,
    ignoreOf: ignoreIn(ordered),
    refused: new Set([...refused.keys(), ...dropped.flatMap((c) => c.targets.map((t) => t.path))]),
    clashes,
    faults,
  }
}

const badBatchHint = 'Rename it: letters, digits and . _ + -, beginning with a letter or digit, 128 at the most.'

export function strangeFaults(strange: Iterable<StrangeName>): Fault[] {
  return [...strange].map(({ path, name }) => {
    return {
      where: path,
      message: `"${printable(name)}" holds no batch name, so it is not a recording`,
      hint: badBatchHint,
    }
  })
}

function endlessFault(candidate: Candidate): Fault {
  const chain: string[] = []
  for (let at: Candidate | undefined = candidate; at !== undefined && chain.length < 4; at = at.from) {
    chain.unshift(at.targets[0]!.path)
  }
  return {
    where: candidate.rule.where,
    message: `rule ${candidate.rule.name} makes its own sources, without end: … → ${chain.join(' → ')}`,
    hint: 'Write the target so that the source pattern does not match it: another folder or another ending.',
  }
}

function cycleFault(cycle: readonly Job[]): Fault {
  const names = [...cycle, cycle[0]!].map((job) => job.id)
  return {
    where: [...new Set(cycle.map((job) => job.rule.where))].join(', '),
    message: `the rules go in a circle: ${names.join(' → ')}`,
    hint: 'Each needs a target of the one before. Change a source or a target so that there is a first one.',
  }
}

function findTwins(all: readonly Candidate[], batches: Batches, faults: Fault[]): ReadonlyMap<string, string> {
  const names = new Set(batches.byName.keys())
  for (const { binding } of all) if (binding.batch !== undefined) names.add(binding.batch)
  const twins = new Map<string, string>()
  for (const [a, b] of caseTwins(names)) {
    twins.set(a, b).set(b, a)
    faults.push({
      where: a,
      message: `the batches ${a} and ${b} differ by case alone`,
      hint: 'Rename one of them: on some disks they are one folder. Until then both wait.',
    })
  }
  return twins
}

/** A function of its own, as producerIn is: an engine keeps them for hours, and what they do not name is forgotten. */
function ignoreIn(jobs: readonly Job[]): Links['ignoreOf'] {
  const folders = new Map<string, readonly string[]>()
  for (const { rule, targets } of jobs) {
    if (rule.ignore.length > 0) for (const { path, isFolder } of targets) if (isFolder) folders.set(path, rule.ignore)
  }
  return (path) => folders.get(path) ?? nothing
}

type Resolve = (source: NamedPattern, candidate: Candidate) => JobSource

interface ResolverInput {
  readonly rules: readonly Rule[]
  readonly kept: readonly Candidate[]
  readonly producerOf: Links['producerOf']
  readonly survey: Survey
}

/** Fills in the sources of a job: paths gathered from disk and from what other jobs will make, and who makes them. */
function sourceResolver({ rules, kept, producerOf, survey }: ResolverInput): Resolve {
  const gathers = new Map<Pattern, ReadonlyMap<string, readonly string[]>>()
  const gathered = (pattern: Pattern) => {
    const known = gathers.get(pattern)
    if (known !== undefined) return known
    const paths = new Map(survey.find(pattern).map((found) => [found.path, found]))
    for (const { path, isFolder } of kept.flatMap(({ targets }) => targets)) {
      const binding = isFolder === pattern.isFolder ? matchPattern(pattern, path) : undefined
      if (binding !== undefined) paths.set(path, { path, binding })
    }
    const groups = groupBy(paths.values(), (f) => bindingKey(pattern.wildcards, f.binding))
    const sorted = new Map([...groups].map(([key, found]) => [key, found.map((f) => f.path).sort(byName)]))
    gathers.set(pattern, sorted)
    return sorted
  }
  const madePatterns = patternsMade(rules)
  const inFolder = makersInFolders(kept, madePatterns)
  const makersOf = (path: string, isFolder: boolean): readonly string[] => {
    const maker = producerOf(path)
    if (maker !== undefined) return [maker]
    return isFolder ? (inFolder.get(path) ?? nothing) : nothing
  }
  return ({ name, pattern }, { binding }) => {
    const path = expandPattern(pattern, binding)
    const { isFolder, gathers } = pattern
    if (!gathers) {
      const madeBy = madePatterns.has(pattern) ? makersOf(path, isFolder) : nothing
      return { name, path, isFolder, gathered: undefined, madeBy }
    }
    const paths = gathered(pattern).get(bindingKey(pattern.wildcards, binding)) ?? nothing
    const folder = path.slice(0, path.indexOf('*')).replace(/\/[^/]*$/, '')
    const makers = new Set([folder, ...paths].map(producerOf).filter((id) => id !== undefined))
    return { name, path, isFolder, gathered: paths, madeBy: [...makers] }
  }
}

type ParamsOf = (rule: Rule, batch: string | undefined) => Pick<Job, 'params' | 'missing'>

/** The params of a job: those of its rule, with the values of its manifest row. */
function paramsResolver(rules: readonly Rule[], batches: Batches): ParamsOf {
  // One for all jobs of a rule of which no manifest says anything, and these are most.
  const defaults = new Map(rules.map((rule) => [rule, fillParams(rule, undefined)]))
  return (rule, batch) => {
    const row = batch === undefined || rule.params.size === 0 ? undefined : batches.byName.get(batch)
    return row === undefined ? defaults.get(rule)! : fillParams(rule, row)
  }
}

function fillParams(rule: Rule, row: BatchParams | undefined): Pick<Job, 'params' | 'missing'> {
  const params = new Map<string, string>()
  const missing: MissingParam[] = []
  for (const [name, fallback] of rule.params) {
    const value = row?.params.get(name) ?? (fallback.required ? undefined : fallback.value)
    if (value === undefined) missing.push({ kind: 'required', name })
    else params.set(name, value)
  }
  if (row?.refused !== undefined) missing.unshift({ kind: 'refused', ...row.refused })
  return { params, missing }
}

interface JobContext {
  readonly resolve: Resolve
  readonly paramsOf: ParamsOf
  readonly twins: ReadonlyMap<string, string>
}

function makeJob(c: Candidate, { resolve, paramsOf, twins }: JobContext): Job {
  const { id, rule, binding, targets } = c
  const { batch } = binding
  const { params, missing } = paramsOf(rule, batch)
  const twin = batch === undefined ? undefined : twins.get(batch)
  const sources = rule.sources.map((source) => resolve(source, c))
  const uses = rule.uses.map((pattern, i) => resolve({ name: String(i + 1), pattern }, c))
  return {
    id,
    rule,
    binding,
    batch,
    params,
    sources,
    targets,
    uses,
    missing: twin === undefined ? missing : [twinMissing(batch!, twin), ...missing],
    prerequisites: makersOf(sources, uses),
  }
}

function twinMissing(batch: string, twin: string): MissingParam {
  return { kind: 'refused', where: `batch ${batch}`, message: `${twin} differs from it by case alone` }
}

/** Ids of all jobs that make something of these, each once. */
function makersOf(sources: readonly JobSource[], uses: readonly JobSource[]): readonly string[] {
  if (sources.length === 1 && uses.length === 0) return sources[0]!.madeBy
  return [...new Set([...sources, ...uses].flatMap((source) => source.madeBy))]
}

function consumersOf(jobs: readonly Job[]): Map<string, string[]> {
  const consumers = new Map<string, string[]>()
  for (const job of jobs) {
    for (const id of job.prerequisites) {
      const list = consumers.get(id)
      if (list === undefined) consumers.set(id, [job.id])
      else list.push(job.id)
    }
  }
  return consumers
}

/** The sources of a job as a person lists them. */
export function shownSources(job: Job): string[] {
  return job.sources.flatMap((s) =>
    s.gathered === undefined ? [shownPath(s)] : s.gathered.map((path) => shownPath({ ...s, path })),
  )
}
