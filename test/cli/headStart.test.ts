import { expect, test } from 'vitest'
import { headStart } from '../../src/cli/headStart.ts'
import { emptyBoard } from '../../src/core/board.ts'
import type { Board } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { EngineHearer, EngineLink } from '../../src/ui/store.ts'

const board = emptyBoard({
  pid: 411,
  version: '1.0.0',
  mode: 'watch',
  startedMs: 0,
  stopping: false,
} as Board['engine'])
const idle: EngineEvent = { type: 'idle', atMs: 7 }

/** An engine that says what the test says; each time that it is followed is one of `follows`. */
function fakeLink() {
  const follows: {
    hearer: EngineHearer
    signal: AbortSignal
    end: (why?: string) => void
    fail: (e: Error) => void
  }[] = []
  const link: EngineLink = {
    follow: (hearer, signal) =>
      new Promise((end, fail) => {
        follows.push({ hearer, signal, end, fail })
      }),
    act: async () => ({ done: true, text: '', count: 0, undo: undefined }),
    detail: async () => undefined,
    history: async () => [],
    advice: async () => [],
  }
  return { link, follows }
}

function fakeHearer() {
  const heard: string[] = []
  const hearer: EngineHearer = {
    reading: () => heard.push('reading'),
    board: () => heard.push('board'),
    events: (e) => heard.push(...e.map((each) => each.type)),
  }
  return { heard, hearer }
}

const never = () => new AbortController().signal

test('what an engine said before somebody followed is told in order, and then what it says', async () => {
  const { link, follows } = fakeLink()
  const early = headStart(link, never())
  follows[0]!.hearer.reading({ planned: 0, of: undefined })
  follows[0]!.hearer.board(board)
  follows[0]!.hearer.events([idle])
  const { heard, hearer } = fakeHearer()
  const ended = early.follow(hearer, never())
  expect(heard).toEqual(['reading', 'board', 'idle'])
  follows[0]!.hearer.events([idle])
  expect(heard).toEqual(['reading', 'board', 'idle', 'idle'])
  follows[0]!.end('it was stopped')
  expect(await ended).toBe('it was stopped')
})

test('that an engine could not be joined is told to who follows', async () => {
  const { link, follows } = fakeLink()
  const early = headStart(link, never())
  follows[0]!.fail(new Error('only ana may talk to it'))
  await expect(early.follow(fakeHearer().hearer, never())).rejects.toThrow('only ana may talk to it')
})

test('who follows a second time joins anew', () => {
  const { link, follows } = fakeLink()
  const early = headStart(link, never())
  void early.follow(fakeHearer().hearer, never())
  const { heard, hearer } = fakeHearer()
  void early.follow(hearer, never())
  follows[1]!.hearer.board(board)
  expect(heard).toEqual(['board'])
})

test('the engine is left by who leaves, and where nobody comes', () => {
  const one = fakeLink()
  const leave = new AbortController()
  void headStart(one.link, never()).follow(fakeHearer().hearer, leave.signal)
  leave.abort()
  expect(one.follows[0]!.signal.aborted).toBe(true)

  const other = fakeLink()
  const over = new AbortController()
  headStart(other.link, over.signal)
  over.abort()
  expect(other.follows[0]!.signal.aborted).toBe(true)
})
