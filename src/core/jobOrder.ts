import type { Job } from '../model/job.ts'
import type { Rule } from '../model/rule.ts'
import { groupBy } from './groupBy.ts'
import { byName } from './names.ts'

export interface OrderedJobs {
  /** Prerequisites first; within that batch by batch, rules in their order. */
  readonly ordered: readonly Job[]
  readonly byId: ReadonlyMap<string, Job>
  /** What was left out: jobs that go in a circle. */
  readonly cyclic: readonly (readonly Job[])[]
}

/** Jobs of a plan, in its order: prerequisites first, batch by batch, rules in their order. */
export function jobsInOrder(jobs: readonly Job[], rules: readonly Rule[]): readonly Job[] {
  return orderJobs(jobs, rules).ordered
}

/** Sorts jobs so that prerequisites come first, batch by batch, rules in their order; cycles are cut out and returned. */
export function orderJobs(jobs: readonly Job[], rules: readonly Rule[]): OrderedJobs {
  const sorted = sortJobs(jobs, rules)
  const byId = new Map<string, Job>()
  // People write rules in the order in which their jobs run: to sort is then all that there is to do.
  let isInOrder = true
  for (const job of sorted) {
    isInOrder &&= job.prerequisites.every((id) => byId.has(id))
    byId.set(job.id, job)
  }
  return isInOrder ? { ordered: sorted, byId, cyclic: [] } : putPrerequisitesFirst(sorted, byId)
}

function putPrerequisitesFirst(sorted: readonly Job[], byId: ReadonlyMap<string, Job>): OrderedJobs {
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
  const left = ordered.filter((job) => !out.has(job))
  return { ordered: left, byId: new Map(left.map((job) => [job.id, job])), cyclic }
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
  const rankOf = ({ rule }: Job) => ruleRank.get(rule) ?? 0
  // Sorted apart, since of a hundred thousand jobs only a few are of one batch.
  const byBatch = groupBy(jobs, ({ batch }) => batch)
  const names = [...byBatch.keys()].filter((name) => name !== undefined).sort(byName)
  const sorted: Job[] = []
  for (const name of [...names, undefined]) {
    const own = byBatch.get(name) ?? []
    if (own.length > 1) own.sort((a, b) => rankOf(a) - rankOf(b) || byName(a.id, b.id))
    for (const job of own) sorted.push(job)
  }
  return sorted
}
