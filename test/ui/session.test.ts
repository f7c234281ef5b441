import { expect, test } from 'vitest'
import type { EngineEvent } from '../../src/model/event.ts'
import type { Key } from '../../src/ui/keys.ts'
import { watchSession } from '../../src/ui/session.ts'
import { board, job, nowMs, statuses } from './boards.ts'
import { fakeLink, microtasks } from './fakeLink.ts'
import { fakeLogs } from './fakeLogs.ts'
import { turnedTimers } from './turnedTimers.ts'

const plainText = (line: string) => line.replace(/\x1b\[[\d;]*m/g, '').trimEnd()

/** A session at 100 by 30 whose terminal is written down. */
function session(copied: (text: string) => Promise<string> = async () => 'Copied.') {
  const link = fakeLink()
  const timers = turnedTimers(nowMs)
  const said: string[] = []
  const copies: string[] = []
  let lines: readonly string[] = []
  let draws = 0
  const made = watchSession({
    link,
    logs: fakeLogs({ '.labmake/logs/denoise/B1/1.log': 'one\nCUDA error\n' }),
    timers,
    style: { color: true, unicode: true },
    size: { columns: 100, rows: 30 },
    user: 'ana',
    shell: {
      draw(next) {
        lines = next
        draws++
      },
      title: (text) => said.push(`title ${text}`),
      bell: () => said.push('bell'),
      leave: () => said.push('leave'),
      suspend: () => said.push('suspend'),
      repaint: () => said.push('repaint'),
      openPager: async (path) => void said.push(`page ${path}`),
      copy(text) {
        copies.push(text)
        return copied(text)
      },
    },
  })
  const press = async (...texts: string[]) => {
    made.keys(
      texts.map((text): Key => (text.startsWith('^') ? { kind: 'ctrl', letter: text[1]! } : { kind: 'char', text })),
    )
    await microtasks()
  }
  return {
    ...made,
    link,
    press,
    turn: timers.turn,
    waiting: timers.waiting,
    copies,
    draws: () => draws,
    /** What the shell was asked for since it was last looked at, titles apart. */
    said: () => said.splice(0).filter((text) => !text.startsWith('title')),
    title: () => said.findLast((text) => text.startsWith('title'))?.slice(6),
    screen: () => lines.map(plainText).join('\n'),
  }
}

/** As session, with two batches, of which one failed. */
function alive() {
  const all = session()
  all.link.board(
    board([
      job('denoise', 'B1', { ...statuses.failed }),
      job('phy', 'B1', statuses.blocked),
      job('denoise', 'B2', statuses.queued),
    ]),
  )
  return all
}

const trouble: EngineEvent = { type: 'trouble', atMs: nowMs, message: 'the disk is full', hint: 'Free some space.' }
const acted = (by: string): EngineEvent => ({
  type: 'acted',
  atMs: nowMs,
  by,
  action: { type: 'pause', pool: 'ram' },
  text: 'Paused ram.',
})

test('something is drawn before the engine has said anything', () => {
  const { draws, screen } = session()
  expect(draws()).toBe(1)
  expect(screen()).toContain('labmake')
})

test('the first board is drawn as soon as it is there', () => {
  const { link, turn, screen } = session()
  turn(40)
  link.board(board([job('denoise', 'B1', statuses.queued)]))
  expect(screen()).toContain('B1')
})

test('later events are gathered', () => {
  const { link, draws, turn } = alive()
  turn(300)
  const before = draws()
  for (let n = 0; n < 10; n++) link.events(acted('ana'))
  expect(draws()).toBe(before)
  turn(200)
  expect(draws()).toBe(before + 1)
})

test('that the engine is gone is drawn at once', async () => {
  const { link, turn, screen } = alive()
  turn(150)
  await link.go('it was stopped')
  expect(screen()).toContain('It was stopped')
})

test('keys that come together are drawn once', async () => {
  const { press, draws, turn } = alive()
  turn(100)
  const before = draws()
  await press('j', 'k', 'j')
  expect(draws()).toBe(before + 1)
})

test('what a key asks for is asked of the engine, and its answer is drawn', async () => {
  const { press, link, screen, turn } = alive()
  turn(100)
  await press('r')
  expect(link.actions).toEqual([{ type: 'retry', jobs: ['denoise/B1'] }])
  turn(100)
  await link.answer({ done: true, text: 'Queued 1 job again.', count: 1, undo: undefined })
  turn(40)
  expect(screen()).toContain('Queued 1 job again.')
})

test('that the engine refused is drawn', async () => {
  const { press, link, screen, turn } = alive()
  await press('r')
  await link.answer(new Error('the engine is ending'))
  turn(40)
  expect(screen()).toContain('the engine is ending')
})

test('what troubles the engine is said, with what to do', () => {
  const { link, screen, turn } = alive()
  link.events(trouble)
  turn(40)
  expect(screen()).toContain('the disk is full. Free some space.')
})

test('what others do is said; what this person did was answered already', () => {
  const { link, screen, turn } = alive()
  link.events(acted('ana'))
  turn(200)
  expect(screen()).not.toContain('Paused ram.')
  link.events(acted('ben'))
  turn(200)
  expect(screen()).toContain('ben: Paused ram.')
})

test('q leaves, ^z stops, ^l paints anew', async () => {
  const { press, said } = alive()
  await press('q', '^z', '^l')
  expect(said()).toEqual(['leave', 'suspend', 'repaint'])
})

test('once stopped, nothing is drawn, asked or waited for', async () => {
  const { stop, press, turn, draws, waiting, link, said } = alive()
  stop()
  const before = draws()
  await press('r', 'q')
  turn(60_000)
  await microtasks()
  expect({ draws: draws(), waiting: waiting(), actions: link.actions, said: said() }).toEqual({
    draws: before,
    waiting: 0,
    actions: [],
    said: [],
  })
})

test('the title tells what failed and what runs', () => {
  const { link, title, turn } = alive()
  turn(200)
  expect(title()).toBe('labmake: 1 failed')
  link.events({ type: 'changed', atMs: nowMs, jobs: [{ job: 'denoise/B2', status: statuses.running }] })
  turn(200)
  expect(title()).toBe('labmake: 1 failed, 1 running')
})

test('without an engine the title says so', () => {
  expect(session().title()).toBe('labmake: no engine')
})

test('after a resize all is painted, at that size', () => {
  const { resize, turn, screen, said } = alive()
  turn(100)
  resize({ columns: 60, rows: 14 })
  expect(said()).toEqual(['repaint'])
  expect(screen().split('\n')).toHaveLength(14)
})

test('the log of what is selected is read, and shown', async () => {
  const { turn, screen } = alive()
  turn(300)
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve))
  turn(200)
  expect(screen()).toContain('CUDA error')
})

test('y copies a report, and says where it is', async () => {
  const { press, copies, screen, turn } = alive()
  await press('y')
  turn(40)
  expect(copies.join()).toContain('denoise/B1')
  expect(screen()).toContain('Copied.')
})

test('a copy that could not be kept is said', async () => {
  const { link, press, screen, turn } = session(async () => {
    throw new Error('cannot write to /tmp')
  })
  link.board(board([job('denoise', 'B1', statuses.failed)]))
  await press('y')
  turn(40)
  expect(screen()).toContain('cannot write to /tmp')
})
