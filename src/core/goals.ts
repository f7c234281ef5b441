import { UserError } from '../model/errors.ts'
import type { Plan } from '../model/plan.ts'
import type { Rule } from '../model/rule.ts'
import { didYouMean, nearest } from './suggest.ts'

/**
 * The jobs that goals name. A goal is a batch, a rule, a job (`denoise/B1`) or a target's path relative to the workspace;
 * no goals mean all jobs. Throws UserError for a goal that nothing matches; `commands` are other words that a typo may mean.
 */
export function namedJobs(
  plan: Plan,
  rules: readonly Rule[],
  goals: readonly string[],
  commands: readonly string[] = [],
): ReadonlySet<string> {
  if (goals.length === 0) return new Set(plan.jobs.map(({ job }) => job.id))
  const named = new Set<string>()
  for (const goal of goals) {
    const path = goal.replace(/^\.\//, '').replace(/\/+$/, '')
    const matches = plan.jobs.filter(
      ({ job }) =>
        job.id === goal || job.batch === goal || job.rule.name === goal || job.targets.some((t) => t.path === path),
    )
    if (matches.length === 0 && !rules.some((rule) => rule.name === goal))
      throw unknownGoal(plan, rules, goal, commands)
    for (const { job } of matches) named.add(job.id)
  }
  return named
}

/** To look for all names in more goals than these takes as long as a plan of everything. */
const mostApart = 64

/**
 * The batches that goals may speak of, where the rules keep batches apart: a job and its targets have the name of their batch
 * in theirs. `names`: of all batches that there may be. Undefined if it may be any.
 */
export function batchesOfGoals(
  rules: readonly Rule[],
  goals: readonly string[],
  names: readonly string[],
): ReadonlySet<string> | undefined {
  if (goals.length === 0 || goals.length > mostApart) return undefined
  if (rules.some(({ name }) => goals.includes(name))) return undefined
  return new Set(names.filter((name) => goals.some((goal) => goal.includes(name))))
}

/** The named jobs with all that they need. */
export function withPrerequisites(plan: Plan, named: ReadonlySet<string>): ReadonlySet<string> {
  if (named.size === plan.jobs.length) return named
  const chosen = new Set(named)
  // What is added to a set while it is gone through is gone through as well.
  for (const id of chosen) for (const needed of plan.byId.get(id)?.job.prerequisites ?? []) chosen.add(needed)
  return chosen
}

function unknownGoal(plan: Plan, rules: readonly Rule[], goal: string, commands: readonly string[]): UserError {
  const batches = new Set(plan.jobs.flatMap(({ job }) => job.batch ?? []))
  const targets = goal.includes('/') ? plan.jobs.flatMap(({ job }) => job.targets.map((t) => t.path)) : []
  const known = [...rules.map((rule) => rule.name), ...batches, ...targets]
  const orphan = plan.orphaned.find((o) => o.batch === goal || o.target.replace(/\/$/, '') === goal.replace(/\/$/, ''))
  if (orphan !== undefined) {
    return new UserError(`${goal} cannot be made: what ${orphan.target} was made from is gone`, {
      hint: `The result is kept. To make it again, put the source of rule ${orphan.rule} back.`,
    })
  }
  const command = nearest(goal, commands)
  if (command !== undefined && nearest(goal, known) === undefined) {
    return new UserError(`nothing is called "${goal}"`, { hint: `Did you mean: labmake ${command}?` })
  }
  return new UserError(`nothing is called "${goal}": no batch, rule or target`, {
    hint: didYouMean(goal, known) ?? 'There is no batch yet: drop a recording into inbox/, or see labmake doctor.',
  })
}
