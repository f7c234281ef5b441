import { verdictReason } from '../core/reasons.ts'
import { surveyDisk } from '../core/survey.ts'
import type { Board } from '../model/board.ts'
import type { ChangedJob, EngineEvent } from '../model/event.ts'
import type { Job } from '../model/job.ts'
import { DiskFault } from '../model/ports.ts'
import { judgeNow } from './asOfNow.ts'
import { type StartedAttempt, startAttempt } from './attempt.ts'
import type { JobBook } from './book.ts'
import type { Conclusions } from './conclusions.ts'
import { type Entry, runningState, triesOf } from './entry.ts'
import type { Held, Pools } from './pools.ts'
import type { Ports } from './ports.ts'
import type { JobQueue } from './queue.ts'
import type { Room } from './room.ts'

export interface UnderWayOptions {
  readonly ports: Ports
  readonly book: JobBook
  readonly pools: Pools
  readonly queue: JobQueue<Entry>
  readonly room: Room
  readonly conclusions: Conclusions
  readonly board: () => Board
  readonly tell: (event: EngineEvent) => void
  readonly now: () => number
  /** Slots are free, or an attempt ended. */
  readonly rouse: () => void
}

/**
 * A commit takes some ms, and seconds where gigabytes are flushed. Where what hangs on a job wants the same slots, they are given
 * back after it, so that it is in line for them too; but a job that is known to be shorter than this would spend most of its
 * time waiting for the disk.
 */
const shortSeconds = 0.1

/**
 * Of so many jobs at the most the recipe has ended and what it made is not in place yet while others have their slots already:
 * enough that one flush of the disk serves many, and not so many that recipes run far ahead of a disk that is slow.
 */
const mostBehind = 16

/** Attempts under way: from the taking of their slots to the journal. */
export class UnderWay {
  private readonly options: UnderWayOptions
  private readonly work = new Set<Promise<void>>()
  /** What must not be left in the middle: from a start to the recipe, and from its end to the journal. */
  private readonly critical = new Set<Promise<unknown>>()
  private readonly entries = new Set<Entry>()
  /** Recipes that run. */
  private readonly attempts = new Map<Entry, StartedAttempt>()
  /** Jobs whose recipe has ended, and of which the journal does not know yet. */
  private readonly ending = new Set<Entry>()
  /** Paths that are being made. */
  private readonly targets = new Set<string>()
  /** Attempts of an earlier labmake that still run and belong to no job of this one. */
  private strangers = 0
  private defect: { readonly error: unknown } | undefined
  /** What runs is being ended; `now`: without a grace. */
  private cancelling: { readonly now: boolean } | undefined
  private isLeft = false

  constructor(options: UnderWayOptions) {
    this.options = options
  }

  /** Jobs of this engine that run. */
  get size(): number {
    return this.work.size
  }

  get hasStrangers(): boolean {
    return this.strangers > 0
  }

  /** Recipes that run. */
  get running(): number {
    return this.attempts.size
  }

  /**
   * Which jobs may start, where not all may: where a rule was renamed, its target may be being made by the job of the old
   * name. Undefined as long as all that runs is of the plan, in which no two jobs have one target.
   */
  get mayStart(): ((entry: Entry) => boolean) | undefined {
    if (this.strangers === 0 && ![...this.entries].some(({ gone }) => gone)) return undefined
    return ({ job }) => !job.targets.some(({ path }) => this.targets.has(path))
  }

  /** Throws the first defect of an attempt. What runs goes on, as when labmake is killed; the next one takes it over. */
  check(): void {
    if (this.defect === undefined) return
    this.isLeft = true
    throw this.defect.error
  }

  /** Leaves what runs to the next labmake. Resolves once what must not be left in the middle is at its end. */
  async leave(): Promise<void> {
    this.isLeft = true
    while (this.critical.size > 0) await Promise.allSettled(this.critical)
    this.check()
  }

  /** Ends what runs; `now` without a grace. */
  cancelAll(how: { readonly now: boolean }): void {
    this.cancelling = how
    for (const { running } of this.attempts.values()) running.cancel(how)
  }

