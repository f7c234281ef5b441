import type { Graph } from '../core/graph.ts'
import { ingredientsDigest, takeIngredients } from '../core/provenance.ts'
import { surveyDisk } from '../core/survey.ts'
import type { Board, BoardJob, JobStatus, Rank } from '../model/board.ts'
import type { Fault } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import { nameInBatch } from '../model/job.ts'
import type { Plan, PlannedJob } from '../model/plan.ts'
import type { RuleSet } from '../model/rule.ts'
import { type Entry, firstTry, isPending, type Outcome, statusOf, type Tries } from './entry.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import type { JobQueue } from './queue.ts'
import { type Ranking, rankJobs } from './ranks.ts'

/** All batches, or these alone. */
export type Scope = 'all' | ReadonlySet<string>

/** A plan with the graph and the rules that it was made from, and the batches that it is about. */
export interface PlannedGraph {
  readonly graph: Graph
  readonly plan: Plan
  readonly rules: RuleSet
  readonly scope: Scope
}

export interface BookOptions {
  /** A build ends; a watch stays, so that it leaves to a person what failed, and takes up again what is stale again. */
  readonly mode: 'watch' | 'build'
  /** The jobs that were asked for, with what they need. */
  readonly choose: (plan: Plan) => ReadonlySet<string>
  readonly pools: Pools
  readonly queue: JobQueue<Entry>
  readonly ports: Pick<Ports, 'disk' | 'journal' | 'clock'>
  readonly board: () => Board
  readonly emit: (event: EngineEvent) => void
}

/**
 * A table of all batches that was made early in a build is stale again when one more batch turned up. What is stale for
 * the fourth time is so for another reason, which more attempts will not end.
 */
const maxAdmissions = 3

const noRank: Rank = { say: 0, priority: 0, pathSeconds: 0, begun: false, timed: false }

/** All jobs of the workspace and what is to become of each. Knows nothing of recipes and processes. */
export class JobBook {
  readonly entries = new Map<string, Entry>()
  /** How jobs of a build ended that are in no plan any more. */
  readonly forgotten = new Map<string, Outcome>()
  /** Of the last plan of everything. */
  private graphFaults: readonly Fault[] = []
  private readonly options: BookOptions

  constructor(options: BookOptions) {
    this.options = options
  }

  /** Takes over a new plan. Returns whether there is more to do than before. */
  integrate({ graph, plan, rules, scope }: PlannedGraph): boolean {
    const { pools, queue, ports } = this.options
    pools.declare(new Map([...rules.pools.values()].map((pool) => [pool.name, pool.slots])))
    queue.slots = pools.limits()
    const chosen = this.options.choose(plan)
    const running = plan.jobs.filter(({ job, verdict }) => verdict.state === 'stale' && chosen.has(job.id))
    const ranking = rankJobs(
      plan,
      running.map(({ job }) => job),
      ports.journal,
      ports.disk,
    )
    let more = false
    for (const planned of plan.jobs) {
      const entry = this.update(planned, graph, chosen.has(planned.job.id), ranking)
      if (this.decide(entry)) more = true
    }
    const removed = this.removeAllBut(plan, scope)
    const changed = plan.jobs.flatMap(({ job }) => this.changedJob(this.entries.get(job.id)!))
    this.tellPlan({ graph, plan, rules, scope }, changed, removed)
    if (this.options.mode === 'build') for (const { id } of changed) this.tellIfBlocked(this.entries.get(id)!)
    return more
  }

  /** Tells of a plan what differs from the board, if anything does. */
  private tellPlan(
    { graph, plan, rules, scope }: PlannedGraph,
    jobs: readonly BoardJob[],
    removed: readonly string[],
  ): void {
    const board = this.options.board()
    const inScope = (batch: string | undefined) => scope === 'all' || (batch !== undefined && scope.has(batch))
    const orphans = plan.orphaned.map(({ target, batch }) => ({ target, batch }))
    const whole = {
      rules: rules.rules.map((rule) => rule.name),
      pools: this.options.pools.shown(),
      orphans: [...board.orphans.filter(({ batch }) => !inScope(batch)), ...orphans],
      faults: this.allFaults(graph, plan.errors, scope),
      warnings: scope === 'all' ? plan.warnings : board.warnings,
      quietMs: rules.quietMs,
    }
    const { rules: names, orphans: had, faults, warnings, quietMs } = board
    const before = { rules: names, pools: [...board.pools.values()], orphans: had, faults, warnings, quietMs }
    if (jobs.length + removed.length === 0 && JSON.stringify(before) === JSON.stringify(whole)) return
    this.options.emit({ type: 'planned', atMs: this.options.ports.clock.now(), jobs, removed, ...whole })
  }

  private tellIfBlocked({ id, state }: Entry): void {
    if (state.status !== 'ended' || state.outcome !== 'blocked') return
    const atMs = this.options.ports.clock.now()
    this.options.emit({ type: 'blocked', atMs, job: id, by: state.because ?? '' })
  }

