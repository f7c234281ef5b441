import { describe, expect, test } from 'vitest'
import type { View } from '../../src/ui/view.ts'
import { board, job, statuses, viewOf } from './boards.ts'
import { person } from './person.ts'

const path = 'l/3.log'
const failed = job('denoise', 'B1', { ...statuses.failed, last: { attempt: 3, endedMs: 0, seconds: 60, log: path } })
const past = (attempt: number) =>
  ({ attempt, endedMs: 0, state: 'failed', seconds: 60, cause: { kind: 'lost' }, log: `l/${attempt}.log` }) as const
const detail = {
  id: 'denoise/B1',
  command: 'c',
  sources: [],
  targets: [],
  params: {},
  why: [],
  attempts: [1, 2, 3].map(past),
}

/** A log of `count` lines, of which the last 200 are held unless said otherwise. */
const logOf = (count: number, first = Math.max(0, count - 200)): View['log'] => ({
  path,
  first,
  lines: Array.from({ length: Math.min(200, count - first) }, (_, i) => `line ${first + i} of work`),
  count,
  state: 'read',
})

/** The log of 1000 lines is open, on a screen that shows 18 of them. */
function open(log = logOf(1000)) {
  const it = person(viewOf(board([failed]), { log, details: new Map([[detail.id, detail]]) }))
  it.press('l')
  return it
}
const overlay = (it: ReturnType<typeof open>) => {
  const top = it.state.overlays.at(-1)
  if (top?.kind !== 'log') throw new Error('no log is open')
  return top
}
const shown = (it: ReturnType<typeof open>) =>
  it
    .lines()
    .flatMap((line) => /^line (\d+) /.exec(line)?.[1] ?? [])
    .map(Number)

describe('following', () => {
  test('a log opens at its end, and says that it is followed', () => {
    const it = open()
    expect(shown(it).at(-1)).toBe(999)
    expect(it.lines()[4]).toContain('following')
  })

  test('what is new is seen', () => {
    const it = open()
    it.see({ log: logOf(1005) })
    expect(shown(it).at(-1)).toBe(1004)
  })

  test.each(['k', '<up>', '<pageUp>', '<^u>', 'f'])('%s ends it: what is new moves nothing', (key) => {
    const it = open()
    it.press(key)
    const before = shown(it)
    it.see({ log: logOf(1005, 800) })
    expect(shown(it)).toEqual(before)
    expect(overlay(it).follow).toBe(false)
  })

  test.each(['G', '<end>', 'f'])('%s resumes it', (key) => {
    const it = open()
    it.press('<pageUp><pageUp>')
    it.press(key)
    expect(shown(it).at(-1)).toBe(999)
    expect(overlay(it).follow).toBe(true)
  })

  test('scrolling down to the end resumes it', () => {
    const it = open()
    it.press('kkk')
    it.press('jjjj')
    expect(overlay(it).follow).toBe(true)
  })
})

describe('scrolling', () => {
  test('by a line and by a page, of which one line stays', () => {
    const it = open()
    it.press('k')
    expect(shown(it)[0]).toBe(981)
    it.press('<pageUp>')
    expect(shown(it)[0]).toBe(964)
  })

  test('to what is not held asks for it', () => {
    const it = open()
    expect(it.press('g')).toContainEqual({ type: 'readLog', line: 0 })
    it.see({ log: logOf(1000, 0) })
    expect(shown(it)[0]).toBe(0)
  })

  test('within what is held asks for nothing', () => {
    const it = open()
    expect(it.press('<pageUp><pageUp>')).toEqual([])
  })

  test('who goes back to the pane sees the end of the log again', () => {
    const it = open()
    it.press('g')
    expect(it.press('<escape>')).toContainEqual({ type: 'readLog', line: 'end' })
  })

  test('a short log stands at the top and has nowhere to go', () => {
    const it = open(logOf(3))
    it.press('k')
    expect(shown(it)).toEqual([0, 1, 2])
  })
})

describe('searching', () => {
  test('asks the shell to search the whole file from what is seen', () => {
    const it = open()
    expect(it.press('/CUDA<enter>')).toEqual([{ type: 'searchLog', text: 'CUDA', from: 982, direction: 'down' }])
  })

  test('what was found is shown with what led to it, and turned over', () => {
    const it = open()
    it.press('/900 of<enter>')
    it.tell({ type: 'found', line: 900 })
    expect(shown(it)[0]).toBe(897)
    expect(it.painted()).toContain('\x1b[7m900 of\x1b[')
  })

  test('n and N go on from what was found', () => {
    const it = open()
    it.press('/work<enter>')
    it.tell({ type: 'found', line: 900 })
    expect(it.press('n')).toContainEqual({ type: 'searchLog', text: 'work', from: 901, direction: 'down' })
    expect(it.press('N')).toContainEqual({ type: 'searchLog', text: 'work', from: 899, direction: 'up' })
  })

  test('what is not held is asked for', () => {
    const it = open()
    it.press('/x<enter>')
    expect(it.tell({ type: 'found', line: 5 })).toContainEqual({ type: 'readLog', line: 2 })
  })

  test('that there is nothing of it is said, and nothing moves', () => {
    const it = open()
    const before = shown(it)
    it.press('/zzz<enter>')
    it.tell({ type: 'found', line: undefined })
    expect(it.lines().at(-1)).toContain('"zzz" is not in this log.')
    expect(shown(it)).toEqual(before)
  })

  test('nothing typed searches once more what was searched before', () => {
    const it = open()
    it.press('/work<enter>')
    expect(it.press('/<enter>')).toContainEqual(expect.objectContaining({ type: 'searchLog', text: 'work' }))
  })

  test('esc while one types keeps what was searched before', () => {
    const it = open()
    it.press('/work<enter>/abc<escape>')
    expect(overlay(it).search).toEqual({ text: 'work', before: undefined })
  })

  test('n without a search says how to search', () => {
    const it = open()
    expect(it.press('n')).toEqual([])
    expect(it.lines().at(-1)).toContain('/ searches the log.')
  })
})

