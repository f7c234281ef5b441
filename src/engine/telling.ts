import { isSameData } from '../core/sameData.ts'
import { compareRanks } from '../core/schedule.ts'
import type { Board, BoardJob, JobStatus } from '../model/board.ts'
import type { Fault } from '../model/errors.ts'
import type { ChangedJob, EngineEvent, PlannedEvent } from '../model/event.ts'
import { nameInBatch } from '../model/job.ts'
import type { Orphan } from '../model/plan.ts'
import type { PlannedGraph } from './book.ts'
import type { Entry } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import type { SweepEnd } from './sweep.ts'

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
  /** Targets that nothing leads to any more, as of the last plans of their batches. */
  private orphans: readonly Orphan[] = []
  /** Those that the board was made of. */
  private shownOrphans: readonly Orphan[] = this.orphans
  private readonly changed = new Set<Entry>()
  /** These stand as they did, in another place of the order or with another estimate. */
  private readonly ranked = new Set<Entry>()
  /** Jobs of a rule mostly share a map: they are shown by one object. */
  private readonly params: Records<string> = new WeakMap()
  private readonly pools: Records<number> = new WeakMap()
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
    const ranked = firstOf(this.ranked, rankedAtOnce)
    for (const entry of new Set([...this.changed, ...ranked])) {
      const shown = this.options.board().jobs.get(entry.id)
      if (shown === undefined) continue
      const isAsBefore = entry.state.status === 'running' || !this.changed.has(entry)
      const status = isAsBefore ? shown.status : this.statusOf(entry)
      const place = changedPlace(entry, shown)
      const isMoved = Object.keys(place).length > 0
      if (!isMoved && (isAsBefore || isSameData(status, shown.status))) continue
      if (status.state === 'blocked' && !isMoved)
        this.options.emit({ type: 'blocked', atMs, job: entry.id, by: status.job })
      else jobs.push({ job: entry.id, status, ...place })
    }
    this.changed.clear()
    for (const entry of ranked) this.ranked.delete(entry)
    if (jobs.length > 0) this.options.emit({ type: 'changed', atMs, jobs })
  }

  /** Is there more to tell, which may wait for a turn? */
  get hasMore(): boolean {
    return this.ranked.size > 0
  }

  get hasGraphFaults(): boolean {
    return this.graphFaults.length > 0
  }

  get orphaned(): readonly Orphan[] {
    return this.orphans
  }

  /**
   * Tells of a plan what differs from the board, if anything does. `entries`: of the plan. Of a slice of a plan of
   * everything only the jobs: what is beside them is told at its end.
   */
  plan(planned: PlannedGraph, entries: readonly Entry[], { removed, isSlice }: Told): void {
    // All of it is said by this one event; ranks may be of others too.
    this.changed.clear()
    const { plan, rules, scope } = planned
    const board = this.options.board()
    const jobs = entries.flatMap((entry) => this.changedJob(entry))
    if (!isSlice) this.orphans = this.orphansAfter(planned)
    this.emitPlanned(jobs, removed, {
      rules: rules.rules.map((rule) => rule.name),
      pools: this.options.pools.shown(),
      faults: isSlice ? board.faults : this.allFaults(planned),
      warnings: scope === 'all' ? plan.warnings : board.warnings,
      quietMs: rules.quietMs,
    })
  }

  /** Tells of a plan of everything that was made in slices what is beside the jobs. */
  conclude({ orphaned, faults, graphFaults, warnings }: SweepEnd, removed: readonly string[]): void {
    const { rules, quietMs } = this.options.board()
    this.orphans = orphaned
    this.graphFaults = graphFaults
    this.emitPlanned([], removed, { rules, pools: this.options.pools.shown(), faults, warnings, quietMs })
  }

  private orphansAfter({ plan, scope }: PlannedGraph): readonly Orphan[] {
    if (scope === 'all') return plan.orphaned
    const isMeant = ({ batch }: Orphan) => batch !== undefined && scope.has(batch)
    // The same list where nothing is new: there may be ten thousand of them.
    if (plan.orphaned.length === 0 && !this.orphans.some(isMeant)) return this.orphans
    return [...this.orphans.filter((orphan) => !isMeant(orphan)), ...plan.orphaned]
  }

  private emitPlanned(jobs: readonly BoardJob[], removed: readonly string[], beside: Beside): void {
    const board = this.options.board()
    const isAsShown = this.shownOrphans === this.orphans
    const orphans = isAsShown ? board.orphans : this.orphans.map(({ target, batch }) => ({ target, batch }))
    const { rules, faults, warnings, quietMs } = board
    const before = { rules, pools: [...board.pools.values()], faults, warnings, quietMs }
    const isSameBeside = isSameData(before, beside) && (isAsShown || isSameData(board.orphans, orphans))
    this.shownOrphans = this.orphans
    if (jobs.length + removed.length === 0 && isSameBeside) return
    const atMs = this.options.ports.clock.now()
    this.options.emit({ type: 'planned', atMs, jobs, removed, ...beside, orphans })
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
      params: recordOf(job.params, this.params),
      pools: isRunning ? (entry.held?.ofPools() ?? shown.pools) : recordOf(job.rule.pools, this.pools),
      prerequisites: job.prerequisites,
      estimate,
      rank,
      status,
    }
    return shown !== undefined && isSameData(shown, board) ? [] : [board]
  }
}

/** Another order moves all jobs: so many are told of at once, which a turn does twice; about 3 ms. */
const rankedAtOnce = 500

type Records<T> = WeakMap<ReadonlyMap<string, T>, Readonly<Record<string, T>>>

function recordOf<T>(map: ReadonlyMap<string, T>, known: Records<T>): Readonly<Record<string, T>> {
  const record = known.get(map) ?? Object.fromEntries(map)
  known.set(map, record)
  return record
}

function firstOf<T>(values: Iterable<T>, most: number): T[] {
  const first: T[] = []
  for (const value of values) {
    if (first.length === most) break
    first.push(value)
  }
  return first
}

interface Told {
  readonly removed: readonly string[]
  /** Of a plan of everything that is made batch by batch. */
  readonly isSlice: boolean
}

/** What a plan says beside jobs and orphans, in the order of keys of the event. */
type Beside = Pick<PlannedEvent, 'rules' | 'pools' | 'faults' | 'warnings' | 'quietMs'>

function changedPlace(entry: Entry, shown: BoardJob): Pick<ChangedJob, 'rank' | 'estimate'> {
  const { rank, estimate } = entry
  return {
    ...(compareRanks(rank, shown.rank) === 0 ? {} : { rank }),
    ...(estimate === undefined || isSameData(estimate, shown.estimate) ? {} : { estimate }),
  }
}

/** The board has the same attempt's end from an event, a few ms after the journal's: that is no difference. */
function sameAttempt(status: JobStatus, shown: JobStatus | undefined): JobStatus {
  if (status.state !== 'done' || shown?.state !== 'done' || status.edited !== shown.edited) return status
  return status.last?.attempt === shown.last?.attempt ? shown : status
}
