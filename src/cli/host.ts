import { hostname } from 'node:os'
import type { PlannedGraph, Scope } from '../engine/book.ts'
import { Engine } from '../engine/engine.ts'
import type { Outcome } from '../engine/entry.ts'
import type { Intake } from '../engine/intake.ts'
import { type Recovery, recover } from '../engine/recover.ts'
import { systemClock } from '../io/clock.ts'
import type { JournalFile } from '../io/journal.ts'
import { runningEngine, userName } from '../io/lock.ts'
import { memoryBytes } from '../io/memory.ts'
import { steadyMs } from '../io/steady.ts'
import type { Board } from '../model/board.ts'
import { invariant } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { EngineFacade } from '../model/facade.ts'
import type { Plan } from '../model/plan.ts'
import { DiskFault } from '../model/ports.ts'
import type { JournalRecord } from '../model/record.ts'
import { version } from '../version.ts'
import { hasDrops, openDrops } from './drops.ts'
import { exitCodes } from './options.ts'
import { openPlanner } from './planner.ts'
import { openPorts, withLock } from './ports.ts'
import type { OpenWorkspace } from './workspace.ts'

export interface HostOptions {
  /** A build ends when all is done; a watch stays, and looks after the inbox and what changes. */
  readonly mode: 'watch' | 'build'
  /** What a build plans until others may look at it, when it plans everything: all, or the batches that are not known to be at rest. */
  readonly scope: Scope
  /** What was planned a moment ago to see whether there is anything to do: the first plan, if nothing came in between. */
  readonly first?: FirstPlan | undefined
  /** The jobs that were asked for, with what they need. */
  readonly choose: (plan: Plan) => ReadonlySet<string>
  readonly maxJobs: number | undefined
  readonly failFast: boolean
  /** Look for changes by polling, also where the system tells of them. */
  readonly poll: boolean
  /** `board` is as it stands after the event. */
  readonly onEvent: (event: EngineEvent, board: Board) => void
  /** With the lock held, before the first plan. */
  readonly before: () => Promise<void>
  readonly onStart: (host: EngineHost) => void
}

/** A plan of what a build is to plan, and what it was made of beside the disk. */
export interface FirstPlan {
  readonly planned: PlannedGraph
  readonly journal: JournalFile
  /** When it was over, by `steadyMs()`. */
  readonly atMs: number
}

export interface EngineHost {
  readonly engine: Engine
  /** Does it plan all jobs, or those of `HostOptions.scope` alone? */
  plansAll(): boolean
}

export interface HostEnd {
  readonly outcomes: ReadonlyMap<string, Outcome>
  /** Somebody removed the lock: the engine stopped, since another may be at work. */
  readonly lockLost: boolean
  /** What it had planned in the end. */
  readonly scope: Scope
  /** Jobs that were left to the next labmake. As children of this process they keep it: it has to exit by itself. */
  readonly left: number
}

/** Runs an engine in this process, with the workspace's lock held, to its end. Throws UserError if another one runs. */
export async function hostEngine(workspace: OpenWorkspace, options: HostOptions): Promise<HostEnd> {
  let lockLost = false
  let left = 0
  let { scope } = options
  let stop = () => {}
  const onLost = () => {
    const other = runningEngine(workspace.root)
    if (other !== undefined && other.process.pid !== process.pid) {
      // It has taken over what runs: ending that, or the journal's last line about it, is no longer ours.
      process.stderr.write(`The lock of the workspace was taken by another labmake (process ${other.process.pid}).\n`)
      process.exit(exitCodes.unfinished)
    }
    lockLost = true
    stop()
  }
  const outcomes = await withLock(workspace, onLost, async () => {
    const ports = await openPorts(workspace, { stays: options.mode === 'watch', startsSoon: options.mode === 'build' })
    const recovery = await recover(ports, () => workspace.jobs())
    await options.before()
    const takesDrops = options.mode === 'watch' || hasDrops(workspace.root)
    let first = takesDrops || hasRecovered(recovery) ? undefined : planStillGood(options.first, workspace)
    let hearsAll = () => false
    const planner = openPlanner(workspace, { hearsAll: () => hearsAll() })
    let catchUp = async () => false
    const engine = new Engine(
      {
        engine: describeEngine(workspace, options.mode),
        // Where only a part is planned the engine need not know that there is more.
        plan(asked, untouched) {
          const planned = first
          first = undefined
          if (planned !== undefined) return { ...planned, scope: 'all' }
          return scope === 'all' ? planner.plan(asked, untouched) : { ...workspace.plan(scope), scope: 'all' }
        },
        outline: () => planner.outline(),
        catchUp: () => catchUp(),
        choose: options.choose,
        maxJobs: options.maxJobs,
        failFast: options.failFast,
        adopted: recovery.running,
        settled: recovery.settled,
        user: userName(),
      },
      ports,
    )
    engine.subscribe((event) => options.onEvent(event, engine.board()))
    for (const message of recovery.troubles) engine.tell({ type: 'trouble', atMs: Date.now(), message })
    let lookSoon = () => {}
    const onOpen = () => {
      if (scope === 'all') return
      scope = 'all'
      engine.changed('all')
    }
    let intake: Intake | undefined
    const served = serve(workspace, engine, {
      mode: options.mode,
      intake: () => intake,
      onOpen,
      onTaken: () => lookSoon(),
    })
    try {
      // Who asks hears at once that it begins: all else may take seconds.
      if (options.mode === 'watch') await served.opened
      if (takesDrops) intake = await openDrops({ workspace, ports, engine, wake: () => lookSoon() })
      stop = () => engine.stop({ now: false })
      if (lockLost) stop()
      options.onStart({ engine, plansAll: () => scope === 'all' })
      if (options.mode === 'build') {
        await intake?.look('once')
        const outcomes = await engine.run()
        // As long as nobody else may write it: what is kept in mind of it is then what this labmake made, and no more.
        workspace.rereadJournal()
        return outcomes
      }
      invariant(intake !== undefined, 'an engine that stays looks after the inbox')
      const { openUpkeep } = await import('./upkeep.ts')
      const upkeep = await openUpkeep({ workspace, planner, engine, intake, poll: options.poll })
      lookSoon = upkeep.lookSoon
      catchUp = upkeep.catchUp
      hearsAll = upkeep.hearsAll
      const notices = await openNotifying(workspace, engine)
      // By then it is known which batches there are.
      void engine.whenRead().then(upkeep.lookSoon)
      try {
        return await engine.run()
      } finally {
        const isQuiet = await upkeep.close()
        await notices.close()
        await served.close()
        // As when it is killed: nothing is lost, and the next engine finishes the copy or undoes it. The lock goes with us.
        if (!isQuiet) process.exit(exitCodes.fine)
      }
    } finally {
      left = engine.running
      ports.sharedSlots.close()
      await served.close()
    }
  })
  return { outcomes, lockLost, scope, left }
}

