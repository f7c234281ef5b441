import { withPrerequisites } from '../core/goals.ts'
import { standingOf } from '../core/standing.ts'
import { UserError } from '../model/errors.ts'
import type { EngineClient } from '../server/client.ts'
import { askedText } from './askEngine.ts'
import { finish, openReporter } from './buildHere.ts'
import { planJson } from './dryRun.ts'
import { followBuild } from './follow.ts'
import { planNamed } from './namedPlan.ts'
import { type BuildCommandOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'
import type { OpenWorkspace } from './workspace.ts'

/** A build by the engine that runs here. */
export async function askForBuild(
  client: EngineClient,
  typed: readonly string[],
  options: BuildCommandOptions,
): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  return buildByEngine(
    client,
    workspace,
    typed.map((goal) => workspace.goal(goal)),
    options,
  )
}

/** The engine that runs does the work; this shows it, and says how it ended. Used by `rebuild` too. */
export async function buildByEngine(
  client: EngineClient,
  workspace: OpenWorkspace,
  goals: readonly string[],
  options: BuildCommandOptions,
): Promise<ExitCode> {
  if (options.jobs !== undefined || options.failFast) {
    throw new UserError(
      'an engine runs here, and its limits are set already: -j and --fail-fast are for a build of your own',
      {
        hint: 'Change a pool with labmake pool NAME --slots N, or end the engine with labmake engine stop.',
      },
    )
  }
  const onStart = (text: string) => {
    if (!options.json) process.stderr.write(askedText(text))
  }
  const reporter = openReporter(workspace, options)
  const startedMs = Date.now()
  const leave = new AbortController()
  const onSignal = () => leave.abort()
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const { outcomes, left } = await followBuild(client, goals, { reporter, leave: leave.signal, onStart })
    reporter.close()
    if (left) {
      process.stderr.write('Left; the engine goes on. labmake watch shows it.\n')
      return exitCodes.interrupted
    }
    workspace.rereadJournal()
    const { planned, named } = planNamed(workspace, goals)
    const { plan } = planned
    const chosen = withPrerequisites(plan, named)
    const ending = { outcomes, isAsked: goals.length > 0, seconds: (Date.now() - startedMs) / 1000 }
    return finish(standingOf(plan, chosen), ending, options, () => planJson(plan, chosen))
  } finally {
    reporter.close()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
