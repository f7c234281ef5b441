import { namedJobs, withPrerequisites } from '../core/goals.ts'
import { plural } from '../core/sizes.ts'
import { standingOf } from '../core/standing.ts'
import type { Scope } from '../engine/book.ts'
import { leftAttempts } from '../io/attempts.ts'
import type { LookBack } from '../io/lookBack.ts'
import { steadyMs } from '../io/steady.ts'
import { findWorkspace } from '../io/workspace.ts'
import type { Plan } from '../model/plan.ts'
import type { Standing } from '../model/standing.ts'
import { hasDrops } from './drops.ts'
import { planJson, planLines } from './dryRun.ts'
import { type Ending, exitCodeOf, nothingDone, tellEnding } from './ending.ts'
import { type EngineHost, type FirstPlan, hostEngine } from './host.ts'
import { lineReporter } from './lines.ts'
import { liveReporter } from './live.ts'
import { planNamed } from './namedPlan.ts'
import { namedCommands } from './names.ts'
import { type BuildCommandOptions, type ExitCode, exitCodes } from './options.ts'
import { type Look, openAsKnown, openRecall, type Recall } from './recall.ts'
import type { Reporter } from './reporter.ts'
import { styleOf } from './terminal.ts'
import { type OpenWorkspace, openWorkspace } from './workspace.ts'

/** A build, or a dry run, in this process. `memory`: how the workspace compares to the last look, where looks are remembered. */
export async function buildHere(
  typed: readonly string[],
  options: BuildCommandOptions,
  memory: { readonly back: LookBack | undefined } | undefined,
): Promise<ExitCode> {
  const { directory, dryRun } = options
  const recall = memory && openRecall(findWorkspace(directory), memory.back)
  // A dry run keeps nothing: what it looks at need not be taken down.
  const recorder = dryRun ? undefined : recall?.recorder
  const workspace = await (recall === undefined
    ? openAsKnown(directory)
    : openWorkspace(directory, { ...recall, recorder }))
  const goals = typed.map((goal) => workspace.goal(goal))
  const left = leftAttempts(workspace.root)
  // What lies in the inbox may be what is asked for: it is taken before anything is planned.
  if (hasDrops(workspace.root) && !dryRun) return runBuild(workspace, goals, options, { recall })
  const look = recall?.look(workspace) ?? lookAt(workspace, goals)
  const first = { planned: look.planned, journal: workspace.journal, atMs: steadyMs() }
  const { plan, scope } = look.planned
  if (dryRun) return showPlan(look, chooseGoals(plan, workspace, goals), left, options)
  // What an earlier labmake left may be of any batch.
  if (left.length > 0) return runBuild(workspace, goals, options, { recall })
  if (look.standing.stale > 0) return runBuild(workspace, goals, options, { recall, scope, first, others: look.others })
  recall?.keep(workspace, look)
  const ending = { ...nothingDone, isAsked: goals.length > 0 }
  return finish(look.standing, ending, options, () => planJson(plan, chooseGoals(plan, workspace, goals)))
}

/** At what goals name; at everything, where there are none. */
function lookAt(workspace: OpenWorkspace, goals: readonly string[]): Look {
  const takenMs = Date.now()
  const { planned, named } = planNamed(workspace, goals, namedCommands)
  const standing = standingOf(planned.plan, withPrerequisites(planned.plan, named))
  return { planned, others: 0, standing, takenMs }
}

/** The jobs that goals name, with all that they need. */
function chooseGoals(plan: Plan, workspace: OpenWorkspace, goals: readonly string[]): ReadonlySet<string> {
  return withPrerequisites(plan, namedJobs(plan, workspace.ruleSet.rules, goals, namedCommands))
}

/** What would run and why; nothing does. */
function showPlan(
  { planned: { plan }, others }: Look,
  chosen: ReadonlySet<string>,
  left: ReturnType<typeof leftAttempts>,
  { json, color, verbose }: BuildCommandOptions,
): ExitCode {
  const lines = json
    ? [JSON.stringify(planJson(plan, chosen))]
    : planLines(plan, chosen, { style: styleOf(process.stdout, color), verbose, others })
  if (left.length > 0 && !json) {
    const jobs = left.map((attempt) => attempt.job).join(', ')
    lines.push(`The next run takes over ${plural(left.length, 'attempt')} of an earlier labmake: ${jobs}.`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
  const code = plan.errors.length > 0 ? exitCodes.wrong : exitCodes.fine
  // All is said: Node would take the plan apart object by object, in half the time that it took to print it.
  if (process.stdout.writableLength === 0) process.exit(code)
  return code
}

interface RunOptions {
  /** What is kept in mind for the next labmake, if this one may. */
  readonly recall?: Recall | undefined
  /** The batches that are not known to be at rest, and how many jobs there are beside theirs, all up to date. */
  readonly scope?: Scope
  readonly others?: number
  /** The plan that says so. */
  readonly first?: FirstPlan
  /** With the lock held, before the first plan. */
  readonly before?: () => Promise<void>
}

/** Runs with the lock held: takes over what was left, then builds. Used by `rebuild` too. */
export async function runBuild(
  workspace: OpenWorkspace,
  goals: readonly string[],
  options: BuildCommandOptions,
  { recall, scope = 'all', first, others = 0, before = async () => {} }: RunOptions = {},
): Promise<ExitCode> {
  const reporter = openReporter(workspace, options, () => (host?.plansAll() === false ? others : 0))
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
      scope,
      first,
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
    const { outcomes, lockLost, left } = ended
    const look = recall?.lookAgain(workspace, ended.scope) ?? lookAt(workspace, goals)
    if (left === 0) recall?.keep(workspace, look)
    const { plan } = look.planned
    const ending = { outcomes, isAsked: goals.length > 0, seconds: (Date.now() - startedMs) / 1000 }
    const code = finish(look.standing, ending, options, () => planJson(plan, chooseGoals(plan, workspace, goals)))
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

/** Shows a build as it goes on: on a terminal, to a file, or as data. `others`: jobs up to date that the board does not have. */
export function openReporter(
  workspace: OpenWorkspace,
  options: BuildCommandOptions,
  others: () => number = () => 0,
): Reporter {
  const stream = process.stdout
  if (options.json) {
    return { event: (event) => stream.write(`${JSON.stringify(event)}\n`), close: () => {} }
  }
  if (stream.isTTY && process.env.TERM !== 'dumb') {
    const style = styleOf(stream, options.color)
    return liveReporter({ root: workspace.root, style, stream, verbose: options.verbose, others })
  }
  return lineReporter(workspace.root, (text) => stream.write(text), others)
}

/** Says how it ended, and with which exit code. `data`: all of it, for who asked for JSON. */
export function finish(standing: Standing, ending: Ending, options: BuildCommandOptions, data: () => object): ExitCode {
  if (!options.json) return tellEnding(standing, ending, options)
  process.stdout.write(`${JSON.stringify({ type: 'ended', ...data() })}\n`)
  return exitCodeOf(standing, ending)
}
