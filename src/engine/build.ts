import type { Graph } from '../core/graph.ts'
import { jobsToRun } from '../core/plan.ts'
import { regather } from '../core/provenance.ts'
import { verdictReason } from '../core/reasons.ts'
import { backoffMs } from '../core/schedule.ts'
import { surveyDisk } from '../core/survey.ts'
import { judge } from '../core/verdict.ts'
import type { BuildEvent } from '../model/event.ts'
import type { Job } from '../model/job.ts'
import type { Plan, PlannedJob, Reason, Verdict } from '../model/plan.ts'
import { DiskFault, type Running } from '../model/ports.ts'
import type { Cause } from '../model/record.ts'
import {
  type AttemptEnd,
  changedSource,
  diskCause,
  recordFailure,
  type StartedAttempt,
  settleAttempt,
  startAttempt,
} from './attempt.ts'
import type { Ports } from './ports.ts'
import { JobQueue, type QueueEntry } from './queue.ts'
import { type Estimates, rankJobs } from './ranks.ts'

/** A plan with the graph it was made from. */
export interface PlannedGraph {
  readonly graph: Graph
  readonly plan: Plan
}

export interface BuildOptions {
  /** Makes a new plan from the disk as it is now. */
  readonly replan: () => PlannedGraph
  /** The jobs that were asked for, with what they need. */
  readonly choose: (plan: Plan) => ReadonlySet<string>
  /** Slots by pool. */
  readonly slots: ReadonlyMap<string, number>
  /** At most this many jobs at once over all pools together. */
  readonly maxJobs: number | undefined
  readonly failFast: boolean
  /** Attempts of an earlier labmake that still run: they hold their slots, and are taken over. */
  readonly adopted: readonly StartedAttempt[]
  /** First: start nothing more, end what runs. */
  readonly stop: AbortSignal
  /** Second: end it at once. */
  readonly kill: AbortSignal
  readonly emit: (event: BuildEvent) => void
}

/** How each job of a build ended. `skipped`: when its turn came there was nothing to do, or no way to. */
export type Outcome = 'done' | 'skipped' | 'failed' | 'blocked' | 'cancelled' | 'not-started'

interface Tries {
  readonly retries: number
  readonly reruns: number
}

type State =
  | { readonly status: 'waiting' }
  | { readonly status: 'queued'; readonly tries: Tries }
  | { readonly status: 'retrying'; readonly tries: Tries; readonly atMs: number }
  | { readonly status: 'running'; readonly tries: Tries }
  | { readonly status: 'ended'; readonly outcome: Outcome }

/** A job of the build. Its pools have `-j` among them where that is limited. */
interface Entry extends QueueEntry {
  readonly job: Job
  readonly after: readonly string[]
  /** How often the job was taken into this build. */
  readonly admissions: number
  state: State
}

/** All jobs together are a pool too, so that `-j` is counted like the others. */
const allJobs = '-j'

/**
 * A table of all batches that was made early in a build is stale again when one more batch turned up. What is stale for
 * the fourth time is so for another reason, which more attempts will not end.
 */
const maxAdmissions = 3

/** A source may change under a running recipe once; the second time the recipe itself is the likely cause. */
const maxReruns = 1

/**
 * Brings everything chosen up to date: starts what the pools allow, in order of rank, until nothing more can start. A
 * failed job stops only what depends on it. When all is done the disk is looked at anew, for jobs that exist only now.
 * Rejects only for defects; how each job ended is the result.
 */
export async function build(
  start: PlannedGraph,
  options: BuildOptions,
  ports: Ports,
): Promise<ReadonlyMap<string, Outcome>> {
  return new Build(start, options, ports).run()
}

class Build {
  private readonly entries = new Map<string, Entry>()
  private readonly queue: JobQueue<Entry>
  private readonly underWay = new Set<Promise<void>>()
  private readonly defects: unknown[] = []
  /** Attempts of an earlier labmake that still run and that nobody asked for here. */
  private strangers = 0
  private readonly processes = new Set<Running>()
  private readonly retrying = new Set<Entry>()
  private readonly options: BuildOptions
  private readonly ports: Ports
  private current: PlannedGraph
  private stopping = false
  private wake: () => void = () => {}

  constructor(start: PlannedGraph, options: BuildOptions, ports: Ports) {
    this.current = start
    this.options = options
    this.ports = ports
    const { slots, maxJobs } = options
    this.queue = new JobQueue(maxJobs === undefined ? slots : new Map([...slots, [allJobs, maxJobs]]))
  }

