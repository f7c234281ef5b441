import { namedJobs, withPrerequisites } from '../core/goals.ts'
import { jobsToRun } from '../core/plan.ts'
import { plural } from '../core/sizes.ts'
import { standingOf } from '../core/standing.ts'
import { leftAttempts } from '../io/attempts.ts'
import type { Plan } from '../model/plan.ts'
import { hasDrops } from './drops.ts'
import { planJson, planLines } from './dryRun.ts'
import { type Ending, endingLines, exitCodeOf } from './ending.ts'
import { type EngineHost, hostEngine } from './host.ts'
import { lineReporter } from './lines.ts'
import { liveReporter } from './live.ts'
import { namedCommands } from './names.ts'
import { type BuildCommandOptions, type ExitCode, exitCodes } from './options.ts'
import type { Reporter } from './reporter.ts'
import { styleOf } from './terminal.ts'
import { type OpenWorkspace, openWorkspace } from './workspace.ts'

/** A build, or a dry run, in this process. */
export async function buildHere(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const workspace = await openWorkspace(options.directory)
  const goals = typed.map((goal) => workspace.goal(goal))
  // What lies in the inbox may be what is asked for: it is taken before anything is planned.
  if (!options.dryRun && hasDrops(workspace.root)) return runBuild(workspace, goals, options)
  const planned = workspace.plan()
  const chosen = chooseGoals(planned.plan, workspace, goals)
  const left = leftAttempts(workspace.root)
  if (options.dryRun) {
    showPlan(planned.plan, chosen, options)
    if (left.length > 0 && !options.json) {
      process.stdout.write(
        `The next run takes over ${plural(left.length, 'attempt')} of an earlier labmake: ${left.map((a) => a.job).join(', ')}.\n`,
      )
    }
    return planned.plan.errors.length > 0 ? exitCodes.wrong : exitCodes.fine
  }
  if (left.length === 0 && jobsToRun(planned.plan, chosen).length === 0) {
    return finish(planned.plan, chosen, { outcomes: new Map(), isAsked: goals.length > 0, seconds: 0 }, options)
  }
  return runBuild(workspace, goals, options)
}

/** The jobs that goals name, with all that they need. */
export function chooseGoals(plan: Plan, workspace: OpenWorkspace, goals: readonly string[]): ReadonlySet<string> {
  return withPrerequisites(plan, namedJobs(plan, workspace.ruleSet.rules, goals, namedCommands))
}

function showPlan(plan: Plan, chosen: ReadonlySet<string>, { json, color, verbose }: BuildCommandOptions): void {
  if (json) process.stdout.write(`${JSON.stringify(planJson(plan, chosen))}\n`)
  else
    process.stdout.write(`${planLines(plan, chosen, { style: styleOf(process.stdout, color), verbose }).join('\n')}\n`)
}

/** Runs with the lock held: takes over what was left, then builds. Used by `rebuild` too. */
export async function runBuild(
  workspace: OpenWorkspace,
  goals: readonly string[],
  options: BuildCommandOptions,
  before: () => Promise<void> = async () => {},
): Promise<ExitCode> {
  const reporter = openReporter(workspace, options)
  const startedMs = Date.now()
  let signals = 0
  let isHungUp = false
  let host: EngineHost | undefined
  const onSignal = () => {
    signals++
    host?.engine.stop({ now: signals > 1 })
  }
  // The ssh line dropped: nobody asked for an end of what may have run for days.
  const onHangup = () => {
    isHungUp = true
    host?.engine.leave()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onHangup)
  try {
    const ended = await hostEngine(workspace, {
      mode: 'build',
      choose: (plan) => chooseGoals(plan, workspace, goals),
      maxJobs: options.jobs,
      failFast: options.failFast,
      poll: false,
      onEvent: (event, board) => reporter.event(event, board),
      before,
      onStart: (started) => {
        host = started
        if (signals > 0) started.engine.stop({ now: signals > 1 })
        else if (isHungUp) started.engine.leave()
      },
    })
    reporter.close()
    const { plan } = workspace.plan()
    const chosen = chooseGoals(plan, workspace, goals)
    const { outcomes, lockLost, left } = ended
    const ending = { outcomes, isAsked: goals.length > 0, seconds: (Date.now() - startedMs) / 1000 }
    const code = finish(plan, chosen, ending, options)
    if (lockLost)
      process.stderr.write('The lock of the workspace, in .labmake/, was removed, so this labmake stopped.\n')
    if (left > 0 || isHungUp) process.stderr.write(`${leftText(left, { isHungUp })}\n`)
    const said = signals > 0 || isHungUp || lockLost ? exitCodes.interrupted : code
    if (left > 0) process.exit(said)
    return said
  } finally {
    reporter.close()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onHangup)
  }
}

function leftText(left: number, { isHungUp }: { readonly isHungUp: boolean }): string {
  const why = isHungUp ? 'The terminal is gone, so labmake left.' : 'labmake left.'
  const next = 'labmake goes on from here; labmake engine start, with no terminal.'
  if (left === 0) return `${why} Nothing was running. ${next}`
  return `${why} ${plural(left, 'job')} ${left === 1 ? 'goes' : 'go'} on; the next labmake takes over. ${next}`
}

/** Shows a build as it goes on: on a terminal, to a file, or as data. */
export function openReporter(workspace: OpenWorkspace, options: BuildCommandOptions): Reporter {
  const stream = process.stdout
  if (options.json) {
    return { event: (event) => stream.write(`${JSON.stringify(event)}\n`), close: () => {} }
  }
  if (stream.isTTY && process.env.TERM !== 'dumb') {
    const style = styleOf(stream, options.color)
    return liveReporter({ root: workspace.root, style, stream, verbose: options.verbose })
  }
  return lineReporter(workspace.root, (text) => stream.write(text))
}

/** Says how it ended, and with which exit code. */
export function finish(
  plan: Plan,
  chosen: ReadonlySet<string>,
  ending: Ending,
  { json, color }: BuildCommandOptions,
): ExitCode {
  const standing = standingOf(plan, chosen)
  const lines = json
    ? [JSON.stringify({ type: 'ended', ...planJson(plan, chosen) })]
    : endingLines(standing, ending, styleOf(process.stdout, color))
  for (const line of lines) process.stdout.write(`${line}\n`)
  return exitCodeOf(standing, ending)
}
