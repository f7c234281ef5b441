import type { Action, ActionResult } from '../../src/model/action.ts'
import type { MemoryAdvice } from '../../src/model/advice.ts'
import type { Board } from '../../src/model/board.ts'
import type { JobDetail } from '../../src/model/detail.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { Reading } from '../../src/model/facade.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import type { EngineHearer, EngineLink } from '../../src/ui/store.ts'

export interface FakeLink extends EngineLink {
  /** How often somebody joined. */
  joins(): number
  isFollowed(): boolean
  reading(reading: Reading): void
  board(board: Board): void
  events(...events: readonly EngineEvent[]): void
  /** The engine is gone; with an error, it could not be joined. */
  go(why?: string | Error): Promise<void>
  /** Jobs that details were asked of. */
  readonly askedDetails: string[]
  readonly actions: Action[]
  /** What is said to the next action; an error rejects. */
  answer(result: ActionResult | Error): Promise<void>
  detailOf(job: string, detail: JobDetail | Error): void
  advise(advice: readonly MemoryAdvice[]): void
  records(records: readonly JournalRecord[] | Error): void
}

export const microtasks = async () => {
  for (let n = 0; n < 10; n++) await Promise.resolve()
}

/** An engine that says what the test says. */
export function fakeLink(): FakeLink {
  let joins = 0
  let following: { hearer: EngineHearer; end: (why: string | Error | undefined) => void } | undefined
  const details = new Map<string, JobDetail | Error>()
  const askedDetails: string[] = []
  const actions: Action[] = []
  const waiting: ((result: ActionResult | Error) => void)[] = []
  let history: readonly JournalRecord[] | Error = []
  let advice: readonly MemoryAdvice[] = []
  const given = <T>(value: T | Error): T => {
    if (value instanceof Error) throw value
    return value
  }
  return {
    follow(hearer, signal) {
      joins++
      return new Promise((resolve, reject) => {
        const end = (why: string | Error | undefined) => {
          following = undefined
          if (why instanceof Error) reject(why)
          else resolve(why)
        }
        following = { hearer, end }
        signal.addEventListener('abort', () => end(undefined))
      })
    },
    act: (action) => {
      actions.push(action)
      return new Promise((resolve, reject) => {
        waiting.push((result) => (result instanceof Error ? reject(result) : resolve(result)))
      })
    },
    detail: async (job) => {
      askedDetails.push(job)
      const detail = details.get(job)
      return detail === undefined ? undefined : given(detail)
    },
    history: async () => given(history),
    advice: async () => advice,
    joins: () => joins,
    isFollowed: () => following !== undefined,
    reading: (reading) => following!.hearer.reading(reading),
    board: (board) => following!.hearer.board(board),
    events: (...events) => following!.hearer.events(events),
    async go(why) {
      following!.end(why)
      await microtasks()
    },
    askedDetails,
    actions,
    async answer(result) {
      waiting.shift()!(result)
      await microtasks()
    },
    detailOf: (job, detail) => void details.set(job, detail),
    advise(all) {
      advice = all
    },
    records(records) {
      history = records
    },
  }
}