/** For the lock of a dead labmake one may have waited, and what was planned before that is of another time. */
const freshMs = 1000

/** Undefined where the plan has to be made anew, since another labmake was at work meanwhile, or it took long. */
function planStillGood(first: FirstPlan | undefined, workspace: OpenWorkspace): PlannedGraph | undefined {
  const isGood = first?.journal === workspace.journal && steadyMs() - first.atMs < freshMs
  return isGood ? first.planned : undefined
}

const hasRecovered = ({ running, settled, troubles }: Recovery) => running.length + settled.length + troubles.length > 0

/** A build that is over sooner than this is not worth joining, and does not pay for being so. */
const serveBuildAfterMs = 1000

interface ServeOptions {
  readonly mode: 'watch' | 'build'
  /** Undefined for an engine that has none, or none yet. */
  readonly intake: () => Intake | undefined
  /** Others may look at it from now on. */
  readonly onOpen: () => void
  /** A drop was taken by a person's say. */
  readonly onTaken: () => void
}

interface Served {
  /** Resolves once others can talk to an engine that stays. */
  readonly opened: Promise<void>
  close(): Promise<void>
}

/** Lets others look at the engine and ask things of it. */
function serve(workspace: OpenWorkspace, engine: Engine, options: ServeOptions): Served {
  const { root } = workspace
  const { mode, onOpen, onTaken } = options
  const facade: EngineFacade = {
    board: () => engine.board(),
    subscribe: (listener) => engine.subscribe(listener),
    async act(action, by) {
      if (action.type === 'take') await engine.whenRead()
      const intake = options.intake()
      if (action.type !== 'take' || intake === undefined) return engine.act(action, by)
      const result = await intake.take(action.drop, action.how, by)
      if (result.done) engine.tell({ type: 'acted', atMs: Date.now(), by, action, text: result.text })
      onTaken()
      return result
    },
    reading: () => engine.reading,
    whenRead: () => engine.whenRead(),
    standing: (goals) => engine.standing(goals),
    detail: (job) => engine.detail(job),
    advice: () => engine.advice(memoryBytes()),
    history: (limit) => workspace.journal.recent(limit).map(withoutStamps),
  }
  const open = async () => {
    const { serveEngine } = await import('../server/serve.ts')
    return serveEngine(facade, { root, version }).catch((fault: unknown) => {
      if (!(fault instanceof DiskFault)) throw fault
      // Nobody can look at it, but the work goes on.
      engine.tell({ type: 'trouble', atMs: Date.now(), message: fault.message })
      return undefined
    })
  }
  let served: ReturnType<typeof open> | undefined
  const start = () => {
    onOpen()
    served = open()
  }
  if (mode === 'watch') start()
  const timer = mode === 'watch' ? undefined : setTimeout(start, serveBuildAfterMs)
  return {
    opened: Promise.resolve(served).then(() => undefined),
    async close() {
      clearTimeout(timer)
      const open = served
      served = undefined
      await (await open)?.close()
    },
  }
}

/** A record as those who look at a history need it: the stamps of a recording's thousand files are not shown. */
function withoutStamps(record: JournalRecord): JournalRecord {
  return 'sources' in record ? { ...record, sources: {}, uses: {}, targets: {} } : record
}

/** Notices of what happens, by the notifiers of the rule files. */
async function openNotifying(workspace: OpenWorkspace, engine: Engine): Promise<{ close(): Promise<void> }> {
  const [{ openNotices }, { openSender }, { diskSpace, openNoticeFiles }] = await Promise.all([
    import('../engine/notices.ts'),
    import('../io/notify.ts'),
    import('../io/noticeFiles.ts'),
  ])
  const { root } = workspace
  const notices = openNotices({
    clock: systemClock,
    notifiers: () => workspace.ruleSet.notify,
    send: openSender(root),
    files: openNoticeFiles(root),
    space: () => diskSpace(root),
    emit: (event) => engine.tell(event),
  })
  engine.subscribe((event) => notices.event(event, engine.board()))
  return notices
}

function describeEngine({ root }: OpenWorkspace, mode: 'watch' | 'build') {
  const { pid } = process
  return { pid, user: userName(), host: hostname(), startedMs: Date.now(), version, mode, root, stopping: false }
}
