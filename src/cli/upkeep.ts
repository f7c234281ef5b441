import { setTimeout as wait } from 'node:timers/promises'
import { changedBatches } from '../core/batches.ts'
import { watchedFolders } from '../core/watched.ts'
import type { Engine } from '../engine/engine.ts'
import type { Intake, Look } from '../engine/intake.ts'
import { rulesState } from '../io/rulesState.ts'
import type { Change } from '../model/change.ts'
import type { Fault } from '../model/errors.ts'
import type { RuleSet } from '../model/rule.ts'
import type { Planner } from './planner.ts'
import type { OpenWorkspace } from './workspace.ts'

/** How long an engine that ends waits for drops that are being taken: a rename is over by then, the copy of a terabyte is not. */
const takingMs = 2000
/** The inbox is looked at this often, whatever the system tells of it. */
const inboxLookMs = 30_000

export interface UpkeepOptions {
  readonly workspace: OpenWorkspace
  readonly planner: Planner
  readonly engine: Engine
  readonly intake: Intake
  /** Look for changes now and then, also where the system tells of them. */
  readonly poll: boolean
}

export interface Upkeep {
  /** Looks at the inbox soon. */
  lookSoon(): void
  /** Does the system tell of every change to what the rules in force are about? */
  hearsAll(): boolean
  /** Tells the engine of all that has changed by now; resolves with whether that is sure to be all. */
  catchUp(): Promise<boolean>
  /** Stops watching. Resolves with whether nothing is being taken any more; what is, is waited for a little. */
  close(): Promise<boolean>
}

const isSame = (a: readonly Fault[], b: readonly Fault[]) => a === b || JSON.stringify(a) === JSON.stringify(b)

/** What an engine that stays does beside its jobs: hears what changes, reads rules anew, takes what was dropped. */
export async function openUpkeep({ workspace, planner, engine, intake, poll }: UpkeepOptions): Promise<Upkeep> {
  const { watchWorkspace } = await import('../io/watch.ts')
  let batches = planner.batches()
  // The rules were read after this process began. What was written meanwhile is read once more where somebody asks.
  let rules = rulesState(workspace.root, performance.timeOrigin)
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let lookAgain = false

  const trouble = ({ where, message, hint }: Fault) => {
    const text = where === '' ? message : `${where}: ${message}`
    engine.tell({ type: 'trouble', atMs: Date.now(), message: text, ...(hint === undefined ? {} : { hint }) })
  }
  const look = async (): Promise<void> => {
    clearTimeout(timer)
    do {
      lookAgain = false
      const found = await intake.look('watch')
      planTaken(found)
      if (!isClosed) timer = setTimeout(lookSoon, Math.min(found.againInMs ?? inboxLookMs, inboxLookMs))
    } while (lookAgain && !isClosed)
  }
  const lookSoon = () => {
    if (isClosed) return
    if (looking !== undefined) lookAgain = true
    else {
      // A defect ends the engine: it is rejected where it is waited for, by the process itself.
      looking = look().finally(() => {
        looking = undefined
      })
    }
  }
  const planTaken = ({ taken }: Look) => {
    if (taken.length === 0) return
    engine.changed(new Set(taken.flatMap((drop) => drop.batches)))
    if (taken.some((drop) => drop.manifests.length > 0)) engine.changed(rereadManifests().names, 'rows')
  }
  const rereadManifests = () => {
    const before = batches
    batches = planner.batches()
    return { names: changedBatches(before, batches), areFaultsSame: isSame(before.faults, batches.faults) }
  }
  const onChange = (change: Change) => {
    switch (change.kind) {
      case 'rules':
        void rereadRules()
        return
      case 'manifests': {
        const { names, areFaultsSame } = rereadManifests()
        // A row that is wrong changes no batch, but has to be told. What a drop brought was read when it was taken.
        if (names.size > 0) engine.changed(names, 'rows')
        else if (!areFaultsSame) engine.changed('all')
        return
      }
      case 'inbox':
        return lookSoon()
      case 'batches':
        return engine.changed(change.names)
      case 'everything':
        rereadManifests()
        engine.changed('all')
        return lookSoon()
    }
  }
  /** Never rejects: what is wrong with a rule file is a fault in it. */
  const rereadRules = async () => {
    rules = rulesState(workspace.root, Date.now())
    await workspace.rereadRules()
    if (isClosed) return
    await followRules()
    batches = planner.batches()
    engine.changed('all')
    lookSoon()
  }
  /** Those whose folders are all watched. */
  let followed: RuleSet | undefined
  const followRules = async () => {
    const { ruleSet } = workspace
    await watcher.follow(watchedFolders(ruleSet.rules))
    // Others may have been read meanwhile, and are being followed.
    if (workspace.ruleSet === ruleSet) followed = ruleSet
  }
  const watcher = watchWorkspace({
    root: workspace.root,
    poll,
    onChange,
    onTouch: (touched) => planner.forget(touched),
    onTrouble: trouble,
  })
  await followRules()
  await watcher.ready
  return {
    lookSoon,
    hearsAll: () => followed === workspace.ruleSet && watcher.hearsAll(),
    async catchUp() {
      const hasHeardAll = await watcher.catchUp()
      // What people leave for labmake is watched by other means, which take their time.
      if (rules === undefined || rulesState(workspace.root, Date.now()) !== rules) await rereadRules()
      const { names } = rereadManifests()
      if (names.size > 0) engine.changed(names, 'rows')
      return hasHeardAll
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await watcher.close()
      const idle = Promise.resolve(looking).then(() => intake.idle())
      return Promise.race([idle.then(() => true), wait(takingMs, false, { ref: false })])
    },
  }
}
