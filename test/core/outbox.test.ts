import { expect, test } from 'vitest'
import {
  afterFailure,
  afterRestart,
  afterSent,
  dueMs,
  enqueue,
  firstRetryMs,
  longestRetryMs,
  unsentForMs,
  unsentLimit,
  withSending,
} from '../../src/core/outbox.ts'
import type { Notice, Outbox } from '../../src/model/notice.ts'

const notice = (title: string): Notice => ({ kind: 'failed', title, text: '' })
const filled = (...titles: string[]) =>
  titles.reduce<Outbox | undefined>((outbox, title) => enqueue(outbox, notice(title), 0).outbox, undefined)!
const titles = (outbox: Outbox) => outbox.unsent.map((unsent) => unsent.notice.title)

test('a notice is due at once, and the next when the first was sent', () => {
  const outbox = filled('a', 'b')
  expect(dueMs(outbox, 0)).toBe(0)
  expect(dueMs(withSending(outbox), 0)).toBeUndefined()
  const next = afterSent(withSending(outbox))
  expect([titles(next), dueMs(next, 0)]).toEqual([['b'], 0])
})

test('what fails waits, twice as long each time, up to an hour', () => {
  let outbox = filled('a')
  const waits: number[] = []
  for (let nowMs = 0; nowMs < unsentForMs / 2; nowMs = outbox.notBeforeMs) {
    const failed = afterFailure(withSending(outbox), nowMs, undefined)
    outbox = failed.outbox
    waits.push(failed.retryMs)
  }
  expect(waits.slice(0, 4)).toEqual([firstRetryMs, 2 * firstRetryMs, 4 * firstRetryMs, 8 * firstRetryMs])
  expect(waits.at(-1)).toBe(longestRetryMs)
})

test('who asks to be left alone for longer is, within the longest wait', () => {
  expect(afterFailure(filled('a'), 0, 60_000).retryMs).toBe(60_000)
  expect(afterFailure(filled('a'), 0, 1).retryMs).toBe(firstRetryMs)
  expect(afterFailure(filled('a'), 0, 9e9).retryMs).toBe(longestRetryMs)
})

test('a success ends the waiting', () => {
  const failed = afterFailure(filled('a', 'b'), 0, undefined).outbox
  expect(afterSent(failed)).toMatchObject({ failures: 0, notBeforeMs: 0 })
})

test('after a day a notice is given up and counted, and those after it stay', () => {
  const outbox = enqueue(filled('old'), notice('new'), 1000).outbox
  const { outbox: left, givenUp } = afterFailure(outbox, unsentForMs, undefined)
  expect(givenUp).toEqual([notice('old')])
  expect([titles(left), left.lost]).toEqual([['new'], 1])
})

test('of more than a day’s worth the oldest goes, but not the one on its way', () => {
  const many = Array.from({ length: unsentLimit }, (_, i) => `n${i}`)
  const { outbox, givenUp } = enqueue(withSending(filled(...many)), notice('last'), 0)
  expect(givenUp).toEqual([notice('n1')])
  expect([outbox.unsent.length, outbox.lost, titles(outbox)[0], titles(outbox).at(-1)]).toEqual([
    unsentLimit,
    1,
    'n0',
    'last',
  ])
})

test('what was on its way when the engine was killed is not sent again, nor what is too old', () => {
  const killed = withSending(filled('on its way', 'waits'))
  expect(afterRestart(killed, 1000)).toMatchObject({
    outbox: { unsent: [{ notice: notice('waits') }], lost: 1 },
    givenUp: [notice('on its way')],
  })
  expect(afterRestart(filled('old'), unsentForMs).givenUp).toEqual([notice('old')])
})

test('a clock that was set back makes nothing wait for ever', () => {
  const failed = afterFailure(enqueue(undefined, notice('a'), 1e12).outbox, 1e12, undefined).outbox
  expect(dueMs(failed, 5e11)).toBe(5e11)
})
