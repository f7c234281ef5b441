import { expect, test } from 'vitest'
import { nextLookMs, nextSettling, type Settling, settlingAtOnce, settlingState } from '../../src/core/settling.ts'
import type { DropPicture } from '../../src/model/inbox.ts'

const quietMs = 30_000

function picture(more: Partial<DropPicture> = {}): DropPicture {
  const still = { isFolder: true, files: 2, folders: 0, bytes: 100, newestNs: 5n, changedNs: 7n }
  return { ...still, temporary: undefined, ready: false, ...more }
}

/** What looks at these times (in seconds) tell, last of all. */
function look(...looks: readonly (readonly [atSeconds: number, picture: DropPicture])[]): Settling {
  let settling: Settling | undefined
  for (const [at, seen] of looks) settling = nextSettling(settling, seen, { nowMs: at * 1000, steadyMs: at * 1000 })
  return settling!
}

const kind = (settling: Settling) => {
  const state = settlingState(settling, quietMs)
  return state === 'whole' ? 'whole' : state.kind
}

test('a drop is whole when it was the same for the quiet window', () => {
  expect(kind(look([0, picture()]))).toBe('settling')
  expect(kind(look([0, picture()], [15, picture()], [29, picture()]))).toBe('settling')
  expect(kind(look([0, picture()], [15, picture()], [30, picture()]))).toBe('whole')
})

test.each([
  ['one more file', { files: 3 }],
  ['one more folder', { folders: 1 }],
  ['more bytes', { bytes: 101 }],
  ['a newer time', { newestNs: 6n }],
  ['a newer time of change, with a file time that was kept', { changedNs: 8n }],
  ['a file replaced by an older one', { newestNs: 4n }],
])('%s begins the quiet window anew (case 45)', (_, change) => {
  const grown = picture(change)
  expect(kind(look([0, picture()], [15, picture()], [29, grown]))).toBe('arriving')
  expect(kind(look([0, picture()], [15, picture()], [29, grown], [44, grown]))).toBe('settling')
  expect(kind(look([0, picture()], [15, picture()], [29, grown], [44, grown], [59, grown]))).toBe('whole')
})

test('what is still to come is said with how long it has been still, and since when', () => {
  expect(settlingState(look([100, picture()], [112, picture()]), quietMs)).toEqual({
    kind: 'settling',
    stillMs: 12_000,
    quietMs,
    sinceMs: 100_000,
  })
})

test('a machine that slept makes no drop whole', () => {
  expect(kind(look([0, picture()], [8 * 3600, picture()]))).toBe('settling')
})

test.each([
  ['ahead', 8 * 3_600_000],
  ['back', -8 * 3_600_000],
])('a clock that is set %s makes no drop whole, and keeps none waiting', (_, stepMs) => {
  const first = nextSettling(undefined, picture(), { nowMs: 0, steadyMs: 0 })
  const set = nextSettling(first, picture(), { nowMs: stepMs, steadyMs: 1 })
  expect(kind(set)).toBe('settling')
  const later = nextSettling(set, picture(), { nowMs: stepMs + 15_000, steadyMs: 15_000 })
  expect(kind(nextSettling(later, picture(), { nowMs: stepMs + 30_000, steadyMs: 30_000 }))).toBe('whole')
})

test('a temporary name means that it is still arriving, however still it is (case 46)', () => {
  const copying = picture({ temporary: 'a.mat.part' })
  const settling = look([0, copying], [15, copying], [30, copying], [45, copying])
  expect(settlingState(settling, quietMs)).toEqual({
    kind: 'arriving',
    why: 'a.mat.part is still being copied, by its name',
    sinceMs: 0,
  })
})

test('half an hour without a change while a temporary name is there is a stalled copy', () => {
  const copying = picture({ temporary: '.a.mat.Xy12Zw' })
  const looks = Array.from({ length: 121 }, (_, i): [number, DropPicture] => [i * 15, copying])
  expect(kind(look(...looks.slice(0, 120)))).toBe('arriving')
  expect(kind(look(...looks))).toBe('stalled')
  expect(kind(look(...looks, [1815, picture({ temporary: '.a.mat.Xy12Zw', bytes: 200 })]))).toBe('arriving')
})

test('READY ends the wait, but for a second in which more may come', () => {
  const ready = picture({ ready: true })
  expect(kind(look([0, ready]))).toBe('settling')
  expect(kind(look([0, ready], [1, ready]))).toBe('whole')
  expect(kind(look([0, ready], [1, picture({ files: 4, ready: false })]))).toBe('arriving')
})

test('READY does not make whole what still holds a temporary name', () => {
  const ready = picture({ ready: true, temporary: 'b.mat.part' })
  expect(kind(look([0, ready], [10, ready]))).toBe('arriving')
})

test('a slow copy is arriving all along, through pauses of a few seconds', () => {
  const grown = (files: number) => picture({ files })
  const copying = [
    [0, grown(1)],
    [1, grown(2)],
    [2, grown(2)],
    [5, grown(2)],
  ] as const
  expect(kind(look(...copying))).toBe('arriving')
  expect(kind(look(...copying, [7, grown(2)]))).toBe('settling')
})

test('the next look is half a second away, so that the last change is known soon, or when the window ends', () => {
  expect(nextLookMs(look([0, picture()]), quietMs, 1)).toBe(500)
  expect(nextLookMs(look([0, picture({ temporary: 'a.mat.part' })]), quietMs, 1)).toBe(500)
  expect(nextLookMs(look([0, picture()], [15, picture()], [29.9, picture()]), quietMs, 1)).toBe(100)
})

test('what takes long to look at is looked at less often, and once each 15 seconds at the least', () => {
  expect(nextLookMs(look([0, picture()]), quietMs, 100)).toBe(1900)
  expect(nextLookMs(look([0, picture()], [15, picture()], [29, picture()]), quietMs, 100)).toBe(1000)
  expect(nextLookMs(look([0, picture()]), quietMs, 5000)).toBe(15_000)
})

const atSeconds = (seconds: number) => BigInt(seconds) * 1_000_000_000n

test('one look tells by the time of the last change whether a drop is whole', () => {
  const now = 1_000_000
  const changed = (seconds: number) => settlingAtOnce(picture({ changedNs: atSeconds(seconds) }), now * 1000, quietMs)
  expect(kind(changed(now - 31))).toBe('whole')
  expect(kind(changed(now - 29))).toBe('settling')
  expect(kind(changed(now))).toBe('settling')
})

test('a change dated in the future was made by a wrong clock, and blocks nothing', () => {
  const now = 1_000_000
  const changed = (seconds: number) => settlingAtOnce(picture({ changedNs: atSeconds(seconds) }), now * 1000, quietMs)
  expect(kind(changed(now + 1))).toBe('settling')
  expect(kind(changed(now + 60))).toBe('whole')
})
