import { resolve } from 'node:path'
import { runningEngine, userName } from '../io/lock.ts'
import { goalFromWorkspace } from '../io/workspace.ts'
import { askStanding } from '../server/askStanding.ts'
import { version } from '../version.ts'
import { nothingDone, tellEnding } from './ending.ts'
import type { BuildCommandOptions, ExitCode } from './options.ts'

/** What a person is told first of a build that an engine does. */
export function askedText(text: string): string {
  return `An engine runs here and does the work. ${text} Ctrl-C leaves, and it goes on.\n`
}

/**
 * Where an engine runs and nothing of the goals is to be made, it says so, and that is all: undefined where there is more to
 * it. Loads next to nothing, for it is what most runs come to.
 */
export async function askEngine(
  root: string,
  typed: readonly string[],
  options: BuildCommandOptions,
): Promise<ExitCode | undefined> {
  const { json, jobs, failFast, color, directory } = options
  // Data are told of all jobs, and of what is asked of an engine that it cannot do more is to be said.
  if (json || jobs !== undefined || failFast || runningEngine(root) === undefined) return undefined
  const goals = typed.map((goal) => goalFromWorkspace(goal, root, resolve(directory)))
  const answer = await askStanding({ root, version, user: userName() }, goals)
  if (answer?.rest === undefined) return undefined
  process.stderr.write(askedText(answer.rest))
  return tellEnding(answer.standing, { ...nothingDone, isAsked: goals.length > 0 }, { color })
}
