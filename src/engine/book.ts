import type { Graph } from '../core/graph.ts'
import { jobsInOrder } from '../core/jobOrder.ts'
import { canScope } from '../core/scope.ts'
import { standingOf } from '../core/standing.ts'
import { upToDate } from '../core/verdict.ts'
import type { Board, JobStatus, Rank } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { TargetHistory } from '../model/record.ts'
import type { Rule, RuleSet } from '../model/rule.ts'
import type { Standing } from '../model/standing.ts'
import { ingredientsNow } from './asOfNow.ts'
import {
  type Entry,
  firstTry,
  isPending,
  type Outcome,
  resting,
  type Standby,
  type State,
  statusOf,
  triesOf,
} from './entry.ts'
import { stateAfterFailure } from './failures.ts'
import type { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import type { JobQueue } from './queue.ts'
import { noOrder, Ranks } from './ranks.ts'
import { restBatches, restlessCause, restlessFailure } from './restless.ts'
import type { SweepEnd } from './sweep.ts'
import { Telling } from './telling.ts'

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

/** Estimates are made in turns of about so long. */
const estimatingMs = 4

/** All jobs of the workspace and what is to become of each. Knows nothing of recipes and processes. */
export class JobBook {
  readonly entries = new Map<string, Entry>()
  private readonly byBatch = new Map<string, readonly Entry[]>()
  /** How jobs of a build ended that are in no plan any more. */
  readonly forgotten = new Map<string, Outcome>()
  private readonly retrying = new Set<Entry>()
  private readonly ranks: Ranks
  /** More is known of how long jobs take than when these were estimated. */
  private toEstimate = new Set<Entry>()
  /** How many were taken over. */
  private plans = 0
  /** Rises whenever a job may stand otherwise than before. */
  changes = 0
  /** By the plan that is being taken over. */
  private givenUp: Entry[] = []
  private readonly options: BookOptions
  private readonly telling: Telling

  constructor(options: BookOptions) {
    this.options = options
    this.ranks = new Ranks(options)
    this.telling = new Telling(options, (entry) => this.statusOf(entry))
  }

  /** Does any job wait for its retry? */
  get isRetrying(): boolean {
    return this.retrying.size > 0
  }

  /** Is there more to be put in order, or to tell clients of, in the next turn? */
  get hasMoreToArrange(): boolean {
    return this.ranks.isUnderWay || this.telling.hasMore || this.toEstimate.size > 0
  }

  /** Batches that there are jobs of. */
  batches(): Iterable<string> {
    return this.byBatch.keys()
  }

  /** Does a job of this batch run, or is what it made being put into place? */
  isAtWork(batch: string): boolean {
    return this.byBatch.get(batch)?.some(({ state }) => state.status === 'running') ?? false
  }

  /** Is anything said to be wrong with the names and paths of batches? */
  get hasFaults(): boolean {
    return this.telling.hasGraphFaults
  }

  /** The jobs as they stand now, in no order that means anything. */
  asPlan(): Plan {
    const { faults, warnings } = this.options.board()
    return {
      jobs: [...this.entries.values()],
      byId: this.entries,
      orphaned: this.telling.orphaned,
      errors: faults,
      warnings,
    }
  }

  /** How these stand, in the order of a plan. */
  standing(entries: readonly Entry[], rules: readonly Rule[]): Standing {
    const plan = this.asPlan()
    const ids = new Set(entries.map(({ id }) => id))
    const standing = standingOf(plan, ids)
    const named = [...standing.protected, ...standing.failed.map(({ id }) => id)]
    if (named.length < 2) return standing
    // Where batches are apart, others have no part in the order of these.
    const meant = canScope(rules) ? new Set(named.map((id) => this.entries.get(id)!.batch)) : undefined
    const jobs = [...this.entries.values()].flatMap(({ job }) => (meant?.has(job.batch) === false ? [] : [job]))
    const sorted = jobsInOrder(jobs, rules).map(({ id }) => this.entries.get(id)!)
    const { protected: edited, failed } = standingOf({ ...plan, jobs: sorted }, ids)
    return { ...standing, protected: edited, failed }
  }

  /** A plan of everything begins, slice by slice. */
  begin(): void {
    this.ranks.learn({ always: true })
    this.plans++
  }

  /** A plan of everything is over, slice by slice: jobs without a batch were of other rules. */
  conclude(end: SweepEnd): void {
    const removed = this.remove([...this.entries.values()].filter(({ batch }) => batch === undefined))
    this.changes++
    this.telling.conclude(end, removed)
    this.tell()
  }

  /** Takes over a new plan. Returns whether there is more to do than before. */
  integrate(planned: PlannedGraph, { isSlice }: { readonly isSlice: boolean } = { isSlice: false }): boolean {
    const { graph, plan, rules, scope } = planned
    const { pools, queue } = this.options
    pools.declare(rules.pools)
    const chosen = this.options.choose(plan)
    if (scope === 'all') this.ranks.learn({ always: true })
    if (!isSlice) this.plans++
    this.changes++
    let more = false
    const { consumers, producerOf, ignoreOf } = graph
    const links = { consumers, producerOf, ignoreOf }
    for (const planned of plan.jobs) {
      const entry = this.update({ ...planned, links, chosen: chosen.has(planned.job.id) })
      if (this.decide(entry)) more = true
    }
    // Once the jobs have their rules: what runs may have taken slots of a pool that counts memory now.
    queue.limit(pools.limits())
    const entries = plan.jobs.map(({ job }) => this.entries.get(job.id)!)
    restBatches(entries)
    const others = scope === 'all' ? [...this.entries.values()] : this.ofBatches(scope)
    const removed = this.remove(others.filter(({ id }) => !plan.byId.has(id)))
    // After a slice, or where it takes many turns, each turn goes on with it once: see arrange.
    if (!isSlice && !this.ranks.isUnderWay) this.rank()
    this.telling.plan(planned, entries, { removed, isSlice })
    this.tell()
    this.ranks.told()
    for (const entry of this.givenUp) this.telling.failed(entry)
    this.givenUp = []
    return more
  }

  private update(taken: TakenJob): Entry {
    const { job } = taken
    const known = this.entries.get(job.id)
    const entry = known ?? newEntry(taken, this.plans)
    if (known === undefined) this.add(entry)
    Object.assign(entry, taken, { gone: false })
    if (job.rule.priority !== entry.rank.priority) {
      entry.rank = { ...entry.rank, priority: job.rule.priority }
      this.options.queue.reorder()
    }
    this.estimate(entry)
    entry.pools = this.options.pools.of(job)
    return entry
  }

  /** What runs keeps the estimate that it started with. */
  private estimate(entry: Entry): void {
    const { state, verdict, chosen } = entry
    if (state.status === 'running' || verdict.state !== 'stale' || !chosen) return
    this.ranks.estimate(entry, this.entries)
    this.telling.noteRank(entry)
  }

  /** Before jobs are chosen: what ended since tells how long others take, and what is best to start next. */
  arrange(): void {
    if (this.ranks.learn()) this.toEstimate = new Set(this.entries.values())
    this.estimateOn()
    if (this.toEstimate.size === 0) this.rank()
    this.tell()
    this.ranks.told()
  }

  /** Of those that are to be estimated anew as many as fit into a turn: for each a record is read. */
  private estimateOn(): void {
    const { clock } = this.options.ports
    const startMs = clock.steadyMs()
    for (const entry of this.toEstimate) {
      this.toEstimate.delete(entry)
      this.estimate(entry)
      if (clock.steadyMs() - startMs >= estimatingMs) return
    }
  }

  private rank(): void {
    const moved = this.ranks.arrange(this.entries.values())
    for (const entry of moved) this.telling.noteRank(entry)
    if (moved.length > 0) this.options.queue.reorder()
  }

  /** Forgets what is in no plan any more. Returns the ids; without those that run. */
  private remove(entries: readonly Entry[]): string[] {
    const removed: string[] = []
    for (const entry of entries) {
      // The end of its attempt is told by its name, and calls for another plan.
      if (entry.state.status === 'running') entry.gone = true
      else removed.push(entry.id)
    }
    for (const id of removed) this.forget(this.entries.get(id)!)
    return removed
  }

  private ofBatches(names: ReadonlySet<string>): Entry[] {
    return [...names].flatMap((name) => this.byBatch.get(name) ?? [])
  }

  private add(entry: Entry): void {
    const { batch } = entry
    this.entries.set(entry.id, entry)
    if (batch === undefined) return
    this.byBatch.set(batch, [...(this.byBatch.get(batch) ?? []), entry])
  }

  private forget(entry: Entry): void {
    const { outcome, batch } = entry
    this.set(entry, resting)
    this.toEstimate.delete(entry)
    this.entries.delete(entry.id)
    const others = batch === undefined ? [] : this.byBatch.get(batch)!.filter((other) => other !== entry)
    if (others.length > 0) this.byBatch.set(batch!, others)
    else if (batch !== undefined) this.byBatch.delete(batch)
    if (this.options.mode === 'build' && outcome !== undefined) this.forgotten.set(entry.id, outcome)
  }

  statusOf(entry: Entry): JobStatus {
    return statusOf(entry, this.historyOf(entry), this.prerequisites(entry).find(isPending)?.id)
  }

  historyOf({ job }: Entry): TargetHistory {
    return this.options.ports.journal.history(job.targets[0]!.path)
  }

  private prerequisites(entry: Entry): Entry[] {
    return entry.job.prerequisites.flatMap((id) => this.entries.get(id) ?? [])
  }

  /** The one place where a state changes, so that the queue holds what is queued. */
  private set(entry: Entry, state: State): void {
    this.changes++
    if (entry.state.status === 'queued') this.options.queue.remove(entry)
    this.retrying.delete(entry)
    entry.state = state
    if (state.status !== 'running') this.ranks.outdate()
    if (!isPending(entry)) entry.dueMs = undefined
    if (state.status === 'queued') this.options.queue.add(entry)
    if (state.status === 'retrying') this.retrying.add(entry)
    this.telling.note(entry)
  }

  /** What becomes of a job by its verdict and what persons said. Returns whether it is one more that will be made. */
  private decide(entry: Entry, { asked }: { readonly asked: boolean } = { asked: false }): boolean {
    const { state, verdict } = entry
    if (state.status === 'running') return false
    const isWatch = this.options.mode === 'watch'
    if (verdict.state !== 'stale' || !entry.chosen) {
      if (isWatch || isPending(entry)) this.set(entry, resting)
      entry.failure = undefined
      return false
    }
    const history = this.historyOf(entry)
    const stood = state.status === 'ended' ? (state.before ?? state) : state
    if (history.held !== undefined) {
      this.hold(entry, stood)
      return false
    }
    const after = this.afterFailure(entry, stood, history)
    if (after !== undefined) {
      this.set(entry, after)
      return false
    }
    const more = !isPending(entry)
    if (more && !asked && !(isWatch ? this.isCalm(entry) : this.mayAdmit(entry))) return false
    if (more) entry.admissions++
    entry.failure = undefined
    this.set(entry, { status: 'waiting', tries: isDecided(stood) ? stood.tries : firstTry })
    this.release(entry)
    return more
  }

  private mayAdmit({ state, outcome, admissions }: Entry): boolean {
    if (outcome === undefined) return true
    if (state.status !== 'ended' || admissions >= maxAdmissions) return false
    return outcome === 'done' || outcome === 'skipped' || outcome === 'not-started'
  }

  /** Is it worth another attempt, or do its recipes only make each other stale? */
  private isCalm(entry: Entry): boolean {
    const cause = restlessCause(entry)
    if (cause === undefined) return true
    const { disk, clock } = this.options.ports
    entry.failure = restlessFailure(cause, ingredientsNow(entry, disk), this.historyOf(entry), clock.now())
    entry.outcome = 'failed'
    this.set(entry, { status: 'ended', outcome: 'failed' })
    this.givenUp.push(entry)
    return false
  }

  /** Where a job stands that failed, or was stopped by a person, and that nothing calls for again; else undefined. */
  private afterFailure(entry: Entry, stood: State, history: TargetHistory): State | undefined {
    // Another attempt is on its way, and had its reason.
    if (isDecided(stood)) return undefined
    if (this.options.mode === 'build' && stood.status !== 'retrying') return undefined
    if (entry.failure === undefined && history.wanted !== undefined) return undefined
    const after = stateAfterFailure(entry, history, this.options.ports)
    return after !== undefined && stood.status === 'retrying' ? stood : after
  }

  private hold(entry: Entry, stood: State): void {
    const before = stood.status === 'queued' || stood.status === 'retrying' ? { before: stood } : {}
    entry.outcome = 'held'
    this.set(entry, { status: 'ended', outcome: 'held', ...before })
  }

  /** Queues a job whose prerequisites are all made, or ends it for now if one of them cannot be. */
  private release(entry: Entry): void {
    if (entry.state.status !== 'waiting') return
    const before = this.prerequisites(entry)
    if (before.some(isPending)) return
    const hindering = before.filter(hinders)
    const by = hindering.find(isBroken) ?? hindering[0]
    if (by === undefined) {
      this.set(entry, { status: 'queued', tries: entry.state.tries })
      return
    }
    const outcome = isBroken(by) ? 'blocked' : 'not-started'
    entry.outcome = outcome
    this.set(entry, { status: 'ended', outcome, because: rootOf(by) })
  }

  /** What hangs on these jobs is looked at anew: each once, however many of them it hangs on. */
  private spread(entries: Iterable<Entry>): void {
    let open = new Set(entries)
    while (open.size > 0) {
      const next = new Set<Entry>()
      for (const entry of open) for (const consumer of this.consumers(entry)) next.add(consumer)
      open = new Set([...next].filter((consumer) => this.reconsider(consumer)))
    }
  }

  /** Waits for what is on its way, goes on, or ends for now. Returns whether that matters to what hangs on it. */
  private reconsider(entry: Entry): boolean {
    const { state, verdict } = entry
    if (!isHindered(entry) && state.status !== 'waiting') return false
    if (verdict.state !== 'stale' || !entry.chosen) return false
    if (state.status === 'ended') this.set(entry, { status: 'waiting', tries: firstTry })
    this.release(entry)
    this.telling.note(entry)
    return isPending(entry) !== (state.status === 'waiting') || rootOf(entry) !== rootOf({ id: entry.id, state })
  }

  /** The jobs that are made from what this one makes. */
  consumers(entry: Entry): Entry[] {
    return (entry.links.consumers.get(entry.id) ?? []).flatMap((id) => this.entries.get(id) ?? [])
  }

  /** An attempt begins: what it had kept from being made waits for it once more. */
  start(entry: Entry): void {
    if (!isPending(entry)) entry.admissions++
    this.set(entry, { status: 'running', tries: triesOf(entry) })
    this.spread([entry])
    this.tell()
  }

  /** Ends a job, for now, and says so to what depends on it. `telling`: the event of it, if there is one. */
  end(entry: Entry, outcome: Outcome, telling: () => void = () => {}): void {
    entry.outcome = outcome
    this.set(entry, { status: 'ended', outcome })
    telling()
    if (outcome === 'done') {
      entry.verdict = upToDate
      // They are stale for a good reason.
      for (const consumer of this.consumers(entry)) consumer.restless = 0
    }
    this.spread([entry])
    this.tell()
  }

  /** One more attempt of a job that runs no more: now, or when its retry is due. */
  again(entry: Entry, next: Standby): void {
    if (this.isHeld(entry)) {
      this.hold(entry, next)
      this.spread([entry])
    } else this.set(entry, next)
    this.tell()
  }

  /** Queues what is due to be tried again. Returns ms until the next retry, if there is one. */
  enqueueDue(): number | undefined {
    const steadyMs = this.options.ports.clock.steadyMs()
    let nextMs: number | undefined
    for (const entry of this.retrying) {
      if (entry.state.status !== 'retrying') continue
      const inMs = entry.state.dueMs - steadyMs
      if (inMs <= 0) this.set(entry, { status: 'queued', tries: entry.state.tries })
      else nextMs = Math.min(inMs, nextMs ?? inMs)
    }
    return nextMs
  }

  isHeld(entry: Entry): boolean {
    return this.historyOf(entry).held !== undefined
  }

  /** Decides anew, after a person held or released these jobs or asked for them. */
  redecide(entries: readonly Entry[]): void {
    for (const entry of entries) this.decide(entry, { asked: true })
    this.spread(entries)
    this.tell()
  }

  /** A person asked for another attempt of what ended, or waits for its retry. */
  takeUp(entries: readonly Entry[]): void {
    const taken = entries.filter(({ state }) => state.status === 'ended' || state.status === 'retrying')
    for (const entry of taken) {
      entry.admissions++
      entry.failure = undefined
      this.set(entry, { status: 'waiting', tries: firstTry })
    }
    for (const entry of taken) this.release(entry)
    this.spread(taken)
    this.tell()
  }

  /** A person asked for these whatever became of them: the next plan decides about them as if they had never failed. */
  forgive(entries: readonly Entry[]): void {
    for (const entry of entries) entry.failure = undefined
  }

  /** What keeps a job from being made though it is tried again; what is tried again too does not. */
  blockerOf(entry: Entry, triedToo: ReadonlySet<Entry> = new Set()): Entry | undefined {
    return this.prerequisites(entry).find((other) => hinders(other) && !triedToo.has(other))
  }

  /** Changes the place of jobs in the queue, by a person's say. */
  reorder(says: ReadonlyMap<Entry, number>): void {
    for (const [entry, say] of says) {
      entry.rank = { ...entry.rank, say }
      this.telling.note(entry)
    }
    this.ranks.outdate()
    this.options.queue.reorder()
    this.tell()
  }

  /** Tells clients of what stands otherwise than they know. */
  tell(): void {
    this.telling.flush()
  }
}

type TakenJob = Pick<Entry, 'job' | 'verdict' | 'links' | 'chosen' | 'sourceBytes'>

const noRank: Rank = { say: 0, priority: 0, order: noOrder }

/** Spelt out: what is spread first leaves no room for the rest in the object itself, and there may be a hundred thousand. */
function newEntry({ job, verdict, links, chosen, sourceBytes }: TakenJob, came: number): Entry {
  return {
    id: job.id,
    batch: job.batch,
    job,
    verdict,
    links,
    chosen,
    sourceBytes,
    came,
    dueMs: undefined,
    expectedSeconds: undefined,
    estimate: undefined,
    rank: noRank,
    pools: new Map(),
    held: undefined,
    state: resting,
    outcome: undefined,
    failure: undefined,
    admissions: 0,
    restless: 0,
    gone: false,
    passedOver: 0,
  }
}

/** Is another attempt on its way already? */
function isDecided(state: State): state is State & { status: 'waiting' | 'queued' } {
  return state.status === 'waiting' || state.status === 'queued'
}

/** What failed in the first place, where a job is blocked by one that is blocked itself. */
function rootOf({ id, state }: Pick<Entry, 'id' | 'state'>): string {
  return state.status === 'ended' && state.outcome === 'blocked' ? (state.because ?? id) : id
}

/** Did a job end for now because of another one? */
function isHindered({ state }: Pick<Entry, 'state'>): boolean {
  return state.status === 'ended' && (state.outcome === 'blocked' || state.outcome === 'not-started')
}

/** Does it keep what depends on it from being made? */
function hinders({ state }: Pick<Entry, 'state'>): boolean {
  return state.status === 'ended' && state.outcome !== 'done' && state.outcome !== 'skipped'
}

/** Does it so because something failed? */
function isBroken({ state }: Pick<Entry, 'state'>): boolean {
  return state.status === 'ended' && (state.outcome === 'failed' || state.outcome === 'blocked')
}
