import { emptyBoard, nextBoard } from '../core/board.ts'
import { namedJobs, withPrerequisites } from '../core/goals.ts'
import { memoryAdviceOn } from '../core/memoryAdvice.ts'
import type { Outline } from '../core/outline.ts'
import { canScope } from '../core/scope.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { MemoryAdvice } from '../model/advice.ts'
import type { Board, BoardEngine } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import { assertNever } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Reading } from '../model/facade.ts'
import type { Plan } from '../model/plan.ts'
import type { Rule } from '../model/rule.ts'
import type { StandingAnswer } from '../model/standing.ts'
import { performAction, restOf } from './acts.ts'
import { judgeNow } from './asOfNow.ts'
import type { StartedAttempt } from './attempt.ts'
import { JobBook, type PlannedGraph, type Scope } from './book.ts'
import { detailOf } from './detail.ts'
import { type Entry, type Outcome, outcomeOf } from './entry.ts'
import { type PlanningBudget, planningBudget } from './planningBudget.ts'
import { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import { JobQueue } from './queue.ts'
import type { Recovery } from './recover.ts'
import { openRoom, type Room } from './room.ts'
import { Sharing } from './sharing.ts'
import { Sweep } from './sweep.ts'
import { UnderWay } from './underWay.ts'

export interface EngineOptions {
  /** Who and what it is; `mode` says whether it ends when all is done, or stays. */
  readonly engine: BoardEngine
  /** Makes a plan from the disk as it is now, of these batches or of more. */
  readonly plan: (scope: Scope) => PlannedGraph
  /** Finds all batches that there may be; undefined where the rules do not keep them apart. */
  readonly outline: () => Generator<undefined, Outline, undefined> | undefined
  /** Takes up whatever the system has told of changes by now, and says whether there can be no others. */
  readonly catchUp: () => Promise<boolean>
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

/** Plans of much leave the turn to others after so long: nobody who talks to the engine, or waits for a job's start, notices. */
const turnMs = 8
/** Of batches that changed, so many are planned as one, and as long as the turn is not over twice as many as before. */
const fewBatches = 16

/**
 * Brings jobs up to date: starts what the pools allow, in order of rank. A failed job stops only what depends on it. A
 * build ends when nothing more can be made; a watch stays, and takes up what changes.
 */
export class Engine {
  private readonly options: EngineOptions
  private readonly ports: Ports
  private readonly pools: Pools
  private readonly queue: JobQueue<Entry>
  private readonly book: JobBook
  private readonly underWay: UnderWay
  private readonly room: Room
  private readonly sharing: Sharing
  private readonly listeners = new Set<(event: EngineEvent) => void>()
  private shown: Board
  /** As of the last plan. */
  private rules: readonly Rule[] = []
  /** Ids of jobs that a build was asked for since it began. */
  private readonly asked = new Set<string>()
  private readonly changedBatches = new Set<string>()
  private hasAllChanged = false
  /** A plan of some batches says nothing of faults of others that went with them. */
  private isDoubtful = false
  /** A plan of everything that is being made. */
  private sweep: Sweep | undefined
  private sweptMs = 0
  /** A first plan of everything was made. */
  private isRead = false
  /** What was last said of everything, and how often anything had changed by then. */
  private stood: { readonly changes: number; readonly answer: StandingAnswer } | undefined
  /** Those who wait until all that has changed is planned: it is then planned at once, whatever that takes. */
  private readonly awaiting = new Set<() => void>()
  private isOver = false
  private readonly planning: PlanningBudget
  private wasBusy = false
  private stopping: 'no' | 'ending' | 'leaving' = 'no'
  /** The action before, done or refused: one at a time, so that each is judged by what the one before left. */
  private acting: Promise<unknown>
  private begin: () => void = () => {}
  /** A first plan of everything was made, or the engine ended before. */
  private readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve
  })
  private woken = false
  private wake: () => void = () => {}

  constructor(options: EngineOptions, ports: Ports) {
    this.options = options
    this.ports = ports
    this.planning = planningBudget(ports.clock)
    this.shown = emptyBoard(options.engine)
    this.pools = new Pools(options.maxJobs)
    this.queue = new JobQueue(this.pools.limits())
    const { pools, queue } = this
    const board = () => this.shown
    const tell = (event: EngineEvent) => this.tell(event)
    const { mode } = options.engine
    this.room = openRoom({ clock: ports.clock, mode, tell, rouse: () => this.rouse() })
    this.book = new JobBook({ mode, choose: (plan) => this.choose(plan), pools, queue, ports, board, emit: tell })
    const now = () => this.now()
    this.sharing = new Sharing({ slots: ports.sharedSlots, pools, queue, mode, tell, now })
    this.underWay = new UnderWay({
      ports,
      book: this.book,
      pools,
      queue,
      room: this.room,
      board,
      tell,
      now,
      // A build looks once, when all ended.
      changedBy: (batch) => mode === 'watch' && this.changedBy(batch),
      onFailure: () => options.failFast && this.stopStarting('failed'),
      rouse: () => this.rouse(),
      isStopping: () => this.stopping !== 'no',
      stays: mode === 'watch',
      user: options.user,
    })
    this.acting = this.begun
  }

  board(): Board {
    return this.shown
  }

  /** Recipes that run; once `run` is over, those that were left to the next labmake. */
  get running(): number {
    return this.underWay.running
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

  /** What past attempts say of the pools as they are now. `memoryBytes`: of the machine. */
  advice(memoryBytes: number): readonly MemoryAdvice[] {
    return memoryAdviceOn(this.rules, this.ports.journal.peaks(), { pools: this.shown.pools, memoryBytes })
  }

  /** Something changed: these batches are planned anew. */
  changed(scope: Scope): void {
    this.note(scope)
    this.rouse()
  }

  private note(scope: Scope): void {
    // A build was asked for by goals, which only a plan of everything can find.
    if (scope === 'all' || this.options.engine.mode === 'build') this.hasAllChanged = true
    else for (const batch of scope) this.changedBatches.add(batch)
  }

  /** An attempt ended: what it made may lead to jobs that nobody could know before. */
  private changedBy(batch: string | undefined): void {
    // Nobody is roused before its slots are free: what is first in line may be short of just these.
    this.note(batch === undefined ? 'all' : new Set([batch]))
  }

  /** Does what a person asks, once it runs. Rejects with DiskFault where it could not be written down; then nothing was done. */
  act(action: Action, by: string): Promise<ActionResult> {
    // Who wants it to end does not wait until it has read everything.
    const isFirst = action.type === 'stop' && !this.isRead
    const done = isFirst ? this.perform(action, by) : this.acting.then(() => this.perform(action, by))
    // A rejection is of this action alone.
    this.acting = done.catch(() => undefined)
    return done
  }

  private async perform(action: Action, by: string): Promise<ActionResult> {
    const { ports, book, pools, underWay } = this
    try {
      const result = await performAction(action, by, {
        ports,
        book,
        pools,
        underWay,
        board: () => this.shown,
        isStopping: () => this.stopping !== 'no',
        named: (goals) => this.named(goals),
        judge: (entry) => judgeNow(entry, book.entries, ports),
        replanned: (batches) => this.changed(batches),
        poolChanged: (name) => this.poolChanged(name),
        stop: (how) => (how === 'end' ? this.stop({ now: false }) : this.leave()),
      })
      if (result.done) this.tell({ type: 'acted', atMs: this.now(), by, action, text: result.text })
      return result
    } finally {
      this.room.lookNow()
      this.rouse()
    }
  }

  /** Resolves once everything was planned for the first time. */
  whenRead(): Promise<void> {
    return this.begun
  }

  /** As EngineFacade.reading. */
  get reading(): Reading | undefined {
    return this.isRead ? undefined : (this.sweep?.progress ?? { planned: 0, of: undefined })
  }

  /** As EngineFacade.standing. */
  async standing(goals: readonly string[]): Promise<StandingAnswer> {
    await this.begun
    await this.catchUp()
    const { changes } = this.book
    // Most who ask find everything as it was; to count a hundred thousand jobs takes a while.
    if (goals.length === 0 && this.stood?.changes === changes && this.stopping === 'no') return this.stood.answer
    const entries = this.namedInBook(goals)
    const rest = this.stopping === 'no' ? restOf(entries) : undefined
    const answer = { standing: this.book.standing(entries, this.rules), rest }
    if (goals.length === 0) this.stood = { changes, answer }
    return answer
  }

  /** The jobs that goals name, with all that they need, as of now. */
  private async named(goals: readonly string[]): Promise<Entry[]> {
    await this.catchUp()
    const entries = this.namedInBook(goals)
    if (entries.some((entry) => !entry.chosen)) {
      for (const { id } of entries) this.asked.add(id)
      this.look('all')
    }
    return entries
  }

  private namedInBook(goals: readonly string[]): Entry[] {
    const { entries } = this.book
    if (goals.length === 0) return [...entries.values()]
    const plan = this.book.asPlan()
    const ids = withPrerequisites(plan, namedJobs(plan, this.rules, goals))
    return [...ids].flatMap((id) => entries.get(id) ?? [])
  }

  /** Plans all that has changed until now, whether anybody told of it or not. */
  private async catchUp(): Promise<void> {
    const hasHeardAll = this.options.engine.mode === 'watch' && (await this.options.catchUp())
    if (!hasHeardAll || this.isDoubtful) this.hasAllChanged = true
    if (!this.isBehind || this.isOver) return
    const planned = new Promise<void>((resolve) => this.awaiting.add(resolve))
    this.rouse()
    await planned
  }

  private get isBehind(): boolean {
    return this.sweep !== undefined || this.hasAllChanged || this.changedBatches.size > 0
  }

  /** What was asked for at the start, and since. */
  private choose(plan: Plan): ReadonlySet<string> {
    const chosen = this.options.choose(plan)
    const asked = [...this.asked].filter((id) => plan.byId.has(id))
    return asked.length === 0 ? chosen : new Set([...chosen, ...withPrerequisites(plan, new Set(asked))])
  }

  /** Runs until all is done, or, where it stays, until it is stopped. Rejects only for defects. */
  async run(): Promise<ReadonlyMap<string, Outcome>> {
    // Before the plan, which knows of them from the journal and says how the jobs stand now.
    for (const { job, end } of this.options.settled) this.underWay.tellEnd(job, end)
    this.firstLook()
    while (this.stopping !== 'leaving') {
      const planInMs = this.planChanges()
      if (!this.isBehind) this.answer()
      const retryInMs = this.startWhatFits()
      this.tellIfIdle(planInMs)
      if (this.isAtEnd(retryInMs)) break
      await this.pause(retryInMs, planInMs)
    }
    if (this.stopping === 'no') this.stopping = 'ending'
    this.isOver = true
    this.begin()
    this.answer()
    this.room.close()
    await this.underWay.leave()
    return this.outcomes()
  }

  private answer(): void {
    for (const planned of this.awaiting) planned()
    this.awaiting.clear()
  }

  /** What an earlier labmake left has its slots before anything else is started. */
  private firstLook(): void {
    const { adopted } = this.options
    this.lookAtAll()
    const left = new Set(adopted.flatMap(({ state }) => batchOf(state.job, this.rules) ?? []))
    if (this.sweep !== undefined && left.size > 0) this.look(left)
    for (const attempt of adopted) this.underWay.adopt(attempt)
  }

  private isAtEnd(retryInMs: number | undefined): boolean {
    if (this.underWay.size > 0) return false
    if (this.stopping !== 'no') return true
    // A build does not wait for a person to free a disk: the next one goes on from here.
    if (this.options.engine.mode === 'build' && this.room.isShort) return true
    // What is queued while nothing of ours runs is short of slots that a person or an earlier labmake may give back.
    if (this.options.engine.mode === 'watch' || retryInMs !== undefined || !this.queue.isEmpty) return false
    return !this.lookAgain()
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
    this.room.close()
    this.underWay.cancelAll(how)
    this.rouse()
  }

  /** Ends without ending what runs: the next labmake takes it over. */
  leave(): void {
    this.stopStarting('left')
    this.room.close()
    this.stopping = 'leaving'
    this.rouse()
  }

  private stopStarting(because: 'asked' | 'failed' | 'left'): void {
    if (this.stopping !== 'no') return
    this.tell({ type: 'stopping', atMs: this.now(), running: this.underWay.running, because })
    this.stopping = 'ending'
  }

  private look(scope: Scope): boolean {
    const planned = this.options.plan(scope)
    const more = this.book.integrate(planned)
    this.rules = planned.rules.rules
    if (planned.scope !== 'all') {
      this.sweep?.take(planned)
      if (this.book.hasFaults || planned.plan.errors.length > 0) this.isDoubtful = true
      for (const batch of scope) this.changedBatches.delete(batch)
      return more
    }
    this.isDoubtful = false
    this.hasAllChanged = false
    this.changedBatches.clear()
    return more
  }

  /** Plans what changed, or a part of it. Returns ms until the rest may be planned. */
  private planChanges(): number | undefined {
    const batches = this.changedBatches
    if (this.stopping !== 'no') {
      this.sweep = undefined
      return undefined
    }
    if (this.sweep === undefined && batches.size === 0 && !this.hasAllChanged) return undefined
    const inMs = this.awaiting.size > 0 ? 0 : this.planning.waitMs()
    const isApart = canScope(this.rules)
    if (isApart && batches.size > 0) this.lookAtChanged()
    const isForAll = this.hasAllChanged || (!isApart && batches.size > 0)
    if (this.sweep === undefined && isForAll && inMs <= 0) this.lookAtAll()
    if (this.sweep !== undefined) this.sweepOn(this.sweep)
    if (this.sweep !== undefined || (isApart && batches.size > 0)) return 0
    return batches.size > 0 || this.hasAllChanged ? inMs : undefined
  }

  /** Plans batches that changed, as many as fit into one turn: a manifest may name ten thousand. */
  private lookAtChanged(): void {
    const { changedBatches } = this
    const startMs = this.steadyMs()
    for (let most = fewBatches; changedBatches.size > 0; most *= 2) {
      const scope = new Set<string>()
      for (const name of changedBatches) if (scope.add(name).size === most) break
      this.look(scope)
      if (this.steadyMs() - startMs >= turnMs) return
    }
  }

  private lookAtAll(): void {
    const startMs = this.steadyMs()
    const outline = this.options.engine.mode === 'watch' ? this.options.outline() : undefined
    if (outline === undefined) this.look('all')
    else {
      // Of no batch: what the rules say is in force at once.
      this.look(new Set())
      this.hasAllChanged = false
      this.isDoubtful = false
      const known = () => this.book.batches()
      this.sweep = new Sweep({ outline, plan: this.options.plan, known, now: () => this.steadyMs() })
      this.book.begin()
    }
    this.sweptMs = this.steadyMs() - startMs
    if (outline === undefined) this.hasLookedAtAll()
  }

  private hasLookedAtAll(): void {
    // The first one was not called for by any change.
    if (this.isRead) this.planning.spend(this.sweptMs)
    this.isRead = true
    this.begin()
  }

  /** As much of a plan of everything as fits into one turn: a small one as a whole. */
  private sweepOn(sweep: Sweep): void {
    const startMs = this.steadyMs()
    while (this.sweep === sweep && this.steadyMs() - startMs < turnMs) this.takeStep(sweep)
    this.sweptMs += this.steadyMs() - startMs
    if (this.sweep !== sweep) this.hasLookedAtAll()
  }

  private takeStep(sweep: Sweep): void {
    const step = sweep.next()
    switch (step.kind) {
      case 'looked':
        return
      case 'planned':
        this.book.integrate(step.planned, { isSlice: true })
        return
      case 'outdated':
        this.hasAllChanged = true
        this.sweep = undefined
        return
      case 'over':
        this.book.conclude(step.end)
        this.sweep = undefined
        return
      default:
        assertNever(step)
    }
  }

  /** After everything ended: what was made may have led to jobs that nobody could know before. */
  private lookAgain(): boolean {
    const made = [...this.book.entries.values()].some(({ outcome }) => outcome === 'done')
    const more = made && this.look('all')
    if (more) this.rouse()
    return more
  }

  /** Starts what the pools and the disk allow. Returns ms until there may be more to start by itself, if so. */
  private startWhatFits(): number | undefined {
    if (this.stopping !== 'no') return undefined
    const retryInMs = this.book.enqueueDue()
    this.book.arrange()
    const roomInMs = this.room.inMs
    if (roomInMs === undefined || roomInMs <= 0) {
      this.sharing.look()
      this.startNext(roomInMs === undefined ? Number.POSITIVE_INFINITY : 1)
    }
    // Retries that are due, and found no slot.
    this.book.tell()
    const due = [retryInMs, this.room.inMs, this.sharing.standInLine(this.underWay.mayStart)]
    const inMs = Math.min(...due.filter((ms) => ms !== undefined))
    return Number.isFinite(inMs) ? inMs : undefined
  }

  /** Starts what fits, `most` at the most. What is refused a shared slot makes way for what needs none. */
  private startNext(most: number): void {
    let started = 0
    for (let isRefused = true; isRefused; ) {
      isRefused = false
      for (const entry of this.queue.next(this.underWay.mayStart)) {
        const taken = started < most ? this.sharing.take(entry) : undefined
        if (taken?.status === 'taken') {
          if (started++ === 0) this.room.trying()
          this.underWay.start(entry, taken.grant)
        } else {
          this.queue.add(entry)
          if (taken !== undefined) isRefused = true
        }
      }
    }
  }

  private tellIfIdle(planInMs: number | undefined): void {
    const { underWay, book, queue } = this
    const isBusy = underWay.size > 0 || underWay.hasStrangers || book.isRetrying || !queue.isEmpty
    if (planInMs !== undefined) return
    if (this.wasBusy && !isBusy && this.options.engine.mode === 'watch') this.tell({ type: 'idle', atMs: this.now() })
    this.wasBusy = isBusy
  }

  private rouse(): void {
    this.woken = true
    this.wake()
  }

  /** Until an attempt ends, something changes, or one of these ms is over. */
  private async pause(retryInMs: number | undefined, planInMs: number | undefined): Promise<void> {
    const due = [retryInMs, planInMs].filter((ms) => ms !== undefined)
    const hasMore = this.stopping === 'no' && this.book.hasMoreToArrange
    if (planInMs === 0 || hasMore) await this.ports.clock.turn()
    else if (!this.woken) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve
      })
      await (due.length === 0 ? woken : this.wokenWithin(Math.min(...due), woken))
    }
    this.woken = false
    this.underWay.check()
  }

  private async wokenWithin(ms: number, woken: Promise<void>): Promise<void> {
    const over = new AbortController()
    await Promise.race([woken, this.ports.clock.wait(ms, over.signal)])
    over.abort()
  }

  private poolChanged(name: string): void {
    this.queue.limit(this.pools.limits())
    const pool = this.pools.find(name)
    if (pool !== undefined) this.tell({ type: 'pool', atMs: this.now(), pool })
  }

  private now(): number {
    return this.ports.clock.now()
  }

  private steadyMs(): number {
    return this.ports.clock.steadyMs()
  }
}

/** The batch of a job, by its id; undefined if no rule is called so, or it has no batch. */
function batchOf(job: string, rules: readonly Rule[]): string | undefined {
  const [name, ...values] = job.split('/')
  const at = rules.find((rule) => rule.name === name)?.wildcards.indexOf('batch') ?? -1
  return values[at]
}
