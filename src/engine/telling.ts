import { compareRanks } from '../core/schedule.ts'
import type { Board, BoardJob, JobStatus } from '../model/board.ts'
import type { Fault } from '../model/errors.ts'
import type { ChangedJob, EngineEvent } from '../model/event.ts'
import { nameInBatch } from '../model/job.ts'
import type { PlannedGraph } from './book.ts'
import type { Entry } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'

export interface TellingOptions {
  readonly mode: 'watch' | 'build'
  readonly pools: Pools
  readonly ports: Pick<Ports, 'clock'>
  readonly board: () => Board
  readonly emit: (event: EngineEvent) => void
}

/** What clients hear of the book: what differs from the board that they have, in as few events as it takes. */
export class Telling {
  /** Of the last plan of everything. */
  private graphFaults: readonly Fault[] = []
  private readonly changed = new Set<Entry>()
  /** These stand as they did, in another place of the order or with another estimate. */
  private readonly ranked = new Set<Entry>()
  private readonly options: TellingOptions
  private readonly statusOf: (entry: Entry) => JobStatus

  constructor(options: TellingOptions, statusOf: (entry: Entry) => JobStatus) {
    this.options = options
    this.statusOf = statusOf
  }

  /** It may stand otherwise than the board says, and is told of with all others that do. */
  note(entry: Entry): void {
    this.changed.add(entry)
  }

  /** Its rank or its estimate is another. */
  noteRank(entry: Entry): void {
    this.ranked.add(entry)
  }

  /** Tells of what was noted, in one event, where nothing happened that has an event of its own. */
  flush(): void {
    const atMs = this.options.ports.clock.now()
    const jobs: ChangedJob[] = []
    for (const entry of new Set([...this.changed, ...this.ranked])) {
      const shown = this.options.board().jobs.get(entry.id)
      if (shown === undefined) continue
      const isAsBefore = entry.state.status === 'running' || !this.changed.has(entry)
      const status = isAsBefore ? shown.status : this.statusOf(entry)
      const place = changedPlace(entry, shown)
      const isMoved = Object.keys(place).length > 0
      if (!isMoved && (isAsBefore || isSame(status, shown.status))) continue
      if (status.state === 'blocked' && !isMoved)
        this.options.emit({ type: 'blocked', atMs, job: entry.id, by: status.job })
      else jobs.push({ job: entry.id, status, ...place })
    }
    this.changed.clear()
    this.ranked.clear()
    if (jobs.length > 0) this.options.emit({ type: 'changed', atMs, jobs })
  }

  /** Tells of a plan what differs from the board, if anything does. `entries`: of the plan. */
  plan(planned: PlannedGraph, entries: readonly Entry[], removed: readonly string[]): void {
    // All of it is said by this one event; ranks may be of others too.
    this.changed.clear()
    const { plan, rules, scope } = planned
    const board = this.options.board()
    const inScope = (batch: string | undefined) => scope === 'all' || (batch !== undefined && scope.has(batch))
    const orphans = plan.orphaned.map(({ target, batch }) => ({ target, batch }))
    const jobs = entries.flatMap((entry) => this.changedJob(entry))
    const whole = {
      rules: rules.rules.map((rule) => rule.name),
      pools: this.options.pools.shown(),
      orphans: [...board.orphans.filter(({ batch }) => !inScope(batch)), ...orphans],
      faults: this.allFaults(planned),
      warnings: scope === 'all' ? plan.warnings : board.warnings,
      quietMs: rules.quietMs,
    }
    const { rules: names, orphans: had, faults, warnings, quietMs } = board
    const before = { rules: names, pools: [...board.pools.values()], orphans: had, faults, warnings, quietMs }
    if (jobs.length + removed.length === 0 && isSame(before, whole)) return
    const atMs = this.options.ports.clock.now()
    this.options.emit({ type: 'planned', atMs, jobs, removed, ...whole })
    if (this.options.mode === 'watch') return
    for (const { id, status } of jobs)
      if (status.state === 'blocked') this.options.emit({ type: 'blocked', atMs, job: id, by: status.job })
  }

  /** What is left to a person though nothing was run. */
  failed({ id, failure }: Entry): void {
    if (failure?.status.state !== 'failed') return
    const { cause, last } = failure.status
    const { attempt, seconds, log, endedMs: atMs } = last
    this.options.emit({ type: 'failed', atMs, job: id, attempt, seconds, cause, log, retryInMs: undefined })
  }

  /** Faults of the whole: a plan of some batches has not looked at the names and paths of the others. */
  private allFaults({ graph, plan, scope }: PlannedGraph): readonly Fault[] {
    if (scope === 'all') {
      this.graphFaults = graph.faults
      return plan.errors
    }
    const byText = new Map([...plan.errors, ...this.graphFaults].map((f) => [`${f.where} ${f.message}`, f]))
    return [...byText.values()]
  }

  /** The entry as a board shows it, if it does not yet. */
  private changedJob(entry: Entry): BoardJob[] {
    const { id, job, estimate, rank } = entry
    const shown = this.options.board().jobs.get(id)
    const isRunning = entry.state.status === 'running' && shown !== undefined
    const status = isRunning ? shown.status : sameAttempt(this.statusOf(entry), shown?.status)
    const board: BoardJob = {
      id,
      rule: job.rule.name,
      batch: entry.batch,
      name: nameInBatch(job),
      params: Object.fromEntries(job.params),
      pools: isRunning ? (entry.held?.ofPools() ?? shown.pools) : Object.fromEntries(job.rule.pools),
      prerequisites: job.prerequisites,
      estimate,
      rank,
      status,
    }
    return shown !== undefined && isSame(shown, board) ? [] : [board]
  }
}

function changedPlace(entry: Entry, shown: BoardJob): Pick<ChangedJob, 'rank' | 'estimate'> {
  const { rank, estimate } = entry
  return {
    ...(compareRanks(rank, shown.rank) === 0 ? {} : { rank }),
    ...(estimate === undefined || isSame(estimate, shown.estimate) ? {} : { estimate }),
  }
}

/** Both are plain data, built with their keys in one order. */
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** The board has the same attempt's end from an event, a few ms after the journal's: that is no difference. */
function sameAttempt(status: JobStatus, shown: JobStatus | undefined): JobStatus {
  if (status.state !== 'done' || shown?.state !== 'done' || status.edited !== shown.edited) return status
  return status.last?.attempt === shown.last?.attempt ? shown : status
}
