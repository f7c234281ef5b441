import { expect, test } from 'vitest'
import { changedLooks, lookRecorder } from '../../src/io/looks.ts'
import { workspace } from '../workspace.ts'

/** Of so many places the first ones, or each so many-th, have lost what lay there since. */
async function compared(count: number, isGone: (place: number) => boolean): Promise<number | 'most'> {
  await using ws = await workspace({ here: '' })
  ws.age('here', { seconds: 60 })
  const recorder = lookRecorder(ws.root)
  recorder.reads('here')
  const { marks: mark } = recorder.taken()!
  const places = Array.from({ length: count }, (_, i) => i)
  const marks = Float64Array.from(places.flatMap(() => [...mark]))
  const paths = places.map((place) => (isGone(place) ? 'gone' : 'here'))
  const changed = changedLooks(ws.root, { paths, follows: new Uint8Array(count), marks }, Date.now() + 10_000)
  return changed === 'most' ? changed : changed.length
}

test('what has changed is told, where that is not most of all that was looked at', async () => {
  expect(await compared(5000, (place) => place % 3 === 0)).toBe(1667)
  expect(await compared(800, () => true)).toBe(800)
})

test('as soon as it is seen to be most, no more is compared', async () => {
  expect(await compared(5000, (place) => place < 1500)).toBe('most')
})