  async run(): Promise<ReadonlyMap<string, Outcome>> {
    const { stop, kill } = this.options
    const onStop = () => this.stop('asked')
    const onKill = () => this.cancelAll({ now: true })
    stop.addEventListener('abort', onStop)
    kill.addEventListener('abort', onKill)
    if (stop.aborted) onStop()
    try {
      this.admit('planned')
      this.adopt()
      for (;;) {
        const retryInMs = this.startWhatFits()
        const slotsComeFree = !this.queue.isEmpty && this.strangers > 0 && !this.stopping
        if (this.underWay.size > 0 || retryInMs !== undefined || slotsComeFree) await this.pause(retryInMs)
        else if (this.stopping || !this.lookAgain()) break
      }
    } finally {
      stop.removeEventListener('abort', onStop)
      kill.removeEventListener('abort', onKill)
    }
    return new Map([...this.entries].map(([id, { state }]) => [id, outcomeOf(state)]))
  }

  /** Takes the stale jobs of the current plan that are not under way or failed. Returns whether there were any. */
  private admit(type: 'planned' | 'added'): boolean {
    const { plan } = this.current
    const chosen = this.options.choose(plan)
    const fresh = jobsToRun(plan, chosen).filter(({ planned }) => this.mayAdmit(planned.job.id))
    const jobs = fresh.map(({ planned }) => planned.job)
    const estimates = rankJobs(plan, jobs, this.ports.journal, this.ports.disk)
    for (const { planned, after } of fresh) {
      const { job } = planned
      const { id } = job
      const rank = estimates.ranks.get(id)!
      this.entries.set(id, {
        id,
        job,
        after,
        rank,
        pools: this.slotsOf(job),
        admissions: (this.entries.get(id)?.admissions ?? 0) + 1,
        state: { status: 'waiting' },
        passedOver: 0,
      })
    }
    const entries = fresh.map(({ planned, after }) => plannedEntry(planned, after, estimates))
    const upToDate = plan.jobs.filter((p) => chosen.has(p.job.id) && p.verdict.state === 'up-to-date').length
    if (type === 'planned') this.emit({ type, atMs: this.now(), jobs: entries, upToDate })
    else if (entries.length > 0) this.emit({ type, atMs: this.now(), jobs: entries })
    for (const { id } of jobs) this.release(this.entries.get(id)!)
    return fresh.length > 0
  }

  private mayAdmit(id: string): boolean {
    const entry = this.entries.get(id)
    if (entry === undefined) return true
    if (entry.state.status !== 'ended' || entry.admissions >= maxAdmissions) return false
    const { outcome } = entry.state
    return outcome === 'done' || outcome === 'skipped' || outcome === 'not-started'
  }

  /** Attempts that still run hold their slots; those of chosen jobs are waited for like our own. */
  private adopt(): void {
    for (const attempt of this.options.adopted) {
      const { state, running } = attempt
      const entry = this.entries.get(state.job)
      const pools = new Map(Object.entries(state.pools))
      this.queue.take(pools)
      this.emit({
        type: 'adopted',
        atMs: this.now(),
        job: state.job,
        attempt: state.attempt,
        startedMs: state.startedMs,
      })
      if (entry === undefined) {
        // Nobody asked for it here: if it ends while we are at work its slots are free; a later labmake settles it.
        this.strangers++
        void running.exit.then(() => {
          this.strangers--
          this.queue.give(pools)
          this.wake()
        })
        continue
      }
      entry.state = { status: 'running', tries: firstTry }
      this.queue.remove(entry)
      this.track(this.follow(entry, attempt).finally(() => this.queue.give(pools)))
    }
  }

  /** After everything ended: what was made may have led to jobs that nobody could know before. */
  private lookAgain(): boolean {
    const made = [...this.entries.values()].some(({ state }) => state.status === 'ended' && state.outcome === 'done')
    if (!made) return false
    this.current = this.options.replan()
    return this.admit('added')
  }