  /** Can it still be ended? Not once its recipe has ended, and what it made is being put into place. */
  canCancel(entry: Entry): boolean {
    const { state } = entry
    return state.status === 'running' && state.stoppedBy === undefined && !this.ending.has(entry)
  }

  /** Ends what runs of these jobs, by a person's say. */
  cancel(entries: readonly Entry[], by: string): void {
    const { board, now, tell } = this.options
    const jobs: ChangedJob[] = []
    for (const entry of entries) {
      if (entry.state.status !== 'running') continue
      // Of one that is just being started this is looked at once it runs.
      entry.state = { ...entry.state, stoppedBy: by }
      this.attempts.get(entry)?.running.cancel({ now: false })
      const status = board().jobs.get(entry.id)?.status
      if (status?.state === 'running') jobs.push({ job: entry.id, status: { ...status, stoppedBy: by } })
    }
    if (jobs.length > 0) tell({ type: 'changed', atMs: now(), jobs })
  }

  /** Starts a job whose slots are free; `grant`: what it has of shared ones. */
  start(entry: Entry, grant: string | undefined): void {
    this.track(this.run(entry, grant))
  }

  /** Takes over an attempt that still runs. It holds its slots; that of a job of ours is waited for like our own. */
  adopt(attempt: StartedAttempt): void {
    const { book, pools, ports, tell, now, rouse } = this.options
    const { state } = attempt
    const { job, attempt: number, startedMs, log } = state
    const held = pools.held(state.pools, new Set(state.bytesOf), () => book.entries.get(job)?.job.rule)
    const entry = book.entries.get(job)
    // Of two attempts of one job, which only a stolen lock can leave, one is as good as a stranger's.
    const isOurs = entry?.chosen === true && entry.state.status !== 'running'
    const paths = state.targets.map(({ path }) => path)
    if (state.grant !== undefined) ports.sharedSlots.adopt(state.grant)
    const taken = this.take({ held, paths, entry: isOurs ? entry : undefined, grant: state.grant })
    const pid = state.process?.pid
    tell({ type: 'adopted', atMs: now(), job, attempt: number, pid, startedMs, log, pools: held.ofPools() })
    const over = isOurs ? this.follow(entry, entry.job, attempt, taken) : this.watchStranger(attempt, entry?.batch)
    const given = over.finally(taken.giveAll)
    if (isOurs) {
      this.track(given)
      return
    }
    // Nobody asked for it here: a build does not wait for it, but what it made is taken all the same.
    this.strangers++
    const noted = given.catch((error: unknown) => this.fail(error))
    void noted.finally(() => {
      this.strangers--
      rouse()
    })
  }

  private async watchStranger(attempt: StartedAttempt, batch: string | undefined): Promise<void> {
    const exit = await attempt.running.exit
    if (!this.isLeft) await this.whole(() => this.options.conclusions.concludeStranger(attempt, exit, batch))
  }

