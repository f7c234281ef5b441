import { expect, test } from 'vitest'
import { type Batch, eventLog } from '../../src/server/eventLog.ts'

const text = (batch: Batch | undefined) => batch && Buffer.concat(batch.frames).toString()

test('events are numbered from 1', () => {
  const log = eventLog()
  expect(log.last()).toBe(0)
  log.append('{"a":1}')
  log.append('{"a":"ä"}')
  expect(log.last()).toBe(2)
  expect(text(log.read(0))).toBe('id: 1\ndata: {"a":1}\n\nid: 2\ndata: {"a":"ä"}\n\n')
  expect(text(log.read(1))).toBe('id: 2\ndata: {"a":"ä"}\n\n')
})

test('who has them all is given nothing, and who names one that is still to come is told that there is none', () => {
  const log = eventLog()
  log.append('{}')
  expect(log.read(1)).toEqual({ frames: [], last: 1 })
  expect(log.read(2)).toBeUndefined()
})

test('the last 10,000 are kept', () => {
  const log = eventLog()
  for (let n = 1; n <= 10_003; n++) log.append('{}')
  expect(log.read(2)).toBeUndefined()
  expect(text(log.read(3))?.slice(0, 6)).toBe('id: 4\n')
})

test('of large ones only as many as 16 MB hold are kept', () => {
  const log = eventLog()
  const megabyte = 'x'.repeat((1 << 20) - 100)
  for (let n = 1; n <= 40; n++) log.append(megabyte)
  expect(log.read(23)).toBeUndefined()
  expect(log.read(24)?.last).toBe(25)
})

test('one that is larger than that is not kept, and those before it are neither', () => {
  const log = eventLog()
  log.append('{}')
  log.append('x'.repeat(17 << 20))
  expect([log.read(0), log.read(1)]).toEqual([undefined, undefined])
  expect(log.read(2)).toEqual({ frames: [], last: 2 })
  log.append('{}')
  expect(text(log.read(2))).toBe('id: 3\ndata: {}\n\n')
})

test('many are given in parts, none of them cut', () => {
  const log = eventLog()
  for (let n = 1; n <= 1_000; n++) log.append('x'.repeat(1_000))
  let after = 0
  let parts = 0
  let all = ''
  while (after < 1_000) {
    const batch = log.read(after)
    all += text(batch)
    after = batch!.last
    parts++
  }
  expect(parts).toBeGreaterThan(3)
  expect(all.match(/^id: \d+$/gm)).toEqual(Array.from({ length: 1_000 }, (_, i) => `id: ${i + 1}`))
})

test('one that fills a part alone comes alone', () => {
  const log = eventLog()
  log.append('{}')
  log.append('x'.repeat(1 << 20))
  log.append('{}')
  expect([log.read(0)?.last, log.read(1)?.last, log.read(2)?.last]).toEqual([1, 2, 3])
})
