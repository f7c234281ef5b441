import { countStates, usedSlots } from '../core/board.ts'
import { boardJobs, strangeGoal } from '../core/boardGoals.ts'
import { formatSeconds } from '../core/durations.ts'
import { groupBy } from '../core/groupBy.ts'
import { byName } from '../core/names.ts'
import { pausedText, shortText } from '../core/poolText.ts'
import { plural } from '../core/sizes.ts'
import { statusReason } from '../core/statusText.ts'
import { runningEngine } from '../io/lock.ts'
import type { Board, BoardJob, BoardPool } from '../model/board.ts'
import { emptyText } from './ending.ts'
import { faultLines } from './faults.ts'
import { glance } from './glance.ts'

import { inboxJson, inboxLines, lookAtInbox } from './inbox.ts'
import { joinEngine } from './join.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'
import { paint, printable, type Style, sign, styleOf } from './terminal.ts'
import type { OpenWorkspace } from './workspace.ts'

/** `labmake status [BATCH…]`: one look at every batch, as the running engine says, or else as files and journal do. */
export async function statusCommand(batches: readonly string[], options: CommonOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const client = await joinEngine(workspace.root)
  const goals = batches.map((goal) => workspace.goal(goal))
  const board = client === undefined ? await glanceAt(workspace, goals) : await client.board()
  const jobs = (goals.length === 0 ? [...board.jobs.values()] : boardJobs(board, goals)).sort(inOrder(board))
  const isAsked = client !== undefined
  if (options.json) process.stdout.write(`${JSON.stringify(statusJson(workspace.root, board, jobs, isAsked))}\n`)
  else {
    const style = styleOf(process.stdout, options.color)
    const lines = statusLines(workspace.root, board, jobs, { style, isAsked, isAll: goals.length === 0 })
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  return exitCodes.fine
}

async function glanceAt(workspace: OpenWorkspace, goals: readonly string[]): Promise<Board> {
  const drops = await lookAtInbox(workspace)
  const planned = workspace.planOfGoals(goals)
  const own = glance(workspace, planned)
  // What a goal may have been meant for that names nothing is among all the others.
  const isEnough = planned.scope === 'all' || strangeGoal(own, goals) === undefined
  const board = isEnough ? own : glance(workspace, workspace.plan())
  return { ...board, drops: new Map(drops.map((drop) => [drop.name, drop])) }
}

/** Batches by name, the jobs of one in order of the rules; jobs of no batch come last. */
function inOrder({ rules }: Board): (a: BoardJob, b: BoardJob) => number {
  const place = new Map(rules.map((rule, i) => [rule, i]))
  const last = '\uffff'
  return (a, b) =>
    byName(a.batch ?? last, b.batch ?? last) ||
    (place.get(a.rule) ?? 0) - (place.get(b.rule) ?? 0) ||
    byName(a.name, b.name)
}

function statusJson(root: string, board: Board, jobs: readonly BoardJob[], isAsked: boolean): object {
  const engine = runningEngine(root)
  const used = usedSlots(board)
  const queued = ({ name }: BoardPool) =>
    [...board.jobs.values()].filter(({ status, pools }) => status.state === 'queued' && name in pools).length
  return {
    engine: engine === undefined ? { running: false } : { running: true, pid: engine.process.pid },
    source: isAsked ? 'engine' : 'journal',
    pools: [...board.pools.values()].map((pool) => ({
      name: pool.name,
      ...(pool.counts === 'bytes'
        ? { sizeBytes: pool.slots, usedBytes: used.get(pool.name) ?? 0 }
        : { slots: pool.slots, used: used.get(pool.name) ?? 0 }),
      queued: queued(pool),
      ...(pool.pausedBy === undefined ? {} : { pausedBy: pool.pausedBy }),
      ...(pool.shared === undefined ? {} : { shared: pool.shared }),
    })),
    batches: [...groupBy(jobs, (job) => job.batch)].map(([batch, list]) => ({
      batch: batch ?? null,
      params: Object.assign({}, ...list.map((job) => job.params)),
      jobs: list.map((job) => jobJson(job, isAsked ? queuedText(job, board, used) : undefined)),
    })),
    inbox: inboxJson([...board.drops.values()], Date.now()),
    errors: board.faults,
  }
}

/** What a queued job waits for; undefined where it is short of nothing, or its retry is to come. */
function queuedText(job: BoardJob, { pools }: Board, used: ReadonlyMap<string, number>): string | undefined {
  const { status } = job
  if (status.state !== 'queued' || (status.retry !== undefined && status.retry.atMs > Date.now())) return undefined
  return pausedText(job, pools) ?? shortText(job, pools, used)
}

function jobJson({ id, rule, status }: BoardJob, waitsFor: string | undefined): object {
  const base = { id, rule, state: status.state, reason: statusReason(status), ...(waitsFor && { waitsFor }) }
  if (status.state !== 'running') return base
  const { attempt, startedMs } = status
  return { ...base, attempt, startedAt: new Date(startedMs).toISOString(), seconds: (Date.now() - startedMs) / 1000 }
}

interface StatusText {
  readonly style: Style
  /** The engine itself said all this. */
  readonly isAsked: boolean
  readonly isAll: boolean
}

function statusLines(root: string, board: Board, jobs: readonly BoardJob[], how: StatusText): string[] {
  const { style, isAsked, isAll } = how
  const lines: string[] = []
  const used = usedSlots(board)
  const width = Math.max(0, ...jobs.map((job) => printable(job.name).length))
  for (const [batch, list] of groupBy(jobs, (job) => job.batch)) {
    lines.push(paint(style, 'bold', batch ?? '(all batches)'))
    for (const job of list) {
      const waitsFor = isAsked ? queuedText(job, board, used) : undefined
      lines.push(`${statusLine(job, width, style)}${waitsFor === undefined ? '' : `; ${printable(waitsFor)}`}`)
    }
  }
  if (isAll && board.drops.size > 0) {
    const look = { nowMs: Date.now(), quietMs: board.quietMs, style }
    lines.push(paint(style, 'bold', 'inbox/'), ...inboxLines([...board.drops.values()], look))
  }
  for (const fault of board.faults) lines.push(...faultLines(fault, style))
  lines.push(engineText(root, isAsked), jobs.length === 0 ? emptyText : `${countsText(board, jobs)}.`)
  return lines
}

function engineText(root: string, isAsked: boolean): string {
  const holder = runningEngine(root)
  if (holder === undefined) return 'No labmake is at work here: this is what the files and the journal say.'
  const who = `${holder.user}'s "${holder.command}" is at work here (process ${holder.process.pid})`
  return isAsked ? `${who}, and says all this.` : `${who}; this is what the files and the journal say.`
}

function countsText(board: Board, jobs: readonly BoardJob[]): string {
  const counts = countStates(jobs)
  const edited = jobs.filter(({ status }) => status.state === 'done' && status.edited !== undefined).length
  const count = (state: keyof typeof counts) => (counts[state] > 0 ? `${counts[state]} ${state}` : '')
  return [
    count('failed'),
    count('blocked'),
    count('running'),
    count('stale'),
    count('queued'),
    `${counts.done} up to date${edited > 0 ? ` (${edited} edited)` : ''}`,
    count('waiting'),
    count('held'),
    counts.cancelled > 0 ? `${counts.cancelled} stopped` : '',
    count('protected'),
    board.orphans.length > 0 ? `${board.orphans.length} orphaned` : '',
    board.faults.length > 0 ? plural(board.faults.length, 'error') : '',
  ]
    .filter(Boolean)
    .join(', ')
}

function statusLine({ name, status }: BoardJob, width: number, style: Style): string {
  const { state } = status
  const isQuiet = state === 'done' && status.edited === undefined
  const text =
    state === 'running'
      ? `attempt ${status.attempt}, for ${formatSeconds((Date.now() - status.startedMs) / 1000)}`
      : printable(statusReason(status).text)
  return `  ${sign(style, state)} ${printable(name).padEnd(width)}  ${state.padEnd(9)}  ${isQuiet ? '' : text}`.trimEnd()
}