describe('wrapping', () => {
  const long = { path, first: 0, lines: ['a'.repeat(200), 'b'], count: 2, state: 'read' } as const

  test('w shows long lines to their end, w cuts them again', () => {
    const it = open(long)
    expect(it.lines().filter((line) => line.startsWith('aaa'))).toHaveLength(1)
    it.press('w')
    const wrapped = it.lines().filter((line) => line.startsWith('aaa'))
    expect(wrapped.map((line) => line.length)).toEqual([80, 80, 40])
    it.press('w')
    expect(it.lines().filter((line) => line.startsWith('aaa'))).toHaveLength(1)
  })

  test('while following, the end of the last line is what is seen', () => {
    const lines = ['b', 'a'.repeat(80 * 30)]
    const it = open({ ...long, lines })
    it.press('w')
    expect(
      it
        .lines()
        .slice(5, 23)
        .every((line) => line.startsWith('aaa')),
    ).toBe(true)
  })
})

describe('attempts', () => {
  test('[ and ] go to earlier and later ones', () => {
    const it = open()
    expect(it.press('[')).toContainEqual({ type: 'openLog', job: 'denoise/B1', attempt: 2, path: 'l/2.log' })
    expect(it.press('[')).toContainEqual({ type: 'openLog', job: 'denoise/B1', attempt: 1, path: 'l/1.log' })
    expect(it.press(']]')).toContainEqual({ type: 'openLog', job: 'denoise/B1', attempt: 3, path })
  })

  test('there is an end at both sides', () => {
    const it = open()
    it.press(']')
    expect(it.lines().at(-1)).toContain('This is the newest attempt.')
    it.press('[[[')
    expect(it.lines().at(-1)).toContain('There is no earlier attempt.')
  })

  test('the title says which one is shown, of how many', () => {
    const it = open()
    expect(it.lines()[4]).toContain('log ✗ denoise/B1  attempt 3 of 3')
    it.press('[')
    expect(it.lines()[4]).toContain('attempt 2 of 3')
  })

  test('who looks at the newest sees the next one when it is started', () => {
    const it = open()
    const next = job('denoise', 'B1', { ...statuses.running, attempt: 4, log: 'l/4.log' })
    expect(it.see({ board: board([next]) })).toContainEqual({
      type: 'openLog',
      job: 'denoise/B1',
      attempt: 4,
      path: 'l/4.log',
    })
  })

  test('who looks at an earlier one stays there', () => {
    const it = open()
    it.press('[')
    const next = job('denoise', 'B1', { ...statuses.running, attempt: 4, log: 'l/4.log' })
    expect(it.see({ board: board([next]) }).filter(({ type }) => type === 'openLog')).toEqual([])
  })
})

test('e opens the file in the pager', () => expect(open().press('e')).toEqual([{ type: 'openPager', path }]))

test.each(['<escape>', '<enter>', 'l'])('%s goes back', (key) => {
  const it = open()
  it.press(key)
  expect(it.state.overlays).toEqual([])
})

test('what has not run has no log, and l says so', () => {
  const queued = job('denoise', 'B1', statuses.queued)
  const it = person(viewOf(board([queued]), { details: new Map([[detail.id, { ...detail, attempts: [] }]]) }))
  it.press('l')
  expect(it.state.overlays).toEqual([])
  expect(it.lines().at(-1)).toContain('denoise/B1 has not run yet')
})

test.each([
  ['reading', 'Reading the log.'],
  ['missing', 'The log is not there any more.'],
  ['read', 'It has written nothing yet.'],
] as const)('an empty log that is %s says so', (state, text) => {
  expect(open({ path, first: 0, lines: [], count: 0, state }).picture()).toContain(text)
})

test('control characters in a log are shown, not obeyed', () => {
  const it = open({ path, first: 0, lines: ['a\x1b[2Jb\rc'], count: 1, state: 'read' })
  expect(it.picture()).toContain('a\\x1b[2Jb\\x0dc')
})

test('a log is closed when its job is no more', () => {
  const it = open()
  it.see({ board: board([job('denoise', 'B7', statuses.done)]) })
  expect(it.state.overlays).toEqual([])
})
