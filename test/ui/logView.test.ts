import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogSearch } from '../../src/ui/logSearch.ts'
import { logView } from '../../src/ui/logView.ts'
import { type FakeLogs, fakeLogs } from './fakeLogs.ts'
import { turnedTimers } from './turnedTimers.ts'

const path = 'phy/B1/1.log'

/** Promises that are due come true. */
const settled = async () => {
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve))
}

/** A view of one log that was opened, and read once. */
async function viewOf(logs: FakeLogs) {
  const timers = turnedTimers()
  const found: (number | undefined)[] = []
  let changes = 0
  const view = logView({
    files: logs,
    timers,
    changed: () => changes++,
    found: (line) => found.push(line),
  })
  const turn = async (ms = 500) => {
    timers.turn(ms)
    await settled()
  }
  view.open(path)
  await turn()
  return {
    ...view,
    turn,
    waiting: timers.waiting,
    changes: () => changes,
    async hold(line: number | 'end') {
      view.hold(line)
      await settled()
    },
    /** What a search finds. */
    async found(search: LogSearch) {
      view.search(search)
      for (let n = 0; n < 40 && found.length === 0; n++) await settled()
      return found.splice(0)
    },
    picture: () => view.picture()!,
  }
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `line ${from + n}\n`).join('')

test('a log is shown by its lines', async () => {
  const { picture } = await viewOf(fakeLogs({ [path]: 'one\ntwo\n' }))
  expect(picture()).toEqual({ path, first: 0, lines: ['one', 'two'], count: 2, state: 'read' })
})

test('a line that is not ended yet counts', async () => {
  const { picture } = await viewOf(fakeLogs({ [path]: 'one\ntw' }))
  expect(picture()).toMatchObject({ lines: ['one', 'tw'], count: 2 })
})

test('an empty log is read, and has no lines', async () => {
  const { picture } = await viewOf(fakeLogs({ [path]: '' }))
  expect(picture()).toMatchObject({ lines: [], count: 0, state: 'read' })
})

test('what is written meanwhile is shown', async () => {
  const logs = fakeLogs({ [path]: 'one\n' })
  const { picture, turn } = await viewOf(logs)
  logs.append(path, 'two\nthr')
  await turn()
  expect(picture()).toMatchObject({ lines: ['one', 'two', 'thr'], count: 3 })
  logs.append(path, 'ee\n')
  await turn()
  expect(picture()).toMatchObject({ lines: ['one', 'two', 'three'], count: 3 })
})

test('where nothing is written nothing is read, and nothing is drawn', async () => {
  const logs = fakeLogs({ [path]: 'one\n' })
  const { turn, changes } = await viewOf(logs)
  const before = { bytes: logs.bytesRead(), changes: changes() }
  await turn(10_000)
  expect({ bytes: logs.bytesRead(), changes: changes() }).toEqual(before)
})

test('a log that is not there yet appears', async () => {
  const logs = fakeLogs()
  const { picture, turn, changes } = await viewOf(logs)
  expect(picture()).toMatchObject({ state: 'missing', lines: [] })
  await turn()
  expect(changes()).toBe(1)
  logs.replace(path, 'one\n')
  await turn()
  expect(picture()).toMatchObject({ state: 'read', lines: ['one'] })
})

test('a log that goes is missing', async () => {
  const logs = fakeLogs({ [path]: 'one\n' })
  const { picture, turn } = await viewOf(logs)
  logs.remove(path)
  await turn()
  expect(picture()).toMatchObject({ state: 'missing', lines: [], count: 0 })
})

test('a log that may not be read is missing, and is looked for again', async () => {
  const logs = fakeLogs({ [path]: 'one\n' })
  logs.forbid(path)
  const { picture, waiting } = await viewOf(logs)
  expect(picture()).toMatchObject({ state: 'missing' })
  expect(waiting()).toBe(1)
})

test('a log that is cut short is read anew', async () => {
  const logs = fakeLogs({ [path]: numbered(100) })
  const { picture, turn } = await viewOf(logs)
  logs.truncate(path, 'line 0\nline 1\n'.length)
  await turn()
  expect(picture()).toMatchObject({ lines: ['line 0', 'line 1'], count: 2, first: 0 })
})

test('another log at that path is read anew, though it is longer', async () => {
  const logs = fakeLogs({ [path]: 'old\n' })
  const { picture, turn } = await viewOf(logs)
  logs.replace(path, 'new 1\nnew 2\n')
  await turn()
  expect(picture()).toMatchObject({ lines: ['new 1', 'new 2'], count: 2 })
})