  /** Faults of the whole: a plan of some batches has not looked at the names and paths of the others. */
  private allFaults(graph: Graph, faults: readonly Fault[], scope: Scope): readonly Fault[] {
    if (scope === 'all') {
      this.graphFaults = graph.faults
      return faults
    }
    const byText = new Map([...faults, ...this.graphFaults].map((fault) => [`${fault.where} ${fault.message}`, fault]))
    return [...byText.values()]
  }

  private update({ job, verdict }: PlannedJob, graph: Graph, chosen: boolean, ranking: Ranking): Entry {
    const { id, batch } = job
    const known = this.entries.get(id)
    const rank = { ...(ranking.ranks.get(id) ?? known?.rank ?? noRank), say: known?.rank.say ?? 0 }
    const estimate = ranking.estimates.get(id) ?? known?.estimate
    const entry: Entry = known ?? {
      id,
      batch,
      job,
      graph,
      verdict,
      chosen,
      estimate,
      rank,
      pools: this.options.pools.of(job),
      state: { status: 'resting' },
      outcome: undefined,
      admissions: 0,
      gone: false,
      passedOver: 0,
    }
    if (known === undefined) this.entries.set(id, entry)
    if (entry.state.status === 'queued') this.options.queue.remove(entry)
    Object.assign(entry, { job, graph, verdict, chosen, rank, gone: false })
    // What runs keeps the slots that it took, and the estimate that it started with.
    if (entry.state.status !== 'running') Object.assign(entry, { estimate, pools: this.options.pools.of(job) })
    return entry
  }

  private removeAllBut(plan: Plan, scope: Scope): string[] {
    const removed: string[] = []
    for (const entry of this.entries.values()) {
      const inScope = scope === 'all' || (entry.batch !== undefined && scope.has(entry.batch))
      if (!inScope || plan.byId.has(entry.id)) continue
      if (entry.state.status === 'running') entry.gone = true
      else {
        this.forget(entry)
        removed.push(entry.id)
      }
    }
    return removed
  }

  /** Out of the book and the queue. */
  forget(entry: Entry): void {
    if (entry.state.status === 'queued') this.options.queue.remove(entry)
    this.entries.delete(entry.id)
    const { outcome } = entry
    if (this.options.mode === 'build' && outcome !== undefined) this.forgotten.set(entry.id, outcome)
  }

  /** The entry as a board shows it, if it does not yet. */
  private changedJob(entry: Entry): BoardJob[] {
    const { job, estimate, rank, state } = entry
    const shown = this.options.board().jobs.get(entry.id)
    // Of these the events told, and they know more than the plan.
    const told = state.status === 'running' || state.status === 'retrying'
    const board: BoardJob = {
      id: entry.id,
      rule: job.rule.name,
      batch: entry.batch,
      name: nameInBatch(job),
      params: Object.fromEntries(job.params),
      pools: Object.fromEntries(job.rule.pools),
      prerequisites: job.prerequisites,
      estimate,
      rank,
      status: told && shown !== undefined ? shown.status : sameAttempt(this.statusOf(entry), shown?.status),
    }
    return shown !== undefined && JSON.stringify(shown) === JSON.stringify(board) ? [] : [board]
  }

  statusOf(entry: Entry) {
    const history = this.options.ports.journal.history(entry.job.targets[0]!.path)
    return statusOf(entry, history, this.prerequisites(entry).find(isPending)?.id)
  }

  private prerequisites(entry: Entry): Entry[] {
    return entry.job.prerequisites.flatMap((id) => this.entries.get(id) ?? [])
  }

  /** What becomes of a job by its verdict and what persons said. Returns whether it is one more that will be made. */
  decide(entry: Entry): boolean {
    const { state, verdict } = entry
    if (state.status === 'running') return false
    const wanted = verdict.state === 'stale' && entry.chosen
    // A job that waits for its next attempt goes on waiting, unless what it is made from is not what failed.
    if (state.status === 'retrying' && wanted && this.isAsItFailed(entry)) return false
    if (!wanted) {
      if (this.options.mode === 'watch' || isPending(entry)) entry.state = { status: 'resting' }
      return false
    }
    const history = this.options.ports.journal.history(entry.job.targets[0]!.path)
    if (history.held !== undefined) {
      entry.state = { status: 'ended', outcome: 'held' }
      entry.outcome = 'held'
      return false
    }
    if (this.options.mode === 'watch' && history.wanted === undefined && this.isAsItFailed(entry)) {
      entry.state = { status: 'ended', outcome: history.stopped === undefined ? 'failed' : 'cancelled' }
      return false
    }
    const more = !isPending(entry)
    if (more && !this.mayAdmit(entry)) return false
    if (more) entry.admissions++
    const tries = state.status === 'queued' ? state.tries : firstTry
    entry.state = { status: 'waiting' }
    this.release(entry, { tries, quiet: true })
    return more
  }

  private mayAdmit({ state, outcome, admissions }: Entry): boolean {
    if (this.options.mode === 'watch' || outcome === undefined) return true
    if (state.status !== 'ended' || admissions >= maxAdmissions) return false
    return outcome === 'done' || outcome === 'skipped' || outcome === 'not-started'
  }

