import { describe, expect, test } from 'vitest'
import type { ActionResult } from '../../src/model/action.ts'
import { board, job, nowMs, statuses, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const held: ActionResult = {
  done: true,
  text: 'Held 1 job.',
  count: 1,
  undo: { type: 'release', jobs: ['denoise/B1'] },
}
const queued = () => person(viewOf(board([job('denoise', 'B1', statuses.queued)])))

describe('an action', () => {
  test('shows … until the engine said what it did', () => {
    const it = queued()
    const [effect] = it.press('h')
    expect(it.lines()[5]).toContain('○ queued …')
    it.tell({ type: 'acted', id: effect!.type === 'act' ? effect.id : 0, result: held })
    expect(it.lines()[5]).not.toContain('…')
  })

  test('the screen makes no state up: it is the one that the engine told of', () => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'acted', id: 1, result: held })
    expect(it.lines()[5]).toContain('○ queued')
  })

  test('what it did is said in the words of the engine', () => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'acted', id: 1, result: held })
    expect(it.lines().at(-1)).toContain('Held 1 job.')
  })

  test('each has a number of its own, and only its own answer ends its waiting', () => {
    const it = queued()
    it.press('h+')
    expect(it.state.pending.map(({ id }) => id)).toEqual([1, 2])
    it.tell({ type: 'acted', id: 1, result: held })
    expect(it.state.pending.map(({ id }) => id)).toEqual([2])
  })

  test('that was not answered says so, and waits no longer', () => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'not-acted', id: 1, problem: 'The engine was killed.' })
    expect(it.lines().at(-1)).toContain('The engine was killed.')
    expect(it.state.pending).toEqual([])
  })

  test('is not sent to an engine that is gone', () => {
    const it = queued()
    it.see({ link: { state: 'gone', sinceMs: nowMs, why: undefined } })
    expect(actionsOf(it.press('h'))).toEqual([])
    expect(it.lines().at(-1)).toContain('The engine does not answer')
  })

  test.each([
    ['after a while', 30_000],
    ['where the clock was set back, too', -86_400_000],
  ])('is said to have failed, and no longer %s', (_, laterMs) => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'not-acted', id: 1, problem: 'The engine was killed.' })
    it.see({ nowMs: nowMs + laterMs })
    expect(it.picture()).not.toContain('The engine was killed.')
  })

  test('that was too long for the last line is read in full among the messages, newest first', () => {
    const it = queued()
    const long = `The disk is full. ${'Free some space, '.repeat(10)}and it goes on.`
    it.tell({ type: 'told', text: long, tone: 'bad' })
    expect(it.lines().at(-1)).not.toContain('it goes on')
    it.see({ nowMs: nowMs + 60_000 })
    it.tell({ type: 'told', text: 'There is room again.', tone: 'plain' })
    it.press(':messages<enter>')
    expect(it.state.overlays).toMatchObject([
      { lines: [expect.stringContaining('There is room again.'), expect.stringContaining(long)] },
    ])
    expect(it.picture()).toMatch(/Messages[\s\S]*There is room again\.[\s\S]*The disk is full\.[\s\S]*on\./)
  })

  test('is not sent for ever while the engine is silent', () => {
    const it = queued()
    expect(actionsOf(it.press('+'.repeat(100)))).toHaveLength(20)
  })
})

describe('undo', () => {
  const done = () => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'acted', id: 1, result: held })
    return it
  }

  test('is offered with what was done, and u does it', () => {
    const it = done()
    expect(it.lines().at(-1)).toContain('u undo')
    expect(actionsOf(it.press('u'))).toEqual([{ type: 'release', jobs: ['denoise/B1'] }])
  })

  test('stays while one moves', () => {
    const it = done()
    it.press('jk')
    expect(actionsOf(it.press('u'))).toHaveLength(1)
  })

  test('is done once', () => {
    const it = done()
    it.press('u')
    expect(actionsOf(it.press('u'))).toEqual([])
  })

  test('goes with the words that say what it would undo', () => {
    const it = done()
    it.see({ nowMs: nowMs + 60_000 })
    expect(it.lines().at(-1)).not.toContain('undo')
    expect(actionsOf(it.press('u'))).toEqual([])
  })

  test('is not offered for what cannot be undone', () => {
    const it = queued()
    it.press('h')
    it.tell({ type: 'acted', id: 1, result: { ...held, undo: undefined } })
    expect(it.lines().at(-1)).not.toContain('undo')
  })
})

test('what was said is gone with the next key', () => {
  const it = queued()
  it.press('x')
  expect(it.lines().at(-1)).toContain('It does not run')
  it.press('j')
  expect(it.lines().at(-1)).toContain('enter open')
})