test('of a long log the last thousand lines are held, under their numbers', async () => {
  const { picture } = await viewOf(fakeLogs({ [path]: numbered(200_000) }))
  expect(picture()).toMatchObject({ first: 199_000, count: 200_000, state: 'read' })
  expect(picture().lines).toHaveLength(1000)
  expect(picture().lines.at(-1)).toBe('line 199999')
})

test.each([0, 1, 777, 65_536, 123_456, 199_999])('line %i of 200,000 is held when it is asked for', async (line) => {
  const { picture, hold } = await viewOf(fakeLogs({ [path]: numbered(200_000) }))
  await hold(line)
  const { first, lines } = picture()
  expect(lines[line - first]).toBe(`line ${line}`)
  expect(lines[Math.min(line + 200, 199_999) - first]).toBe(`line ${Math.min(line + 200, 199_999)}`)
})

test('held lines stay while more is written, and the end comes back when it is asked for', async () => {
  const logs = fakeLogs({ [path]: numbered(5000) })
  const { picture, hold, turn } = await viewOf(logs)
  await hold(100)
  logs.append(path, numbered(10, 5000))
  await turn()
  expect(picture()).toMatchObject({ first: 0, count: 5010 })
  await hold('end')
  expect(picture().lines.at(-1)).toBe('line 5009')
})

test('lines are found under their numbers, however long they are', async () => {
  const length = fc.oneof(
    { weight: 8, arbitrary: fc.nat(200) },
    { weight: 2, arbitrary: fc.nat(100_000) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000_000, max: 2_000_000 }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(length, { minLength: 1, maxLength: 40 }), fc.nat(), async (lengths, pick) => {
      const lines = lengths.map((n, at) => `${at}:${'x'.repeat(n)}`)
      const { picture, hold, turn, close } = await viewOf(fakeLogs({ [path]: `${lines.join('\n')}\n` }))
      await turn()
      const line = pick % lines.length
      await hold(line)
      const shown = picture().lines[line - picture().first]!
      expect(shown.slice(0, 10)).toBe(lines[line]!.slice(0, 10))
      expect(picture().count).toBe(lines.length)
      close()
    }),
    { numRuns: 25, seed: 1 },
  )
})

test('of a progress bar without an end of line the last state is shown, however long it has been drawn', async () => {
  const bar = Array.from({ length: 300_000 }, (_, n) => `\r${n} of 300000`).join('')
  const { picture } = await viewOf(fakeLogs({ [path]: `start\n${bar}` }))
  expect(picture().lines.at(-1)).toBe('299999 of 300000')
})

test('scrolled to, such a bar is one line, and the lines after it keep their numbers', async () => {
  const bar = Array.from({ length: 300_000 }, (_, n) => `\r${n} of 300000`).join('')
  const { picture, hold } = await viewOf(fakeLogs({ [path]: `start\n${bar}\nend\n` }))
  await hold(1)
  expect(picture()).toMatchObject({ first: 0, lines: ['start', '299999 of 300000', 'end'], count: 3 })
})

const huge = numbered(3_600_000)

test('of a log of 50 MB the end is shown without reading the rest', async () => {
  const logs = fakeLogs({ [path]: huge })
  const { picture } = await viewOf(logs)
  expect(picture().lines.at(-1)).toBe('line 3599999')
  expect(picture().state).toBe('reading')
  expect(logs.bytesRead()).toBeLessThan(1e6)
})

test('its numbers are guessed too high rather than too low', async () => {
  const { picture } = await viewOf(fakeLogs({ [path]: huge }))
  expect(picture().count).toBeGreaterThan(3_600_000)
})

test('who scrolls back from its end sees the lines before, under the numbers that were told', async () => {
  const { picture, hold } = await viewOf(fakeLogs({ [path]: huge }))
  const { first } = picture()
  expect(picture().lines[0]).toBe('line 3599000')
  await hold(first - 100)
  for (let n = 0; n < 40 && picture().state === 'reading'; n++) await settled()
  expect(picture().lines[first - 100 - picture().first]).toBe('line 3598900')
})

test('once it is counted, its end has the numbers that it has', async () => {
  const { picture, hold } = await viewOf(fakeLogs({ [path]: huge }))
  await hold(picture().first - 100)
  for (let n = 0; n < 40 && picture().state === 'reading'; n++) await settled()
  await hold('end')
  expect(picture()).toMatchObject({ count: 3_600_000, first: 3_599_000 })
})

