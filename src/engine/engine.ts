import { emptyBoard, nextBoard } from '../core/board.ts'
import { namedJobs, withPrerequisites } from '../core/goals.ts'
import { ingredientsDigest, regather, takeIngredients } from '../core/provenance.ts'
import { verdictReason } from '../core/reasons.ts'
import { backoffMs } from '../core/schedule.ts'
import { surveyDisk } from '../core/survey.ts'
import { judge } from '../core/verdict.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { Board, BoardEngine } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Plan, Verdict } from '../model/plan.ts'
import { DiskFault } from '../model/ports.ts'
import type { Cause } from '../model/record.ts'
import { performAction } from './acts.ts'
import {
  type AttemptEnd,
  changedSource,
  diskCause,
  recordFailure,
  type StartedAttempt,
  settleAttempt,
  startAttempt,
} from './attempt.ts'
import { JobBook, type PlannedGraph, type Scope } from './book.ts'
import { detailOf } from './detail.ts'
import { type Entry, isPending, type Outcome, triesOf } from './entry.ts'
import { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import { JobQueue } from './queue.ts'
import type { Recovery } from './recover.ts'

export interface EngineOptions {
  /** Who and what it is; `mode` says whether it ends when all is done, or stays. */
  readonly engine: BoardEngine
  /** Makes a plan from the disk as it is now, of these batches or of more. */
  readonly plan: (scope: Scope) => PlannedGraph
  /** The jobs that were asked for, with what they need. */
  readonly choose: (plan: Plan) => ReadonlySet<string>
  /** At most this many jobs at once over all pools together. */
  readonly maxJobs: number | undefined
  readonly failFast: boolean
  /** Attempts of an earlier labmake that still run: they hold their slots, and are taken over. */
  readonly adopted: readonly StartedAttempt[]
  /** Attempts that had ended while no labmake was there, as they were settled. */
  readonly settled: Recovery['settled']
  /** Who runs it: what a stopped build says of its jobs. */
  readonly user: string
}

/** A source may change under a running recipe once; the second time the recipe itself is the likely cause. */
const maxReruns = 1

/**
 * A plan of everything may take seconds where there are very many batches: between two of them at least this many times as
 * long goes by, so that planning never takes more than a tenth of a processor.
 */
const restAfterPlanning = 9

/**
 * Brings jobs up to date: starts what the pools allow, in order of rank. A failed job stops only what depends on it. A
 * build ends when nothing more can be made; a watch stays, and takes up what changes.
 */
export class Engine {
  private readonly book: JobBook
  private readonly pools: Pools
  private readonly queue: JobQueue<Entry>
  private readonly underWay = new Set<Promise<void>>()
  /** Attempts between the end of their recipes and the journal: the only ones that must not be left in the middle. */
  private readonly settling = new Set<Promise<AttemptEnd>>()
  private readonly defects: unknown[] = []
  /** Attempts of an earlier labmake that still run and belong to no job of this build. */
  private strangers = 0
  private readonly attempts = new Map<Entry, StartedAttempt>()
  private readonly retrying = new Set<Entry>()
  private readonly listeners = new Set<(event: EngineEvent) => void>()
  private readonly options: EngineOptions
  private readonly ports: Ports
  private shown: Board
  /** The last plan of everything. */
  private planned: PlannedGraph | undefined
  private changes: Scope = new Set()
  private nextFullPlanMs = 0
  private busy = false
  private stopping: 'no' | 'ending' | 'leaving' = 'no'
  /** What runs is being ended; `now`: without a grace. */
  private cancelling: { readonly now: boolean } | undefined
  private woken = false
  private wake: () => void = () => {}

  constructor(options: EngineOptions, ports: Ports) {
    this.options = options
    this.ports = ports
    this.shown = emptyBoard(options.engine)
    this.pools = new Pools(options.maxJobs)
    this.queue = new JobQueue(this.pools.limits())
    this.book = new JobBook({
      mode: options.engine.mode,
      choose: options.choose,
      pools: this.pools,
      queue: this.queue,
      ports,
      board: () => this.shown,
      emit: (event) => this.tell(event),
    })
  }

  board(): Board {
    return this.shown
  }

  /** Called for each event from now on. Returns what ends it. */
  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Takes an event into the board and on to whoever listens; also one of the inbox. */
  tell(event: EngineEvent): void {
    this.shown = nextBoard(this.shown, event)
    for (const listener of this.listeners) listener(event)
  }

  /** Undefined if there is no such job. */
  detail(id: string): JobDetail | undefined {
    const entry = this.book.entries.get(id)
    return entry && detailOf(entry, this.ports.journal.attempts(entry.job.targets[0]!.path))
  }

  /** Something changed: these batches are planned anew. */
  changed(scope: Scope): void {
    // A build was asked for by goals, which only a plan of everything can find.
    const all = this.changes === 'all' || scope === 'all' || this.options.engine.mode === 'build'
    this.changes = all ? 'all' : new Set([...this.changes, ...scope])
    this.rouse()
  }

  /** A job ended: what it made may lead to jobs that nobody could know before. A build looks once, when all ended. */
  private changedBy(batch: string | undefined): void {
    if (this.options.engine.mode === 'watch') this.changed(batch === undefined ? 'all' : new Set([batch]))
  }

  /** Does what a person asks. Rejects with DiskFault where it could not be written down; then nothing was done. */
  async act(action: Action, by: string): Promise<ActionResult> {
    const result = await performAction(action, by, {
      ports: this.ports,
      book: this.book,
      pools: this.pools,
      board: () => this.shown,
      named: (goals) => this.named(goals),
      cancel: (entry, who) => this.cancel(entry, who),
      replanned: (batches) => this.changed(batches),
      poolChanged: (name) => this.poolChanged(name),
      stop: (how) => (how === 'end' ? this.stop({ now: false }) : this.leave()),
    })
    if (result.done) this.tell({ type: 'acted', atMs: this.now(), by, action, text: result.text })
    this.rouse()
    return result
  }

  /** The jobs that goals name, with all that they need, after one more look at the disk. */
  private named(goals: readonly string[]): Entry[] {
    this.changes = new Set()
    this.look('all')
    const { rules, plan } = this.planned!
    const ids = withPrerequisites(plan, namedJobs(plan, rules.rules, goals))
    return [...ids].flatMap((id) => this.book.entries.get(id) ?? [])
  }

  /** Runs until all is done, or, where it stays, until it is stopped. Rejects only for defects. */
  async run(): Promise<ReadonlyMap<string, Outcome>> {
    // Before the plan, which knows of them from the journal and says how the jobs stand now.
    for (const { job, end } of this.options.settled) this.tellEnd(job, end)
    this.look('all')
    this.adopt()
    while (this.stopping !== 'leaving') {
      const planInMs = this.planChanges()
      const retryInMs = this.startWhatFits()
      this.tellIfIdle()
      const slotsComeFree = !this.queue.isEmpty && this.strangers > 0 && this.stopping === 'no'
      if (this.underWay.size > 0 || retryInMs !== undefined || slotsComeFree) await this.pause(retryInMs, planInMs)
      else if (this.stopping !== 'no') break
      else if (this.options.engine.mode === 'watch') await this.pause(planInMs)
      else if (!this.lookAgain()) break
    }
    await Promise.all(this.settling)
    if (this.defects.length > 0) throw this.defects[0]
    return this.outcomes()
  }

  private outcomes(): ReadonlyMap<string, Outcome> {
    const taken = [...this.book.entries.values()].filter(
      ({ admissions, outcome }) => admissions > 0 || outcome === 'held',
    )
    return new Map([...this.book.forgotten, ...taken.map((entry): [string, Outcome] => [entry.id, outcomeOf(entry)])])
  }

  /** Starts nothing more and ends what runs; `now` without a grace. */
  stop(how: { readonly now: boolean }): void {
    this.stopStarting('asked')
    this.cancelling = how
    for (const { running } of this.attempts.values()) running.cancel(how)
    this.rouse()
  }

  /** Ends without ending what runs: the next labmake takes it over. */
  leave(): void {
    this.stopStarting('asked')
    this.stopping = 'leaving'
    this.rouse()
  }

  private stopStarting(because: 'asked' | 'failed'): void {
    if (this.stopping !== 'no') return
    this.tell({ type: 'stopping', atMs: this.now(), running: this.attempts.size, because })
    this.stopping = 'ending'
  }

  private look(scope: Scope): boolean {
    const startMs = this.now()
    const planned = this.options.plan(scope)
    const more = this.book.integrate(planned)
    if (planned.scope !== 'all') return more
    this.planned = planned
    this.nextFullPlanMs = this.now() + (this.now() - startMs) * restAfterPlanning
    return more
  }

  /** Plans what changed. Returns ms until that may be done, where planning everything has to wait. */
  private planChanges(): number | undefined {
    const scope = this.changes
    if (scope !== 'all' && scope.size === 0) return undefined
    const inMs = scope === 'all' ? this.nextFullPlanMs - this.now() : 0
    if (inMs > 0) return inMs
    this.changes = new Set()
    this.look(scope)
    return undefined
  }

  /** After everything ended: what was made may have led to jobs that nobody could know before. */
  private lookAgain(): boolean {
    const made = [...this.book.entries.values()].some(({ outcome }) => outcome === 'done')
    return made && this.look('all')
  }

  /** Attempts that still run hold their slots; those of chosen jobs are waited for like our own. */
  private adopt(): void {
    for (const attempt of this.options.adopted) {
      const { state } = attempt
      const entry = this.book.entries.get(state.job)
      const pools = new Map(Object.entries(state.pools))
      this.queue.take(pools)
      const { job, attempt: number, startedMs, log } = state
      const pid = state.process?.pid
      this.tell({ type: 'adopted', atMs: this.now(), job, attempt: number, pid, startedMs, log })
      const give = () => {
        this.queue.give(pools)
        this.rouse()
      }
      if (entry === undefined || !entry.chosen) {
        // Nobody asked for it here: a build does not wait for it, but what it made is taken all the same.
        this.strangers++
        const settled = this.settle(attempt).then(({ end }) => {
          this.tellEnd(state.job, end)
          this.changedBy(entry?.batch)
        })
        const noted = settled.catch((defect: unknown) => void this.defects.push(defect))
        void noted.finally(() => {
          this.strangers--
          give()
        })
        continue
      }
      if (entry.state.status === 'queued') this.queue.remove(entry)
      if (!isPending(entry)) entry.admissions++
      this.track(this.follow(entry, attempt).finally(give))
    }
  }

  private tellEnd(job: string, end: AttemptEnd): void {
    const { attempt, seconds, log } = end
    const base = { atMs: this.now(), job, attempt, seconds, log }
    if (end.status === 'cancelled') this.tell({ type: 'cancelled', ...base, by: end.by ?? this.options.user })
    else if (end.status === 'failed') this.tell({ type: 'failed', ...base, cause: end.cause, retryInMs: undefined })
    else this.tell({ type: 'done', ...base, ...(end.attic === undefined ? {} : { attic: end.attic }) })
  }

  /** Starts what the pools allow. Returns ms until the next retry is due, if there is one. */
  private startWhatFits(): number | undefined {
    if (this.stopping !== 'no') return undefined
    const retryInMs = this.enqueueDueRetries()
    for (const entry of this.queue.next()) this.track(this.runJob(entry))
    return retryInMs
  }

  private enqueueDueRetries(): number | undefined {
    let nextMs: number | undefined
    for (const entry of this.retrying) {
      if (entry.state.status !== 'retrying') {
        this.retrying.delete(entry)
        continue
      }
      const inMs = entry.state.atMs - this.now()
      if (inMs > 0) nextMs = Math.min(inMs, nextMs ?? inMs)
      else {
        this.retrying.delete(entry)
        this.book.enqueue(entry, entry.state.tries)
      }
    }
    return nextMs
  }

  private tellIfIdle(): void {
    const busy = this.underWay.size > 0 || !this.queue.isEmpty || this.retrying.size > 0
    if (this.busy && !busy && this.options.engine.mode === 'watch') this.tell({ type: 'idle', atMs: this.now() })
    this.busy = busy
  }

  private track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((defect: unknown) => {
        this.defects.push(defect)
      })
      .finally(() => {
        this.underWay.delete(tracked)
        this.rouse()
      })
    this.underWay.add(tracked)
  }

  private rouse(): void {
    this.woken = true
    this.wake()
  }

  /** Until an attempt ends, something changes, or one of these ms is over. */
  private async pause(...inMs: readonly (number | undefined)[]): Promise<void> {
    const due = inMs.filter((ms) => ms !== undefined)
    if (!this.woken) {
      const over = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve
      })
      const timer = due.length === 0 ? [] : [this.ports.clock.wait(Math.min(...due), over.signal)]
      await Promise.race([woken, ...timer])
      over.abort()
    }
    this.woken = false
    // A defect inside an attempt ends the build. What runs goes on, as when labmake is killed; the next one takes it over.
    if (this.defects.length > 0) throw this.defects[0]
  }

  /** One attempt of a job, from taking its slots to giving them back. */
  private async runJob(entry: Entry): Promise<void> {
    const { job, pools } = entry
    entry.state = { status: 'running', tries: triesOf(entry) }
    this.queue.take(pools)
    try {
      const verdict = this.judgeNow(entry)
      // Hours may have passed since the plan: a person may have edited the target, or taken the source away.
      if (verdict.state !== 'stale') {
        this.skip(entry, verdict)
        return
      }
      const started = await startAttempt(job, entry.graph.ignoreOf, this.ports)
      const { attempt, log, process } = started.state
      const reason = verdictReason(verdict)
      this.tell({ type: 'started', atMs: this.now(), job: job.id, attempt, log, pid: process?.pid, reason })
      await this.follow(entry, started)
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault
      await this.failed(entry, { cause: diskCause(fault), attempt: 0, seconds: 0, log: '' })
    } finally {
      this.queue.give(pools)
      if (entry.gone && !isPending(entry)) this.forget(entry)
    }
  }

  private forget(entry: Entry): void {
    this.book.forget(entry)
    this.changedBy(entry.batch)
  }

  /** From the running recipe to what became of it. */
  private async follow(entry: Entry, attempt: StartedAttempt): Promise<void> {
    entry.state = { status: 'running', tries: triesOf(entry) }
    this.attempts.set(entry, attempt)
    this.book.expect(entry)
    // It was being started as labmake was told to stop.
    if (this.cancelling !== undefined) attempt.running.cancel(this.cancelling)
    const { end, state } = await this.settle(attempt, () => entry.state)
    this.attempts.delete(entry)
    switch (end.status) {
      case 'cancelled':
        this.tellEnd(entry.id, end)
        return this.book.end(entry, 'cancelled')
      case 'failed':
        return this.failed(entry, end)
      case 'made':
        return this.made(entry, end, state)
    }
  }

  /** Waits for the recipe, then commits what it made or puts it aside, and says so in the journal. */
  private async settle({ state, running }: StartedAttempt, now?: () => Entry['state']) {
    const exit = await running.exit
    const last = now?.()
    const stoppedBy = last?.status === 'running' ? last.stoppedBy : undefined
    const settling = settleAttempt(state, exit, this.ports, stoppedBy)
    this.settling.add(settling)
    const end = await settling.finally(() => this.settling.delete(settling))
    if (end.trouble !== undefined) this.tell({ type: 'trouble', atMs: this.now(), message: end.trouble })
    return { end, state }
  }

  private async made(
    entry: Entry,
    end: AttemptEnd & { status: 'made' },
    state: StartedAttempt['state'],
  ): Promise<void> {
    const { job } = entry
    const tries = triesOf(entry)
    this.tellEnd(job.id, end)
    const path = changedSource(job, state, entry.graph.ignoreOf, this.ports)
    if (path === undefined) {
      this.book.end(entry, 'done')
      this.changedBy(entry.batch)
      return
    }
    this.tell({ type: 'source-changed', atMs: this.now(), job: job.id, path })
    if (tries.reruns < maxReruns) {
      this.book.enqueue(entry, { retries: 0, reruns: tries.reruns + 1 })
    } else {
      const { attempt, seconds, log } = end
      const cause: Cause = { kind: 'unstable-source', path }
      const survey = surveyDisk(this.ports.disk)
      const ingredients = ingredientsDigest(takeIngredients(regather(job, survey), survey, entry.graph.ignoreOf))
      // The target stands, but a person has to see what is wrong after this labmake too.
      await recordFailure(state, cause, { attempt, seconds, log, ingredients }, this.ports)
      await this.failed(entry, { cause, attempt, seconds, log })
    }
  }

  private async failed(
    entry: Entry,
    end: Pick<AttemptEnd & { status: 'failed' }, 'cause' | 'attempt' | 'seconds' | 'log'>,
  ): Promise<void> {
    const { job } = entry
    const { cause, attempt, seconds, log } = end
    const tries = triesOf(entry)
    const number = tries.retries + 1
    const of = job.rule.retries
    const again = number <= of && retriable(cause) && this.stopping === 'no' && !entry.gone
    const retryInMs = again ? backoffMs(job.rule.backoffMs, number + 1, this.ports.clock.random()) : undefined
    const retry = again ? { retry: { number, of } } : {}
    this.tell({ type: 'failed', atMs: this.now(), job: job.id, cause, attempt, seconds, log, retryInMs, ...retry })
    if (retryInMs === undefined) {
      this.book.end(entry, 'failed')
      if (this.options.failFast) this.stopStarting('failed')
      return
    }
    entry.state = { status: 'retrying', tries: { ...tries, retries: number }, atMs: this.now() + retryInMs, cause }
    this.retrying.add(entry)
  }

  private skip(entry: Entry, verdict: Verdict): void {
    entry.verdict = verdict
    const waits = verdict.state === 'waiting' || verdict.state === 'orphaned'
    this.book.end(entry, waits ? 'not-started' : 'skipped')
    const status = this.book.statusOf(entry)
    this.tell({ type: 'skipped', atMs: this.now(), job: entry.id, reason: verdictReason(verdict), status })
  }

  /** The verdict as of now: what was made in this build counts as files on disk. */
  private judgeNow({ job, graph }: Entry): Verdict {
    const survey = surveyDisk(this.ports.disk)
    return judge(regather(job, survey), {
      survey,
      history: (target) => this.ports.journal.history(target),
      ignoreOf: graph.ignoreOf,
      producerOf: graph.producerOf,
      verdictOf: (id) => this.book.entries.get(id)?.verdict,
      absent: () => undefined,
      mayBeAbsent: () => false,
    })
  }

  /** Ends what runs of a job, by a person's say. */
  private cancel(entry: Entry, by: string): boolean {
    const attempt = this.attempts.get(entry)
    if (attempt === undefined || entry.state.status !== 'running') return false
    entry.state = { ...entry.state, stoppedBy: by }
    const shown = this.shown.jobs.get(entry.id)?.status
    if (shown?.state === 'running') {
      const status = { ...shown, stoppedBy: by }
      this.tell({ type: 'changed', atMs: this.now(), jobs: [{ job: entry.id, status }] })
    }
    attempt.running.cancel({ now: false })
    return true
  }

  private poolChanged(name: string): void {
    this.queue.slots = this.pools.limits()
    const pool = this.pools.find(name)
    if (pool !== undefined) this.tell({ type: 'pool', atMs: this.now(), pool })
  }

  private now(): number {
    return this.ports.clock.now()
  }
}

/** What a build that is over says of a job. One that waited for its retry when it was stopped has failed. */
function outcomeOf({ state, outcome }: Entry): Outcome {
  if (state.status === 'retrying') return 'failed'
  if (state.status === 'ended') return state.outcome
  return state.status === 'resting' ? (outcome ?? 'skipped') : 'not-started'
}

/** Trying again cannot help where nothing but a person can. */
function retriable(cause: Cause): boolean {
  return cause.kind !== 'unstable-source' && cause.kind !== 'edited-meanwhile' && cause.kind !== 'no-command'
}
