import { findWorkspace } from '../io/workspace.ts'
import { joinEngine } from './join.ts'
import type { BuildCommandOptions, ExitCode } from './options.ts'

/** `labmake [GOAL…]`: brings what is named, or everything, up to date. Where an engine runs, by asking that. */
export async function buildCommand(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const client = options.dryRun ? undefined : await joinEngine(findWorkspace(options.directory))
  if (client !== undefined) {
    const { askForBuild } = await import('./buildByEngine.ts')
    return askForBuild(client, typed, options)
  }
  const { buildHere } = await import('./buildHere.ts')
  return buildHere(typed, options)
}
