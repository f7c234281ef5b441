import { createReadStream, existsSync, statSync, watch } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { namedJobs } from '../core/goals.ts'
import { leftAttempts } from '../io/attempts.ts'
import { loggedAttempts, logPath } from '../io/logs.ts'
import { UserError } from '../model/errors.ts'
import { planNamed } from './namedPlan.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'

export interface LogOptions extends CommonOptions {
  readonly follow: boolean
  /** Which attempt; the last one if undefined. */
  readonly attempt: number | undefined
}

/** `labmake log BATCH [RULE]`: the output of a job's last attempt, or of another one. */
export async function logCommand(goal: string, rule: string | undefined, options: LogOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const { planned, named } = planNamed(workspace, [workspace.goal(goal)])
  const { plan } = planned
  const ofRule = rule === undefined ? named : namedJobs(plan, workspace.ruleSet.rules, [rule])
  const jobs = plan.jobs.map(({ job }) => job.id).filter((id) => named.has(id) && ofRule.has(id))
  const logged = jobs.filter((id) => loggedAttempts(workspace.root, id).length > 0)
  if (logged.length === 0) {
    const what = jobs.length === 0 ? `${goal} ${rule ?? ''}`.trim() : jobs.join(', ')
    const hint = 'labmake -n says what would run, labmake why what a job waits for.'
    throw new UserError(`there is no log yet: ${what} ${jobs.length > 1 ? 'have' : 'has'} not run`, { hint })
  }
  // Of a whole batch, the job that was at work last is the one a person means.
  const id = logged.toSorted((a, b) => lastChange(workspace.root, b) - lastChange(workspace.root, a))[0]!
  const attempts = loggedAttempts(workspace.root, id)
  const attempt = options.attempt ?? attempts.at(-1)!
  if (!attempts.includes(attempt)) {
    throw new UserError(`${id} has no attempt ${attempt}`, { hint: `Its attempts: ${attempts.join(', ')}.` })
  }
  const path = `${workspace.root}/${logPath(id, attempt)}`
  process.stderr.write(
    `${id}, attempt ${attempt}${attempts.length > 1 ? ` of ${attempts.join(', ')}` : ''}: ${logPath(id, attempt)}\n`,
  )
  if (options.follow)
    await follow(path, () => leftAttempts(workspace.root).some((a) => a.job === id && a.attempt === attempt))
  else await pipeline(createReadStream(path), process.stdout, { end: false })
  return exitCodes.fine
}

function lastChange(root: string, id: string): number {
  const path = `${root}/${logPath(id, loggedAttempts(root, id).at(-1)!)}`
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

/** How often the end of the job is looked for, and the file where no events come, ms. */
const pollMs = 300

/** Prints a log as it grows, until its job has ended. */
async function follow(path: string, runs: () => boolean): Promise<void> {
  let from = 0
  for (;;) {
    const going = runs()
    const size = statSync(path).size
    if (size < from) {
      process.stdout.write('\n[the log grew too long and was shortened: lines may be missing here]\n')
      from = size
    }
    if (size > from) {
      await pipeline(createReadStream(path, { start: from, end: size - 1 }), process.stdout, { end: false })
      from = size
    }
    if (!going) return
    await changed(path)
  }
}

function changed(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(path)
    const over = () => {
      clearTimeout(timer)
      watcher.close()
      resolve()
    }
    const timer = setTimeout(over, pollMs)
    watcher.once('change', over)
    watcher.once('error', over)
  })
}
