import { findWorkspace } from '../io/workspace.ts'
import { askEngine } from './askEngine.ts'
import { joinEngine } from './join.ts'
import type { BuildCommandOptions, ExitCode } from './options.ts'

/** `labmake [GOAL…]`: brings what is named, or everything, up to date. Where an engine runs, by asking that. */
export async function buildCommand(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  if (!options.dryRun) {
    const answered = await askEngine(root, typed, options)
    if (answered !== undefined) return answered
  }
  const client = options.dryRun ? undefined : await joinEngine(root)
  if (client !== undefined) {
    const { askForBuild } = await import('./buildByEngine.ts')
    return askForBuild(client, typed, options)
  }
  const { buildHere } = await import('./buildHere.ts')
  return buildHere(typed, options)
}
