import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EngineEvent } from '../../src/model/event.ts'
import { comparable, type Follower, follow, note, numbers, planned, queuedJob, serveFake } from './engine.ts'

// Only the pause before a new snapshot waits for a timer; the loop of the test moves it on.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

type Kind = 'note' | 'planned' | 'removed' | 'changed' | 'started' | 'done' | 'pool' | 'drop' | 'taken'

type Step =
  | { readonly type: 'tell'; readonly kinds: readonly { readonly kind: Kind; readonly job: number }[] }
  | { readonly type: 'turn'; readonly turns: number }
  | { readonly type: 'connect' }
  | { readonly type: 'leave'; readonly which: number }
  /** More in one turn than the engine keeps. */
  | { readonly type: 'flood' }

const kinds: readonly Kind[] = ['note', 'planned', 'removed', 'changed', 'started', 'done', 'pool', 'drop', 'taken']
const told = fc.record({ kind: fc.constantFrom(...kinds), job: fc.nat(5) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('tell' as const), kinds: fc.array(told, { maxLength: 8 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flood' as const) }) },
)

function eventOf(kind: Kind, number: number, atMs: number): EngineEvent {
  const job = `denoise/B${number}`
  const log = `${job}.log`
  switch (kind) {
    case 'note':
      return note(atMs)
    case 'planned':
      return planned([queuedJob(job)], atMs)
    case 'removed':
      return { ...planned([], atMs), removed: [job] } as EngineEvent
    case 'changed':
      return {
        type: 'changed',
        atMs,
        jobs: [{ job, status: { state: 'blocked', job: 'x' }, rank: { say: number, priority: 0, order: 0 } }],
      }
    case 'started':
      return { type: 'started', atMs, job, attempt: 1, pid: atMs, reason: { kind: 'target-missing', path: 't' }, log }
    case 'done':
      return { type: 'done', atMs, job, attempt: 1, seconds: 1.5, log }
    case 'pool':
      return {
        type: 'pool',
        atMs,
        pool: { name: `p${number}`, slots: atMs, declared: 2, counts: 'slots', pausedBy: undefined },
      }
    case 'drop':
      return { type: 'drop', atMs, drop: { name: job, files: atMs, bytes: 1, state: { kind: 'taking' } } }
    case 'taken':
      return { type: 'taken', atMs, drop: job, stored: [], files: 1, bytes: 1 }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('however events and clients come and go, none misses one, and all boards are the board of the engine', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      await using lab = await serveFake()
      const followers: Follower[] = []
      let clock = 0
      for (const s of steps) {
        if (s.type === 'tell') lab.engine.tell(...s.kinds.map(({ kind, job }) => eventOf(kind, job, ++clock)))
        else if (s.type === 'flood') lab.engine.tell(...Array.from({ length: 10_001 }, () => note(++clock)))
        else if (s.type === 'connect') followers.push(follow(await lab.connect()))
        else if (s.type === 'turn') for (let i = 0; i < s.turns; i++) await turn()
        else followers.splice(s.which, 1)[0]?.stop()
      }
      const last = eventOf('pool', 99, ++clock)
      lab.engine.tell(last)
      const isThere = (f: Follower) => f.board()?.pools.get('p99')?.slots === clock
      while (!followers.every(isThere)) {
        await turn()
        vi.advanceTimersByTime(1_000)
      }
      for (const follower of followers) {
        expect(comparable(follower.board())).toEqual(comparable(lab.engine.board()))
        for (const stretch of follower.stretches) {
          const [first = 0] = numbers(stretch)
          expect(numbers(stretch)).toEqual(stretch.map((_, i) => first + i))
        }
        expect(follower.gone).toEqual([])
        follower.stop()
      }
    }),
    { numRuns: 60 },
  )
})
