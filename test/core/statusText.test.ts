import { expect, test } from 'vitest'
import { statusReason } from '../../src/core/statusText.ts'
import type { JobStatus } from '../../src/model/board.ts'

const missing = { kind: 'target-missing', path: 'kwd/B1' } as const
const cause = { kind: 'exit', code: 2, says: 'no such probe' } as const
const last = { attempt: 1, endedMs: 0, seconds: 125, log: 'l' }
const running = { state: 'running', attempt: 1, startedMs: 0, pid: 1, log: 'l' } as const

test.each<[JobStatus, string, string]>([
  [
    { state: 'waiting', reason: { kind: 'no-source', path: 'mat/B1', state: 'missing' } },
    'no-source',
    'mat/B1 is not there yet',
  ],
  [{ state: 'waiting', reason: { kind: 'prerequisite', job: 'denoise/B1' } }, 'prerequisite', 'waits for denoise/B1'],
  [{ state: 'stale', reason: missing }, 'target-missing', 'kwd/B1 is not there yet'],
  [{ state: 'queued', reason: missing }, 'target-missing', 'kwd/B1 is not there yet'],
  [
    { state: 'queued', reason: missing, retry: { atMs: 0, cause, number: 2, of: 3 } },
    'retry',
    'the recipe ended with exit code 2: no such probe; retry 2 of 3 to come',
  ],
  [{ ...running, reason: missing }, 'target-missing', 'kwd/B1 is not there yet'],
  [{ ...running, reason: undefined }, 'adopted', 'started by an earlier labmake and taken over'],
  [{ ...running, reason: missing, stoppedBy: 'ana' }, 'stopping', 'being ended, as ana asked'],
  [{ state: 'done', last, edited: undefined }, 'up-to-date', 'up to date'],
  [{ state: 'done', last, edited: 'phy/B1/x' }, 'edited', 'phy/B1/x was edited since the recipe made it'],
  [
    { state: 'failed', cause, last },
    'failed-before',
    'the last attempt failed: the recipe ended with exit code 2: no such probe',
  ],
  [{ state: 'blocked', job: 'denoise/B1' }, 'blocked', 'denoise/B1 failed'],
  [{ state: 'held', by: 'ana', atMs: 0, reason: missing }, 'held', 'held by ana: kwd/B1 is not there yet'],
  [{ state: 'cancelled', by: 'ana', last }, 'cancelled', 'stopped by ana after 2m05'],
  [
    { state: 'protected', edited: 'phy/B1/x', reason: missing },
    'edited',
    'phy/B1/x was edited since the recipe made it',
  ],
  [{ state: 'orphaned', path: 'kwd/B1' }, 'orphaned', 'kwd/B1 is kept, but what it was made from is gone'],
])('%j stands so because of %s', (status, kind, text) => {
  expect(statusReason(status)).toEqual({ kind, text })
})
