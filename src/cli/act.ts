import { boardJobs } from '../core/boardGoals.ts'
import { findWorkspace } from '../io/workspace.ts'
import type { Action, ActionResult } from '../model/action.ts'
import { UserError } from '../model/errors.ts'
import { needEngine } from './join.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { printable } from './terminal.ts'

export type JobVerb = 'retry' | 'cancel' | 'hold' | 'release' | 'first' | 'later'

/** `labmake retry BATCH [RULE]` and the like: acts on jobs of a running engine. */
export async function actCommand(
  verb: JobVerb,
  batch: string,
  rule: string | undefined,
  options: CommonOptions,
): Promise<ExitCode> {
  const client = await needEngine(findWorkspace(options.directory))
  const board = await client.board()
  const named = boardJobs(board, [batch])
  const jobs = rule === undefined ? named : named.filter((job) => job.rule === rule || job.name === rule)
  if (jobs.length === 0) {
    const rules = [...new Set(named.map((job) => job.name))].join(', ')
    throw new UserError(`${batch} has no job of a rule "${rule}"`, { hint: `It has: ${rules}.` })
  }
  return say(await client.act({ type: verb, jobs: jobs.map((job) => job.id) }), options)
}

export interface PoolOptions extends CommonOptions {
  readonly pause: boolean
  readonly resume: boolean
  readonly slots: number | 'declared' | undefined
  /** In bytes. */
  readonly size: number | 'declared' | undefined
}

/** `labmake pool NAME --pause | --resume | --slots N | --size AMOUNT`: changes a pool of a running engine, until that ends. */
export async function poolCommand(pool: string, options: PoolOptions): Promise<ExitCode> {
  const actions: Action[] = []
  if (options.pause) actions.push({ type: 'pause', pool })
  if (options.resume) actions.push({ type: 'resume', pool })
  if (options.slots !== undefined) actions.push({ type: 'slots', pool, slots: options.slots })
  if (options.size !== undefined) actions.push({ type: 'size', pool, bytes: options.size })
  const [action] = actions
  if (action === undefined || actions.length > 1) {
    throw new UserError('say one thing to do with the pool', {
      hint: 'One of --pause, --resume, --slots N, --size AMOUNT.',
    })
  }
  const client = await needEngine(findWorkspace(options.directory))
  return say(await client.act(action), options)
}

/** Says what an action came to. Exit code 1 if nothing was done. */
export function say(result: ActionResult, { json }: Pick<CommonOptions, 'json'>): ExitCode {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${printable(result.text)}\n`)
  return result.done ? exitCodes.fine : exitCodes.unfinished
}
