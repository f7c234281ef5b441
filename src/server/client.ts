import { boardFromJson } from '../core/board.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { MemoryAdvice } from '../model/advice.ts'
import type { Board } from '../model/board.ts'
import type { JobDetail } from '../model/detail.ts'
import type { Reading } from '../model/facade.ts'
import type { JournalRecord } from '../model/record.ts'
import { type Answer, type Asker, ask, noEngine, readAnswer } from './ask.ts'
import { askReading, type FollowHandlers, fetchSnapshot, followEngine, patienceMs } from './follow.ts'
import type { Difference } from './protocol.ts'

/** An action may move a thousand targets to the attic. */
const actionPatienceMs = 300_000

/**
 * An engine that runs in another process. What is asked for rejects with UserError where the engine has ended, does not
 * answer, may not be talked to by this person, or is of another protocol; with another error where the engine has a defect.
 */
export interface EngineClient {
  /** Of the engine's labmake. */
  readonly version: string
  /** What to tell the person if it is not the version of this labmake. Of an engine of another protocol only `stop` works. */
  readonly difference: Difference | undefined
  /** How far the engine has come with its first look at everything; undefined once it has. */
  reading(): Promise<Reading | undefined>
  /** The board as it stands, once there is one. */
  board(): Promise<Board>
  /** Returns at once; the handlers are called until the engine is gone or `signal` aborts. */
  follow(handlers: FollowHandlers, signal: AbortSignal): void
  act(action: Action): Promise<ActionResult>
  /** Undefined if there is no such job. */
  detail(job: string): Promise<JobDetail | undefined>
  /** What past attempts say of its pools, what may go wrong first. */
  advice(): Promise<readonly MemoryAdvice[]>
  /** The last records of the journal, newest last; 1,000 at the most. */
  history(limit: number): Promise<readonly JournalRecord[]>
}

/** Undefined if no engine listens. Rejects as the methods of EngineClient do. */
export async function connectEngine(
  root: string,
  { version, user }: Omit<Asker, 'root'>,
): Promise<EngineClient | undefined> {
  const asker: Asker = { root, version, user }
  const hello = await ask(asker, { path: '/', patienceMs })
  if (hello === undefined) return undefined
  // All that is wanted of it is in its headers.
  hello.response.resume()
  const request = async (path: string): Promise<Answer> => {
    const answer = await ask(asker, { path, patienceMs })
    if (answer === undefined) throw noEngine()
    return answer
  }
  return {
    version: hello.version,
    difference: hello.difference,
    reading: () => askReading(asker),
    board: async () => boardFromJson((await fetchSnapshot(asker)).board),
    follow(handlers, signal) {
      // Whatever it comes to is told to the handlers; what it rejects with is a defect, theirs or ours, and ends the process.
      void followEngine(asker, handlers, signal)
    },
    async act(action) {
      const answer = await ask(asker, { path: '/actions', body: JSON.stringify(action), patienceMs: actionPatienceMs })
      if (answer === undefined) throw noEngine()
      return readAnswer(answer)
    },
    async detail(job) {
      const answer = await request(`/jobs/${encodeURIComponent(job)}`)
      if (answer.status !== 404) return readAnswer(answer)
      answer.response.resume()
      return undefined
    },
    advice: async () => readAnswer(await request('/advice')),
    history: async (limit) => readAnswer(await request(`/history?limit=${limit}`)),
  }
}