test('its beginning is shown at once', async () => {
  const { picture, hold } = await viewOf(fakeLogs({ [path]: huge }))
  await hold(0)
  expect(picture()).toMatchObject({ first: 0 })
  expect(picture().lines[0]).toBe('line 0')
})

test('after scrolling, its beginning has the numbers that it has', async () => {
  const { picture, hold } = await viewOf(fakeLogs({ [path]: huge }))
  await hold(picture().first - 100)
  for (let n = 0; n < 40 && picture().state === 'reading'; n++) await settled()
  await hold(0)
  expect(picture()).toMatchObject({ first: 0, count: 3_600_000 })
})

test('what is written to it is shown, counted or not', async () => {
  const logs = fakeLogs({ [path]: huge })
  const { picture, turn } = await viewOf(logs)
  logs.append(path, 'news\n')
  await turn()
  expect(picture().lines.at(-1)).toBe('news')
})

test('the whole of it is searched, from where one stands, and round its end', async () => {
  const { found } = await viewOf(fakeLogs({ [path]: huge }))
  expect(await found({ text: 'line 2345678', from: 3_599_999, direction: 'up' })).toEqual([2_345_678])
  expect(await found({ text: 'line 77777', from: 100_000, direction: 'down' })).toEqual([777_770])
  expect(await found({ text: 'line 1234567', from: 2_000_000, direction: 'down' })).toEqual([1_234_567])
  expect(await found({ text: 'nowhere', from: 0, direction: 'down' })).toEqual([undefined])
})

test.each([
  ['down', 0, 1],
  ['down', 1, 1],
  ['down', 2, 3],
  ['down', 4, 1],
  ['up', 4, 3],
  ['up', 3, 3],
  ['up', 2, 1],
  ['up', 0, 3],
] as const)('searching %s from line %i finds line %i', async (direction, from, line) => {
  const { found } = await viewOf(fakeLogs({ [path]: 'a\nx\nb\nx\nc\n' }))
  expect(await found({ text: 'x', from, direction })).toEqual([line])
})

test('small letters find capitals, capitals find themselves', async () => {
  const { found } = await viewOf(fakeLogs({ [path]: 'an error\nAn Error\n' }))
  expect(await found({ text: 'error', from: 1, direction: 'down' })).toEqual([1])
  expect(await found({ text: 'Error', from: 0, direction: 'down' })).toEqual([1])
})

test('found is what is shown: through colours, and not what a progress bar drew over', async () => {
  const { found } = await viewOf(fakeLogs({ [path]: 'bad\rgood\n\x1b[1mb\x1b[0mad\n' }))
  expect(await found({ text: 'bad', from: 0, direction: 'down' })).toEqual([1])
})

test('in a log that is missing nothing is found', async () => {
  const { found } = await viewOf(fakeLogs())
  expect(await found({ text: 'x', from: 0, direction: 'down' })).toEqual([undefined])
})

test('a search that another one follows tells nothing', async () => {
  const { found, search } = await viewOf(fakeLogs({ [path]: huge }))
  search({ text: 'line 1', from: 0, direction: 'down' })
  expect(await found({ text: 'line 2', from: 0, direction: 'down' })).toEqual([2])
})

test('a search through a log that is closed ends', async () => {
  const logs = fakeLogs({ [path]: huge })
  const { search, close } = await viewOf(logs)
  search({ text: 'nowhere', from: 0, direction: 'down' })
  close()
  await settled()
  const before = logs.bytesRead()
  await settled()
  expect(logs.bytesRead()).toBe(before)
})

test('a selection that runs down a list opens the last log only', async () => {
  const logs = fakeLogs({ a: 'a\n', b: 'b\n', c: 'c\n' })
  const { open, turn, picture } = await viewOf(logs)
  open('a')
  open('b')
  open('c')
  expect(picture()).toMatchObject({ path: 'c', state: 'reading', lines: [] })
  await turn()
  expect(picture()).toMatchObject({ path: 'c', lines: ['c'] })
  expect(logs.bytesRead()).toBe(4)
})

test('once closed, nothing waits any more', async () => {
  const { close, turn, waiting } = await viewOf(fakeLogs({ [path]: 'one\n' }))
  close()
  await turn()
  expect(waiting()).toBe(0)
})