  /** Did the last attempt fail, or was it stopped by a person, with the very same ingredients? */
  private isAsItFailed({ job, graph }: Entry): boolean {
    const { journal, disk } = this.options.ports
    const { failed, stopped } = journal.history(job.targets[0]!.path)
    const last = stopped ?? failed
    if (last?.ingredients === undefined) return false
    return last.ingredients === ingredientsDigest(takeIngredients(job, surveyDisk(disk), graph.ignoreOf))
  }

  /** Queues a job whose prerequisites are all made, or ends it for now if one of them cannot be. */
  release(entry: Entry, { tries, quiet }: { readonly tries: Tries; readonly quiet: boolean }): void {
    if (entry.state.status !== 'waiting') return
    const before = this.prerequisites(entry)
    const hindered = before.find(({ state }) => state.status === 'ended' && hinders(state.outcome))
    if (before.some(isPending)) {
      // It waits on.
    } else if (hindered === undefined) {
      this.enqueue(entry, tries)
    } else if (hindered.outcome === 'failed' || hindered.outcome === 'blocked') {
      const atMs = this.options.ports.clock.now()
      if (!quiet) this.options.emit({ type: 'blocked', atMs, job: entry.id, by: hindered.id })
      this.end(entry, 'blocked', { because: hindered.id, quiet })
      return
    } else {
      this.end(entry, 'not-started', { because: hindered.id, quiet })
    }
    if (!quiet) this.tell(entry)
  }

  enqueue(entry: Entry, tries: Tries): void {
    entry.state = { status: 'queued', tries }
    this.options.queue.add(entry)
  }

  /** Ends a job, for now, and says so to what depends on it. */
  end(entry: Entry, outcome: Outcome, more: { readonly because?: string; readonly quiet?: boolean } = {}): void {
    const { because, quiet = false } = more
    entry.state = { status: 'ended', outcome, ...(because === undefined ? {} : { because }) }
    entry.outcome = outcome
    if (outcome === 'done') entry.verdict = { state: 'up-to-date', edited: undefined, absent: false }
    for (const consumer of this.consumers(entry)) {
      this.wait(consumer)
      this.release(consumer, { tries: firstTry, quiet })
    }
  }

  /** Decides about a job anew, after a person held or released it, and about what hangs on it. */
  redecide(entry: Entry): void {
    if (entry.state.status === 'running') return
    if (entry.state.status === 'queued') this.options.queue.remove(entry)
    this.decide(entry)
    this.tell(entry)
    for (const consumer of this.consumers(entry))
      if (isPending(consumer) || isHindered(consumer)) this.redecide(consumer)
  }

  /** Moves a job in the queue, by a person's say. */
  reorder(entry: Entry, say: number): void {
    const isQueued = entry.state.status === 'queued'
    if (isQueued) this.options.queue.remove(entry)
    entry.rank = { ...entry.rank, say }
    if (isQueued) this.options.queue.add(entry)
    const status = this.options.board().jobs.get(entry.id)?.status ?? this.statusOf(entry)
    this.options.emit({ type: 'changed', atMs: this.options.ports.clock.now(), jobs: [{ job: entry.id, status, say }] })
  }

  /** A job was taken up again: what it had kept from being made waits for it once more. */
  takeUp(entry: Entry, tries: Tries = firstTry): void {
    entry.admissions++
    entry.state = { status: 'waiting' }
    this.release(entry, { tries, quiet: false })
    this.expect(entry)
  }

  /** A job is on its way after all: what it had kept from being made waits for it. */
  expect(entry: Entry): void {
    for (const consumer of this.consumers(entry)) this.wait(consumer)
  }

  private wait(entry: Entry): void {
    if (this.options.mode === 'build' || entry.state.status !== 'ended') return
    if (!isHindered(entry)) return
    entry.state = { status: 'waiting' }
    this.tell(entry)
    this.expect(entry)
  }

  private consumers(entry: Entry): Entry[] {
    return (entry.graph.consumers.get(entry.id) ?? []).flatMap((id) => this.entries.get(id) ?? [])
  }

  /** Tells clients how a job stands, where nothing happened that has an event of its own. */
  tell(entry: Entry): void {
    const status = this.statusOf(entry)
    this.options.emit({ type: 'changed', atMs: this.options.ports.clock.now(), jobs: [{ job: entry.id, status }] })
  }
}

/** The board has the same attempt's end from an event, a few ms after the journal's: that is no difference. */
function sameAttempt(status: JobStatus, shown: JobStatus | undefined): JobStatus {
  if (status.state !== 'done' || shown?.state !== 'done' || status.edited !== shown.edited) return status
  return status.last?.attempt === shown.last?.attempt ? shown : status
}

/** Did a job end for now because of another one? */
function isHindered({ state }: Entry): boolean {
  return state.status === 'ended' && (state.outcome === 'blocked' || state.outcome === 'not-started')
}

/** Does an outcome keep what depends on the job from being made? */
function hinders(outcome: Outcome): boolean {
  return outcome !== 'done' && outcome !== 'skipped'
}