  /** Queues a job whose prerequisites are all made, or ends it if one of them cannot be. */
  private release(entry: Entry): void {
    if (entry.state.status !== 'waiting') return
    for (const id of entry.after) {
      const before = this.entries.get(id)?.state
      if (before === undefined) continue
      if (before.status !== 'ended') return
      if (before.outcome === 'done' || before.outcome === 'skipped') continue
      const failed = before.outcome === 'failed' || before.outcome === 'blocked'
      if (failed) this.emit({ type: 'blocked', atMs: this.now(), job: entry.job.id, by: id })
      this.end(entry, failed ? 'blocked' : 'not-started')
      return
    }
    this.enqueue(entry, firstTry)
  }

  private end(entry: Entry, outcome: Outcome): void {
    entry.state = { status: 'ended', outcome }
    for (const id of this.current.graph.consumers.get(entry.job.id) ?? []) {
      const consumer = this.entries.get(id)
      if (consumer !== undefined) this.release(consumer)
    }
    if (outcome === 'failed' && this.options.failFast) this.stop('failed')
  }

  private enqueue(entry: Entry, tries: Tries): void {
    entry.state = { status: 'queued', tries }
    this.queue.add(entry)
  }

  /** Starts what the pools allow. Returns ms until the next retry is due, if there is one. */
  private startWhatFits(): number | undefined {
    if (this.stopping) return undefined
    const retryInMs = this.enqueueDueRetries()
    for (const entry of this.queue.next()) this.track(this.runJob(entry))
    return retryInMs
  }

  private enqueueDueRetries(): number | undefined {
    let nextMs: number | undefined
    for (const entry of this.retrying) {
      if (entry.state.status !== 'retrying') continue
      const inMs = entry.state.atMs - this.now()
      if (inMs > 0) nextMs = Math.min(inMs, nextMs ?? inMs)
      else {
        this.retrying.delete(entry)
        this.enqueue(entry, entry.state.tries)
      }
    }
    return nextMs
  }

