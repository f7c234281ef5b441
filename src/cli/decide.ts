import type { Graph } from '../core/graph.ts'
import { acceptedRecord } from '../engine/accept.ts'
import { systemClock } from '../io/clock.ts'
import { userName } from '../io/lock.ts'
import { UserError } from '../model/errors.ts'
import type { PlannedJob } from '../model/plan.ts'
import type { EngineClient } from '../server/client.ts'
import { say } from './act.ts'
import { buildByEngine } from './buildByEngine.ts'
import { runBuild } from './buildHere.ts'
import { joinEngine } from './join.ts'
import { planNamed } from './namedPlan.ts'
import { type BuildCommandOptions, type ExitCode, exitCodes } from './options.ts'
import { withLock } from './ports.ts'
import { openAsKnown } from './recall.ts'
import { printable } from './terminal.ts'
import type { OpenWorkspace } from './workspace.ts'

/** `labmake accept GOAL…`: what lies there is current, whatever the times and stamps say. Nothing runs. */
export async function acceptCommand(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const { dryRun } = options
  const engine = dryRun ? undefined : await stayingEngine(workspace)
  if (engine !== undefined) {
    const { chosen } = planChosen(workspace, typed)
    return say(await engine.act({ type: 'accept', jobs: chosen.map(({ job }) => job.id) }), options)
  }
  const nobodyLost = () => {}
  return dryRun
    ? accept(workspace, typed, { dryRun })
    : withLock(workspace, nobodyLost, () => accept(workspace, typed, { dryRun }))
}

async function accept(
  workspace: OpenWorkspace,
  typed: readonly string[],
  options: { readonly dryRun: boolean },
): Promise<ExitCode> {
  const { chosen, graph } = planChosen(workspace, typed)
  const { disk, journal } = workspace
  const would = options.dryRun ? 'would be ' : ''
  let accepted = 0
  let refused = 0
  for (const planned of chosen) {
    const { job } = planned
    const record = acceptedRecord(planned, userName(), { disk, journal, clock: systemClock }, graph.ignoreOf)
    if (typeof record === 'string') {
      process.stdout.write(`${printable(`${job.id} cannot be accepted: ${record}`)}\n`)
      refused++
      continue
    }
    if (!options.dryRun) await workspace.journal.append(record)
    const targets = job.targets.map((t) => t.path).join(', ')
    process.stdout.write(
      `${printable(`${job.id} ${would}accepted: ${targets} counts as made from its sources as they are`)}\n`,
    )
    accepted++
  }
  process.stdout.write(`${accepted} ${would}accepted${refused > 0 ? `, ${refused} not` : ''}.\n`)
  return refused > 0 ? exitCodes.unfinished : exitCodes.fine
}

/** `labmake rebuild GOAL…`: makes targets again, whatever they hold; edited ones go to the attic. */
export async function rebuildCommand(typed: readonly string[], options: BuildCommandOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const { chosen } = planChosen(workspace, typed)
  if (options.dryRun) {
    process.stdout.write(`${chosen.map(({ job }) => `${printable(job.id)} would be made again`).join('\n')}\n`)
    return exitCodes.fine
  }
  const by = userName()
  const goals = chosen.map(({ job }) => job.id)
  const engine = await stayingEngine(workspace)
  if (engine !== undefined) {
    const asked = await engine.act({ type: 'rebuild', jobs: goals })
    return asked.done ? buildByEngine(engine, workspace, goals, options) : say(asked, options)
  }
  const before = async () => {
    for (const { job } of chosen) {
      const record = { at: new Date().toISOString(), job: job.id, target: job.targets[0]!.path }
      await workspace.journal.append({ type: 'rebuild', ...record, by })
    }
  }
  return runBuild(workspace, goals, options, { before })
}

/** A build that is at work is left alone: it ends when what it was asked for is done. */
async function stayingEngine({ root }: OpenWorkspace): Promise<EngineClient | undefined> {
  const client = await joinEngine(root)
  return (await client?.board())?.engine.mode === 'watch' ? client : undefined
}

/** The jobs that were named, as they are planned now. */
function planChosen(
  workspace: OpenWorkspace,
  typed: readonly string[],
): { readonly chosen: readonly PlannedJob[]; readonly graph: Graph } {
  const goals = typed.map((goal) => workspace.goal(goal))
  const { planned, named } = planNamed(workspace, goals)
  const chosen = planned.plan.jobs.filter(({ job }) => named.has(job.id))
  if (chosen.length === 0) throw new UserError(`there is no job for ${typed.join(', ')} yet`)
  return { chosen, graph: planned.graph }
}
