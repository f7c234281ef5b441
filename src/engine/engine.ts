import { emptyBoard, nextBoard } from '../core/board.ts'
import { namedJobs, withPrerequisites } from '../core/goals.ts'
import { memoryAdviceOn } from '../core/memoryAdvice.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { MemoryAdvice } from '../model/advice.ts'
import type { Board, BoardEngine } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Reading } from '../model/facade.ts'
import type { Plan } from '../model/plan.ts'
import type { Rule } from '../model/rule.ts'
import type { StandingAnswer } from '../model/standing.ts'
import { performAction, restOf } from './acts.ts'
import { judgeNow } from './asOfNow.ts'
import type { StartedAttempt } from './attempt.ts'
import { JobBook, type Scope } from './book.ts'
import { Conclusions } from './conclusions.ts'
import { detailOf } from './detail.ts'
import { type Entry, type Outcome, outcomeOf } from './entry.ts'
import { type Changed, Looking, type LooksAtDisk } from './looking.ts'
import { Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import { JobQueue } from './queue.ts'
import type { Recovery } from './recover.ts'
import { openRoom, type Room } from './room.ts'
import { Sharing } from './sharing.ts'
import { UnderWay } from './underWay.ts'

export interface EngineOptions extends LooksAtDisk {
  /** Who and what it is; `mode` says whether it ends when all is done, or stays. */
  readonly engine: BoardEngine
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
  private readonly looking: Looking
  private readonly conclusions: Conclusions
  private readonly underWay: UnderWay
  private readonly room: Room
  private readonly sharing: Sharing
  private readonly listeners = new Set<(event: EngineEvent) => void>()
  private shown: Board
  /** Ids of jobs that a build was asked for since it began. */
  private readonly asked = new Set<string>()
  /** What was last said of everything, and how often anything had changed by then. */
  private stood: { readonly changes: number; readonly answer: StandingAnswer } | undefined
  private wasBusy = false
  private stopping: 'no' | 'ending' | 'leaving' = 'no'
  /** The action before, done or refused: one at a time, so that each is judged by what the one before left. */
  private acting: Promise<unknown>
  private woken = false
  /** When the turn began that it has now, by the clock that nobody sets. */
  private turnStartMs = 0
  private wake: () => void = () => {}

  constructor(options: EngineOptions, ports: Ports) {
    this.options = options
    this.ports = ports
    this.shown = emptyBoard(options.engine)
    this.pools = new Pools(options.maxJobs)
    this.queue = new JobQueue(this.pools.limits())
    const { pools, queue } = this
    const board = () => this.shown
    const tell = (event: EngineEvent) => this.tell(event)
    const { mode } = options.engine
    this.room = openRoom({ clock: ports.clock, mode, tell, rouse: () => this.rouse() })
    this.book = new JobBook({ mode, choose: (plan) => this.choose(plan), pools, queue, ports, board, emit: tell })
    this.looking = new Looking(options, {
      book: this.book,
      stays: mode === 'watch',
      clock: ports.clock,
      rouse: () => this.rouse(),
    })
    const now = () => this.now()
    this.sharing = new Sharing({ slots: ports.sharedSlots, pools, queue, mode, tell, now })
    const { book, room } = this
    this.conclusions = new Conclusions({
      ports,
      book,
      room,
      tell,
      now,
      // A build looks once, when all ended.
      changedBy: (batch) => mode === 'watch' && this.changedBy(batch),
      onFailure: () => options.failFast && this.stopStarting('failed'),
      isStopping: () => this.stopping !== 'no',
      // In a build nothing but what runs will make any.
      mayWaitForRoom: () => mode === 'watch' || this.underWay.running > 0,
      user: options.user,
    })
    const { conclusions } = this
    const rouse = () => this.rouse()
    this.underWay = new UnderWay({ ports, book, pools, queue, room, conclusions, board, tell, now, rouse })
    this.acting = this.looking.begun
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
    return memoryAdviceOn(this.looking.rules, this.ports.journal.peaks(), { pools: this.shown.pools, memoryBytes })
  }

  /** Something changed: these batches are planned anew. */
  changed(scope: Scope, what: Changed = 'files'): void {
    this.looking.note(scope, what)
    this.rouse()
  }

  /** An attempt ended: what it made may lead to jobs that nobody could know before. */
  private changedBy(batch: string | undefined): void {
    // Nobody is roused before its slots are free: what is first in line may be short of just these.
    this.looking.note(batch === undefined ? 'all' : new Set([batch]))
  }

  /** Does what a person asks, once it runs. Rejects with DiskFault where it could not be written down; then nothing was done. */
  act(action: Action, by: string): Promise<ActionResult> {
    // Who wants it to end does not wait until it has read everything.
    const isFirst = action.type === 'stop' && !this.looking.isRead
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
    return this.looking.begun
  }

  /** As EngineFacade.reading. */
  get reading(): Reading | undefined {
    return this.looking.reading
  }

  /** As EngineFacade.standing. */
  async standing(goals: readonly string[]): Promise<StandingAnswer> {
    await this.looking.begun
    await this.looking.catchUp()
    const { changes } = this.book
    // Most who ask find everything as it was; to count a hundred thousand jobs takes a while.
    if (goals.length === 0 && this.stood?.changes === changes && this.stopping === 'no') return this.stood.answer
    const entries = this.namedInBook(goals)
    const rest = this.stopping === 'no' ? restOf(entries) : undefined
    const answer = { standing: this.book.standing(entries, this.looking.rules), rest }
    if (goals.length === 0) this.stood = { changes, answer }
    return answer
  }

  /** The jobs that goals name, with all that they need, as of now. */
  private async named(goals: readonly string[]): Promise<Entry[]> {
    await this.looking.catchUp()
    const entries = this.namedInBook(goals)
    if (entries.some((entry) => !entry.chosen)) {
      for (const { id } of entries) this.asked.add(id)
      this.looking.look('all')
    }
    return entries
  }

  private namedInBook(goals: readonly string[]): Entry[] {
    const { entries } = this.book
    if (goals.length === 0) return [...entries.values()]
    const plan = this.book.asPlan()
    const ids = withPrerequisites(plan, namedJobs(plan, this.looking.rules, goals))
    return [...ids].flatMap((id) => entries.get(id) ?? [])
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
    for (const { job, end } of this.options.settled) this.conclusions.tellEnd(job, end)
    this.firstLook()
    while (this.stopping !== 'leaving') {
      this.turnStartMs = this.ports.clock.steadyMs()
      const planInMs = this.looking.planChanges({ isStopping: this.stopping !== 'no' })
      await this.giveWay()
      const retryInMs = await this.startWhatFits()
      this.tellIfIdle()
      if (this.isAtEnd(retryInMs)) break
      await this.pause(retryInMs, planInMs)
    }
    if (this.stopping === 'no') this.stopping = 'ending'
    this.looking.close()
    this.room.close()
    await this.underWay.leave()
    return this.outcomes()
  }

  /** What an earlier labmake left has its slots before anything else is started. */
  private firstLook(): void {
    const { adopted } = this.options
    this.looking.lookFirst((rules) => new Set(adopted.flatMap(({ state }) => batchOf(state.job, rules) ?? [])))
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

  /** After everything ended: what was made may have led to jobs that nobody could know before. */
  private lookAgain(): boolean {
    const made = [...this.book.entries.values()].some(({ outcome }) => outcome === 'done')
    const more = made && this.looking.look('all')
    if (more) this.rouse()
    return more
  }

  /** Starts what the pools and the disk allow. Returns ms until there may be more to start by itself, if so. */
  private async startWhatFits(): Promise<number | undefined> {
    if (this.stopping !== 'no') return undefined
    const retryInMs = this.book.enqueueDue()
    this.book.arrange()
    await this.giveWay()
    if (this.stopping !== 'no') return undefined
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

  /**
   * Lets others have the turn, where this one has taken a while: nobody should wait for a plan, an order and the start of a job in
   * one. A build, which nobody asks much, ends where it finds nothing more to do, and must not miss what came in between.
   */
  private async giveWay(): Promise<void> {
    const { clock } = this.ports
    if (this.options.engine.mode === 'build' || clock.steadyMs() - this.turnStartMs < turnMs) return
    await clock.turn()
    this.turnStartMs = clock.steadyMs()
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

  private tellIfIdle(): void {
    const { underWay, book, queue } = this
    const isBusy = underWay.size > 0 || underWay.hasStrangers || book.isRetrying || !queue.isEmpty
    if (this.looking.isBehind) return
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
}

/** After so long others have the turn, also in the middle of what is to be done. */
const turnMs = 5

/** The batch of a job, by its id; undefined if no rule is called so, or it has no batch. */
function batchOf(job: string, rules: readonly Rule[]): string | undefined {
  const [name, ...values] = job.split('/')
  const at = rules.find((rule) => rule.name === name)?.wildcards.indexOf('batch') ?? -1
  return values[at]
}