  private track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.work.delete(tracked)
        this.options.rouse()
      })
    this.work.add(tracked)
  }

  private fail(error: unknown): void {
    this.defect ??= { error }
  }

  private whole<T>(work: () => Promise<T>): Promise<T> {
    const critical = work().finally(() => this.critical.delete(critical))
    this.critical.add(critical)
    return critical
  }

  /** Takes slots and targets. */
  private take({ held, paths, entry, grant }: Taking): Taken {
    const { queue, ports } = this.options
    queue.take(held)
    for (const path of paths) this.targets.add(path)
    if (entry !== undefined) {
      entry.held = held
      this.entries.add(entry)
    }
    let hasSlots = true
    const giveSlots = () => {
      if (!hasSlots) return
      hasSlots = false
      queue.give(held)
      if (grant !== undefined) ports.sharedSlots.give(grant)
    }
    const giveAll = () => {
      giveSlots()
      for (const path of paths) this.targets.delete(path)
      if (entry === undefined) return
      entry.held = undefined
      this.entries.delete(entry)
    }
    return { giveSlots, giveAll }
  }

  /** One attempt of a job, from taking its slots to giving them back. */
  private async run(entry: Entry, grant: string | undefined): Promise<void> {
    const { job } = entry
    const paths = job.targets.map(({ path }) => path)
    this.options.book.start(entry)
    const { pools, bytesOf } = job.rule
    const held = this.options.pools.held(Object.fromEntries(pools), bytesOf, () => entry.job.rule)
    const taken = this.take({ held, paths, entry, grant })
    try {
      const started = await this.whole(() => this.begin(entry, job, grant))
      if (started !== undefined) await this.follow(entry, job, started, taken)
    } finally {
      taken.giveAll()
    }
  }

  /** Starts the recipe; undefined if it did not come to that. */
  private async begin(entry: Entry, job: Job, grant: string | undefined): Promise<StartedAttempt | undefined> {
    const { ports, book, tell, now, room } = this.options
    const survey = surveyDisk(ports.disk)
    const verdict = judgeNow(entry, book.entries, ports, survey)
    // Hours may have passed since the plan: a person may have edited the target, or taken the source away.
    if (verdict.state !== 'stale') {
      this.options.conclusions.skip(entry, verdict)
      room.toldNothing()
      return undefined
    }
    try {
      const started = await startAttempt(job, { ignoreOf: entry.links.ignoreOf, grant, survey }, ports)
      const { attempt, log, process } = started.state
      const reason = verdictReason(verdict)
      room.found()
      tell({ type: 'started', atMs: now(), job: job.id, attempt, log, pid: process?.pid, reason })
      return started
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault
      if (room.takes(fault)) book.again(entry, { status: 'queued', tries: triesOf(entry) })
      else {
        room.toldNothing()
        this.options.conclusions.neverBegan(entry, fault)
      }
      return undefined
    }
  }

  /** From the running recipe to what became of it. `job`: as it was started. */
  private async follow(entry: Entry, job: Job, attempt: StartedAttempt, { giveSlots }: Taken): Promise<void> {
    const { book } = this.options
    if (entry.state.status !== 'running') book.start(entry)
    this.attempts.set(entry, attempt)
    // Also where an earlier labmake was asked for it and did not come to its end.
    const stoppedBy = runningState(entry).stoppedBy ?? book.historyOf(entry).stopping?.by
    if (stoppedBy !== undefined) this.cancel([entry], stoppedBy)
    // It was being started as labmake was told to stop.
    if (this.cancelling !== undefined) attempt.running.cancel(this.cancelling)
    const isContent = await attempt.running.ended
    this.ending.add(entry)
    const mayMakeWay = isContent && (isShort(entry) || !this.hasRivals(entry))
    if (!this.isLeft && mayMakeWay && this.ending.size <= mostBehind) {
      giveSlots()
      this.tellSlotsFree(entry)
      this.options.rouse()
    }
    const exit = await attempt.running.exit
    this.attempts.delete(entry)
    if (this.isLeft) return
    await this.whole(() => this.options.conclusions.conclude(entry, job, attempt, exit))
    this.ending.delete(entry)
  }

  /** Does anything that waits for this job want the slots that it has? */
  private hasRivals(entry: Entry): boolean {
    const waiting = this.options.book.consumers(entry).filter(({ state }) => state.status === 'waiting')
    return waiting.some(({ pools }) => [...pools.keys()].some((pool) => entry.pools.has(pool)))
  }

  private tellSlotsFree({ id }: Entry): void {
    const { board, now, tell } = this.options
    const status = board().jobs.get(id)?.status
    if (status?.state !== 'running') return
    tell({ type: 'changed', atMs: now(), jobs: [{ job: id, status: { ...status, hasEnded: true } }] })
  }
}

interface Taking {
  readonly held: Held
  readonly paths: readonly string[]
  /** Of a job of ours. */
  readonly entry: Entry | undefined
  readonly grant: string | undefined
}

const isShort = ({ estimate }: Entry) => estimate !== undefined && estimate.high < shortSeconds

/** Gives back the slots, which is done once at the most, or all that was taken. */
interface Taken {
  readonly giveSlots: () => void
  readonly giveAll: () => void
}
