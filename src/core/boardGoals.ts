import type { Board, BoardJob } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import { didYouMean } from './suggest.ts'

/** The jobs of a board that goals name: batches, rules, or jobs (`phy/B1`). Throws UserError for one that nothing matches. */
export function boardJobs(board: Board, goals: readonly string[]): BoardJob[] {
  const jobs = [...board.jobs.values()]
  const goal = strangeGoal(board, goals)
  if (goal !== undefined) {
    const known = new Set([...board.rules, ...jobs.flatMap((job) => job.batch ?? [])])
    throw new UserError(`nothing is called "${goal}": no batch, rule or job`, {
      hint: didYouMean(goal, known) ?? 'labmake status lists what there is.',
    })
  }
  return jobs.filter((job) => goals.some((goal) => isNamed(job, goal)))
}

/** The first goal that names no job of a board. */
export function strangeGoal(board: Board, goals: readonly string[]): string | undefined {
  const jobs = [...board.jobs.values()]
  return goals.find((goal) => !jobs.some((job) => isNamed(job, goal)))
}

const isNamed = ({ id, rule, batch }: BoardJob, goal: string) => id === goal || batch === goal || rule === goal