describe('leaving', () => {
  test.each(['q', '<^c>', 'lq', '<enter>q', '2q', '3q', '4q', 'pq'])('%s leaves', (keys) => {
    expect(queued().press(keys).at(-1)).toEqual({ type: 'leave' })
  })

  test.each(['/ab<^c>', ':ab<^c>', '?<^c>', '4/ab<^c>'])('^c leaves while one types or reads: %s', (keys) => {
    expect(queued().press(keys).at(-1)).toEqual({ type: 'leave' })
  })

  test.each(['/q', ':q', '4/q'])('where one types, q is a letter: %s', (keys) => {
    expect(
      queued()
        .press(keys)
        .filter(({ type }) => type === 'leave'),
    ).toEqual([])
  })

  test('^z suspends', () => expect(queued().press('<^z>')).toEqual([{ type: 'suspend' }]))
})

describe('what is on the screen is asked for', () => {
  const running = job('denoise', 'B1', { ...statuses.running, log: 'l/B1.log' })
  const failed = job('denoise', 'B2', {
    ...statuses.failed,
    last: { attempt: 3, endedMs: 0, seconds: 1, log: 'l/B2.log' },
  })
  const both = viewOf(board([running, failed]))

  test('the detail and the log of the selected job', () => {
    const it = person(both)
    expect(it.press('j')).toEqual([
      { type: 'loadDetail', job: 'denoise/B1' },
      { type: 'openLog', job: 'denoise/B1', attempt: 1, path: 'l/B1.log' },
    ])
  })

  test('once, however long it stays', () => {
    const it = person(both)
    it.press('j')
    expect(it.tell({ type: 'tick' })).toEqual([])
    expect(it.see({})).toEqual([])
  })

  test('the log of the next attempt, when one is started', () => {
    const it = person(both)
    it.press('j')
    const next = { ...statuses.running, attempt: 2, log: 'l/B1.2.log' }
    expect(it.see({ board: board([job('denoise', 'B1', next), failed]) })).toEqual([
      { type: 'loadDetail', job: 'denoise/B1' },
      { type: 'openLog', job: 'denoise/B1', attempt: 2, path: 'l/B1.2.log' },
    ])
  })

  test('no log of a job that has none', () => {
    const it = person(viewOf(board([failed, job('denoise', 'B3', statuses.queued)])))
    expect(it.press('j')).toContainEqual({ type: 'closeLog' })
  })

  test('nothing of a job where no pane shows one', () => {
    const it = person(both, { columns: 60, rows: 16 })
    expect(it.press('j')).toEqual([])
    expect(it.press('l')).toContainEqual({ type: 'openLog', job: 'denoise/B1', attempt: 1, path: 'l/B1.log' })
  })

  test('the history when its screen is opened, and again when jobs changed, but not at each change', () => {
    const it = person(both)
    expect(it.press('4')).toContainEqual({ type: 'loadHistory' })
    expect(it.see({ nowMs: nowMs + 1000 })).not.toContainEqual({ type: 'loadHistory' })
    expect(it.see({ nowMs: nowMs + 6000 })).toContainEqual({ type: 'loadHistory' })
    expect(it.tell({ type: 'tick' })).toEqual([])
  })

  test('the advice is asked for when the pools are opened, each time, and again when jobs changed', () => {
    const it = person(both)
    expect(it.press('j')).not.toContainEqual({ type: 'loadAdvice' })
    expect(it.press('p')).toContainEqual({ type: 'loadAdvice' })
    expect(it.see({ nowMs: nowMs + 1000 })).not.toContainEqual({ type: 'loadAdvice' })
    expect(it.see({ nowMs: nowMs + 6000 })).toContainEqual({ type: 'loadAdvice' })
    expect(it.press('<escape>')).not.toContainEqual({ type: 'loadAdvice' })
    expect(it.press('p')).toContainEqual({ type: 'loadAdvice' })
  })
})

describe('the bell', () => {
  const states = (...all: readonly ('failed' | 'running')[]) =>
    board(all.map((state, i) => job('denoise', `B${i}`, statuses[state])))

  test('rings when one more failed', () => {
    const it = person(viewOf(states('failed', 'running')))
    expect(it.see({ board: states('failed', 'failed') })).toContainEqual({ type: 'bell' })
  })

  test('does not ring for what had failed before one looked, or is tried again', () => {
    const it = person(viewOf(undefined))
    expect(it.see({ board: states('failed', 'failed') })).not.toContainEqual({ type: 'bell' })
    expect(it.see({ board: states('failed', 'running') })).not.toContainEqual({ type: 'bell' })
  })
})
