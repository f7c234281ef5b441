import { namedJobs } from '../core/goals.ts'
import type { PlannedGraph } from '../engine/book.ts'
import { UserError } from '../model/errors.ts'
import type { OpenWorkspace } from './workspace.ts'

export interface NamedPlan {
  readonly planned: PlannedGraph
  /** Ids of the jobs that the goals name; of all jobs, where there are none. */
  readonly named: ReadonlySet<string>
}

/**
 * A plan with what goals name: of ten thousand recordings only of those that they speak of, where the rules keep batches apart.
 * Throws UserError for a goal that nothing matches; `commands` are other words that it may have meant.
 */
export function planNamed(
  workspace: OpenWorkspace,
  goals: readonly string[],
  commands: readonly string[] = [],
): NamedPlan {
  const { rules } = workspace.ruleSet
  const planned = workspace.planOfGoals(goals)
  try {
    return { planned, named: namedJobs(planned.plan, rules, goals, commands) }
  } catch (error) {
    if (!(error instanceof UserError) || planned.scope === 'all') throw error
    // What it may have been meant for is among all the others.
    const all = workspace.plan()
    return { planned: all, named: namedJobs(all.plan, rules, goals, commands) }
  }
}
