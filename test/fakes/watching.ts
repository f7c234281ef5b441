import { boardFromJson, boardToJson, nextBoard } from '../../src/core/board.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Action, ActionResult } from '../../src/model/action.ts'
import type { Board, JobState, JobStatus } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import { Crash } from './acts.ts'
import { type Lab, type LabBuild, settled, type Underway } from './lab.ts'

/** An engine that stays, and what a client makes of its events. */
export interface Watching {
  readonly it: Lab
  readonly engine: Engine
  /** Since it started. */
  readonly events: readonly EngineEvent[]
  readonly outcomes: Underway['outcomes']
  /** As a client has it that saw every event. */
  board(): Board
  states(): Record<string, JobState>
  status(job: string): JobStatus
  /** By ana, and waits until what can happen has happened. */
  act(action: Action, by?: string): Promise<ActionResult>
  /** Something changed: a batch, or all. */
  changed(...batches: readonly string[]): Promise<void>
  /** Ends the recipe of a job that runs: it makes its targets, or ends as told. */
  end(job: string, exit?: Parameters<ReturnType<Lab['launcher']['of']>['end']>[0]): Promise<void>
}

/** Starts an engine that stays, and waits until what can happen has happened. Recipes do nothing until the test says so. */
export async function watching(it: Lab, options: LabBuild = {}): Promise<Watching> {
  it.launcher.hold()
  return resumed(it, options)
}

/** The next engine of a lab, after one that died or left: it takes over what runs. */
export async function nextEngine(it: Lab): Promise<Watching> {
  const { running, settled: ended, troubles } = await it.recover()
  if (troubles.length > 0) throw new Error(troubles.join())
  return resumed(it, { adopted: running, settled: ended })
}

async function resumed(it: Lab, options: LabBuild): Promise<Watching> {
  const { engine, events, outcomes } = it.start({ mode: 'watch', ...options })
  // One that was killed in the meantime meets its death when it touches the disk again.
  outcomes.catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error
  })
  let copy = boardFromJson(boardToJson(engine.board()))
  engine.subscribe((event) => {
    // As it comes over a wire.
    copy = nextBoard(copy, JSON.parse(JSON.stringify(event)) as EngineEvent)
  })
  await settled()
  return {
    it,
    engine,
    events,
    outcomes,
    board: () => copy,
    states: () => Object.fromEntries([...engine.board().jobs].map(([id, { status }]) => [id, status.state])),
    status(job) {
      const shown = engine.board().jobs.get(job)
      if (shown === undefined) throw new Error(`the board has no job ${job}`)
      return shown.status
    },
    async act(action, by = 'ana') {
      const result = await engine.act(action, by)
      await settled()
      return result
    },
    async changed(...batches) {
      engine.changed(batches.length === 0 ? 'all' : new Set(batches))
      await settled()
    },
    async end(job, exit) {
      const recipe = it.launcher.of(job)
      if (exit === undefined) recipe.make()
      recipe.end(exit)
      await settled()
    },
  }
}
