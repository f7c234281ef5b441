import { expect, test } from 'vitest'
import { sharedFlush } from '../../src/io/sharedFlush.ts'

/** A flush that the test ends. */
function heldFlush() {
  const begun: { end(): void; fail(): void }[] = []
  const flush = sharedFlush(
    () =>
      new Promise((resolve, reject) => {
        begun.push({ end: resolve, fail: () => reject(new Error('no disk')) })
      }),
  )
  return { begun, flush }
}

/** Lets go what waits for nothing any more. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('who comes during a flush waits for the next one, and all who do share it', async () => {
  const { begun, flush } = heldFlush()
  const told: string[] = []
  void flush().then(() => told.push('first'))
  for (const name of ['second', 'third']) void flush().then(() => told.push(name))
  begun[0]!.end()
  await turn()
  expect([told, begun.length]).toEqual([['first'], 2])
  begun[1]!.end()
  await turn()
  expect([told, begun.length]).toEqual([['first', 'second', 'third'], 2])
})

test('a flush that failed is told to those who waited for that one alone', async () => {
  const { begun, flush } = heldFlush()
  const first = flush().catch(() => 'failed')
  const second = flush().then(() => 'flushed')
  begun[0]!.fail()
  await turn()
  begun[1]!.end()
  expect(await Promise.all([first, second])).toEqual(['failed', 'flushed'])
})

test('after all is flushed the next one begins at once', async () => {
  const { begun, flush } = heldFlush()
  const first = flush()
  begun[0]!.end()
  await first
  void flush()
  expect(begun).toHaveLength(2)
})
