import { leftAttempts } from '../io/attempts.ts'
import { lookBack, stillStands } from '../io/lookBack.ts'
import { findWorkspace } from '../io/workspace.ts'
import { version } from '../version.ts'
import { askEngine } from './askEngine.ts'
import { hasDrops } from './drops.ts'
import { nothingDone, tellEnding } from './ending.ts'
import { joinEngine } from './join.ts'
import { type BuildCommandOptions, type ExitCode, plainBuild } from './options.ts'

/**
 * `labmake [GOAL…]`: brings what is named, or everything, up to date. Where an engine runs, by asking that. Most runs find
 * nothing to do: those end here, before rules are read and anything is loaded that would plan and run.
 */
export async function buildCommand(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  if (!options.dryRun) {
    const answered = await askEngine(root, typed, options)
    if (answered !== undefined) return answered
    const client = await joinEngine(root)
    if (client !== undefined) {
      const { askForBuild } = await import('./buildByEngine.ts')
      return askForBuild(client, typed, options)
    }
  }
  // Goals are planned by themselves, and data are told of all jobs.
  const isPlain = typed.length === 0 && !options.json
  const back = isPlain ? lookBack(root, version) : undefined
  // A dry run writes nothing, and what it shows takes a plan of what is not at rest.
  const standing = options.dryRun ? undefined : back && stillStands(root, version, back)
  if (standing !== undefined && !hasDrops(root) && leftAttempts(root).length === 0)
    return tellEnding(standing, { ...nothingDone, isAsked: false }, options)
  const { buildHere } = await import('./buildHere.ts')
  return buildHere(typed, options, isPlain ? { back } : undefined)
}

/** `labmake` alone, and `labmake -n`. */
export function plainBuildCommand({ dryRun }: { readonly dryRun: boolean }): Promise<ExitCode> {
  return buildCommand([], { ...plainBuild, dryRun })
}
