import type { Fault } from '../model/errors.ts'
import { type Job, type JobSource, type MissingParam, shownPath } from '../model/job.ts'
import type { NamedPattern, Pattern, Rule } from '../model/rule.ts'
import { type Batches, caseTwins } from './batches.ts'
import { bindingKey, type Candidate, findCandidates } from './bindings.ts'
import { groupBy } from './groupBy.ts'
import { byName } from './names.ts'
import { expandPattern, foldersAbove, matchPattern } from './pattern.ts'
import { printable } from './printable.ts'
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

export interface Clash {
  readonly path: string
  readonly fault: Fault
}

/** Derives all jobs from the rules, the batches and what is on disk. Faults leave out the jobs they concern. */
export function buildGraph(rules: readonly Rule[], batches: Batches, survey: Survey): Graph {
  const { all, endless, dropped } = findCandidates(rules, batches, survey)
  const faults: Fault[] = endless.slice(0, 1).map(endlessFault)
  const twins = findTwins(all, batches, faults)
  const { producers, refused, clashes } = findProducers(all)
  for (const { fault } of clashes.values()) faults.push(fault)
  const kept = all.filter((c) => c.targets.every((t) => producers.get(t.path)?.id === c.id))
  const producerOf = producerIn(producers)
  const resolve = sourceResolver(kept, producerOf, survey)
  const jobs = kept.map((c) => makeJob(c, { resolve, batches, twins }))
  const { ordered, cyclic } = orderJobs(jobs, rules)
  // A circle of rules is one for every batch; one of them shows it.
  const circles = groupBy(cyclic, (cycle) => [...new Set(cycle.map((job) => job.rule.where))].sort().join())
  faults.push(...[...circles.values()].map(([cycle]) => cycleFault(cycle!)))
  faults.push(...strangeFaults(survey.strange()))
  return {
    jobs: ordered,
    byId: new Map(ordered.map((job) => [job.id, job])),
    consumers: consumersOf(ordered),
    producerOf,
    ignoreOf: ignoreIn(ordered),
    refused: new Set([...refused, ...dropped.flatMap((c) => c.targets.map((t) => t.path))]),
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
  const names = new Set([...batches.byName.keys(), ...all.flatMap((c) => c.binding.batch ?? [])])
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

interface Producer {
  readonly id: string
  readonly isFolder: boolean
  readonly rule: Rule
}

/** Who makes which path. A path that two jobs make, or that lies in another job's target, is nobody's: a fault. */
function findProducers(all: readonly Candidate[]): {
  producers: Map<string, Producer>
  refused: Iterable<string>
  clashes: Map<string, Clash>
} {
  const producers = new Map<string, Producer>()
  const refused = new Map<string, [Producer, Producer]>()
  for (const c of all) {
    for (const { path, isFolder } of c.targets) {
      const other = producers.get(path)
      if (other !== undefined) refused.set(path, [other, { id: c.id, isFolder, rule: c.rule }])
      else producers.set(path, { id: c.id, isFolder, rule: c.rule })
    }
  }
  for (const [path, producer] of producers) {
    for (const folder of foldersAbove(path)) {
      const above = producers.get(folder)
      if (above?.isFolder) refused.set(path, [above, producer])
    }
  }
  const clashes = new Map<string, Clash>()
  for (const [path, [a, b]] of refused) {
    producers.delete(path)
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
  return { producers, refused: refused.keys(), clashes }
}

/** A function of its own, as the next one is: an engine keeps them for hours, and what they do not name is forgotten. */
function producerIn(producers: ReadonlyMap<string, Producer>): Links['producerOf'] {
  return (path) => {
    const exact = producers.get(path)
    if (exact !== undefined) return exact.id
    for (const folder of foldersAbove(path)) {
      const above = producers.get(folder)
      if (above?.isFolder) return above.id
    }
    return undefined
  }
}

function ignoreIn(jobs: readonly Job[]): Links['ignoreOf'] {
  const folders = new Map(jobs.flatMap((j) => j.targets.filter((t) => t.isFolder).map((t) => [t.path, j.rule.ignore])))
  return (path) => folders.get(path) ?? []
}

type Resolve = (source: NamedPattern, candidate: Candidate) => JobSource

/** Fills in the sources of a job: paths gathered from disk and from what other jobs will make, and who makes them. */
function sourceResolver(
  kept: readonly Candidate[],
  producerOf: (path: string) => string | undefined,
  survey: Survey,
): Resolve {
  const made = kept.flatMap((c) => c.targets.map((target) => ({ ...target, id: c.id })))
  const gathers = new Map<Pattern, ReadonlyMap<string, readonly string[]>>()
  const gathered = (pattern: Pattern) => {
    const known = gathers.get(pattern)
    if (known !== undefined) return known
    const produced = made.flatMap(({ path, isFolder }) => {
      const binding = isFolder === pattern.isFolder ? matchPattern(pattern, path) : undefined
      return binding === undefined ? [] : [{ path, binding }]
    })
    const paths = new Map([...survey.find(pattern), ...produced].map((f) => [f.path, f]))
    const groups = groupBy(paths.values(), (f) => bindingKey(pattern.wildcards, f.binding))
    const sorted = new Map([...groups].map(([key, found]) => [key, found.map((f) => f.path).sort(byName)]))
    gathers.set(pattern, sorted)
    return sorted
  }
  const inFolder = makersInFolders(kept, made)
  return ({ name, pattern }, { binding }) => {
    const path = expandPattern(pattern, binding)
    if (!pattern.gathers) {
      const maker = producerOf(path)
      const makers =
        maker === undefined && pattern.isFolder ? (inFolder.get(path) ?? []) : maker === undefined ? [] : [maker]
      return { name, path, isFolder: pattern.isFolder, gathered: undefined, madeBy: makers }
    }
    const paths = gathered(pattern).get(bindingKey(pattern.wildcards, binding)) ?? []
    const folder = path.slice(0, path.indexOf('*')).replace(/\/[^/]*$/, '')
    const makers = new Set([folder, ...paths].map(producerOf).filter((id) => id !== undefined))
    return { name, path, isFolder: pattern.isFolder, gathered: paths, madeBy: [...makers] }
  }
}

/** For every folder that is a source: the jobs whose targets lie in it. */
function makersInFolders(
  kept: readonly Candidate[],
  made: readonly { path: string; id: string }[],
): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  for (const { rule, binding } of kept) {
    for (const { pattern } of rule.sources) {
      if (pattern.isFolder && !pattern.gathers) folders.set(expandPattern(pattern, binding), [])
    }
  }
  for (const { path, id } of made) for (const folder of foldersAbove(path)) folders.get(folder)?.push(id)
  return folders
}

interface JobContext {
  readonly resolve: Resolve
  readonly batches: Batches
  readonly twins: ReadonlyMap<string, string>
}

function makeJob(c: Candidate, { resolve, batches, twins }: JobContext): Job {
  const batch = c.binding.batch
  const row = batch === undefined ? undefined : batches.byName.get(batch)
  const params = new Map<string, string>()
  const missing: MissingParam[] = []
  for (const [name, fallback] of c.rule.params) {
    const value = row?.params.get(name) ?? (fallback.required ? undefined : fallback.value)
    if (value === undefined) missing.push({ kind: 'required', name })
    else params.set(name, value)
  }
  if (row?.refused !== undefined && c.rule.params.size > 0) missing.unshift({ kind: 'refused', ...row.refused })
  const twin = batch === undefined ? undefined : twins.get(batch)
  if (twin !== undefined) {
    missing.unshift({ kind: 'refused', where: `batch ${batch}`, message: `${twin} differs from it by case alone` })
  }
  const sources = c.rule.sources.map((source) => resolve(source, c))
  const uses = c.rule.uses.map((pattern, i) => resolve({ name: String(i + 1), pattern }, c))
  const prerequisites = [...new Set([...sources, ...uses].flatMap((s) => s.madeBy))]
  return {
    id: c.id,
    rule: c.rule,
    binding: c.binding,
    batch,
    params,
    sources,
    targets: c.targets,
    uses,
    missing,
    prerequisites,
  }
}

/** Jobs of a plan, in its order: prerequisites first, batch by batch, rules in their order. */
export function jobsInOrder(jobs: readonly Job[], rules: readonly Rule[]): readonly Job[] {
  return orderJobs(jobs, rules).ordered
}

/** Sorts jobs so that prerequisites come first, batch by batch, rules in their order; cycles are cut out and returned. */
function orderJobs(jobs: readonly Job[], rules: readonly Rule[]): { ordered: Job[]; cyclic: Job[][] } {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const sorted = sortJobs(jobs, rules)
  const ordered: Job[] = []
  const cyclic: Job[][] = []
  const state = new Map<Job, 'open' | 'done'>()
  const path: Job[] = []
  const visit = (job: Job) => {
    if (state.get(job) === 'done') return
    if (state.get(job) === 'open') {
      cyclic.push(path.slice(path.indexOf(job)))
      return
    }
    state.set(job, 'open')
    path.push(job)
    for (const id of job.prerequisites) {
      const prerequisite = byId.get(id)
      if (prerequisite !== undefined) visit(prerequisite)
    }
    path.pop()
    state.set(job, 'done')
    ordered.push(job)
  }
  for (const job of sorted) visit(job)
  const out = new Set(cyclic.flat())
  // A job of two circles was left behind where the search had passed it already.
  for (const job of needs(out, byId)) if (!out.has(job) && [...needs([job], byId)].some((n) => out.has(n))) out.add(job)
  return { ordered: ordered.filter((job) => !out.has(job)), cyclic }
}

/** The jobs that these need, directly or not. */
function needs(jobs: Iterable<Job>, byId: ReadonlyMap<string, Job>): ReadonlySet<Job> {
  const needed = new Set<Job>()
  const open = [...jobs]
  for (let job = open.pop(); job !== undefined; job = open.pop()) {
    for (const id of job.prerequisites) {
      const prerequisite = byId.get(id)
      if (prerequisite === undefined || needed.has(prerequisite)) continue
      needed.add(prerequisite)
      open.push(prerequisite)
    }
  }
  return needed
}

/** Batch by batch in the order of names, what has no batch last; within a batch by rule. */
function sortJobs(jobs: readonly Job[], rules: readonly Rule[]): Job[] {
  const ruleRank = new Map(rules.map((rule, i) => [rule, i]))
  const names = new Set(jobs.flatMap((job) => job.batch ?? []))
  const batchRank = new Map([...names].sort(byName).map((batch, i) => [batch, i]))
  // Looked up once a job and not once a comparison: there may be a hundred thousand.
  return jobs
    .map((job) => ({ job, batch: batchRank.get(job.batch ?? '') ?? names.size, rule: ruleRank.get(job.rule) ?? 0 }))
    .sort((a, b) => a.batch - b.batch || a.rule - b.rule || byName(a.job.id, b.job.id))
    .map(({ job }) => job)
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