  private track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((defect: unknown) => {
        this.defects.push(defect)
      })
      .finally(() => {
        this.underWay.delete(tracked)
        this.wake()
      })
    this.underWay.add(tracked)
  }

  /** Until an attempt ends, a retry is due, or the build is stopped. */
  private async pause(retryInMs: number | undefined): Promise<void> {
    const over = new AbortController()
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve
    })
    const retry = retryInMs === undefined ? [] : [this.ports.clock.wait(retryInMs, over.signal)]
    await Promise.race([woken, ...retry])
    over.abort()
    // A defect inside an attempt ends the build. What runs goes on, as when labmake is killed; the next one takes it over.
    if (this.defects.length > 0) throw this.defects[0]
  }

  /** One attempt of a job, from taking its slots to giving them back. */
  private async runJob(entry: Entry): Promise<void> {
    const { job } = entry
    const tries = triesOf(entry)
    entry.state = { status: 'running', tries }
    this.queue.take(entry.pools)
    try {
      const verdict = this.judgeNow(job)
      // Hours may have passed since the plan: a person may have edited the target, or taken the source away.
      if (verdict.state !== 'stale') {
        this.skip(entry, verdict)
        return
      }
      const started = await startAttempt(job, this.current.graph.ignoreOf, this.ports)
      const { attempt, log, process } = started.state
      const reason = verdictReason(verdict)
      this.emit({ type: 'started', atMs: this.now(), job: job.id, attempt, log, pid: process?.pid, reason })
      await this.follow(entry, started)
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault
      this.failed(entry, { cause: diskCause(fault), attempt: 0, seconds: 0, log: '' })
    } finally {
      this.queue.give(entry.pools)
    }
  }

  /** From the running recipe to what became of it. */
  private async follow(entry: Entry, { state, running }: StartedAttempt): Promise<void> {
    this.processes.add(running)
    if (this.stopping && this.options.stop.aborted) running.cancel({ now: this.options.kill.aborted })
    const exit = await running.exit
    this.processes.delete(running)
    const end = await settleAttempt(state, exit, this.ports)
    if (end.trouble !== undefined) this.emit({ type: 'trouble', atMs: this.now(), message: end.trouble })
    switch (end.status) {
      case 'cancelled':
        this.emit({ type: 'cancelled', atMs: this.now(), job: entry.job.id, seconds: end.seconds })
        return this.end(entry, 'cancelled')
      case 'failed':
        return this.failed(entry, end)
      case 'made':
        return this.made(entry, end, state)
    }
  }

  private async made(
    entry: Entry,
    end: AttemptEnd & { status: 'made' },
    state: StartedAttempt['state'],
  ): Promise<void> {
    const { job } = entry
    const tries = triesOf(entry)
    const attic = end.attic === undefined ? {} : { attic: end.attic }
    this.emit({ type: 'done', atMs: this.now(), job: job.id, seconds: end.seconds, ...attic })
    const path = changedSource(job, state, this.current.graph.ignoreOf, this.ports)
    if (path === undefined) {
      this.end(entry, 'done')
      return
    }
    this.emit({ type: 'source-changed', atMs: this.now(), job: job.id, path })
    if (tries.reruns < maxReruns) {
      this.enqueue(entry, { retries: 0, reruns: tries.reruns + 1 })
    } else {
      const { attempt, seconds, log } = end
      const cause: Cause = { kind: 'unstable-source', path }
      // The target stands, but a person has to see what is wrong after this labmake too.
      await recordFailure(state, cause, { attempt, seconds, log }, this.ports)
      this.failed(entry, { cause, attempt, seconds, log })
    }
  }

  private failed(
    entry: Entry,
    end: Pick<AttemptEnd & { status: 'failed' }, 'cause' | 'attempt' | 'seconds' | 'log'>,
  ): void {
    const { job } = entry
    const tries = triesOf(entry)
    const next = tries.retries + 1
    const again = next <= job.rule.retries && retriable(end.cause) && !this.stopping
    const retryInMs = again ? backoffMs(job.rule.backoffMs, next + 1, this.ports.clock.random()) : undefined
    this.emit({ type: 'failed', atMs: this.now(), job: job.id, ...end, retryInMs })
    if (retryInMs === undefined) {
      this.end(entry, 'failed')
      return
    }
    entry.state = { status: 'retrying', tries: { ...tries, retries: next }, atMs: this.now() + retryInMs }
    this.retrying.add(entry)
  }

  private skip(entry: Entry, verdict: Verdict): void {
    this.emit({ type: 'skipped', atMs: this.now(), job: entry.job.id, reason: verdictReason(verdict) })
    this.end(entry, verdict.state === 'waiting' || verdict.state === 'orphaned' ? 'not-started' : 'skipped')
  }

  /** The verdict as of now: what was made in this build counts as files on disk. */
  private judgeNow(planned: Job): Verdict {
    const { plan, graph } = this.current
    const survey = surveyDisk(this.ports.disk)
    return judge(regather(planned, survey), {
      survey,
      history: (target) => this.ports.journal.history(target),
      ignoreOf: graph.ignoreOf,
      producerOf: graph.producerOf,
      verdictOf: (id) => (this.entries.get(id)?.state.status === 'ended' ? undefined : plan.byId.get(id)?.verdict),
      absent: () => undefined,
      mayBeAbsent: () => false,
    })
  }

  private stop(because: 'asked' | 'failed'): void {
    if (!this.stopping) this.emit({ type: 'stopping', atMs: this.now(), running: this.processes.size, because })
    this.stopping = true
    if (because === 'asked') this.cancelAll({ now: false })
    this.wake()
  }

  private cancelAll(how: { readonly now: boolean }): void {
    for (const running of this.processes) running.cancel(how)
  }

  private slotsOf(job: Job): ReadonlyMap<string, number> {
    return this.options.maxJobs === undefined ? job.rule.pools : new Map([...job.rule.pools, [allJobs, 1]])
  }

  private emit(event: BuildEvent): void {
    this.options.emit(event)
  }

  private now(): number {
    return this.ports.clock.now()
  }
}

/** What a build that is over says of a job. One that waited for its retry when it was stopped has failed. */
function outcomeOf(state: State): Outcome {
  if (state.status === 'ended') return state.outcome
  return state.status === 'retrying' ? 'failed' : 'not-started'
}

/** Trying again cannot help where nothing but a person can. */
function retriable(cause: Cause): boolean {
  return cause.kind !== 'unstable-source' && cause.kind !== 'edited-meanwhile' && cause.kind !== 'no-command'
}

const firstTry: Tries = { retries: 0, reruns: 0 }

const triesOf = ({ state }: Entry): Tries => ('tries' in state ? state.tries : firstTry)

function plannedEntry({ job, verdict }: PlannedJob, after: readonly string[], { seconds }: Estimates) {
  const reason: Reason = verdictReason(verdict)
  const { id, rule, batch } = job
  const pools = Object.fromEntries(rule.pools)
  return { job: id, rule: rule.name, batch, reason, pools, after, expectedSeconds: seconds.get(id) }
}
