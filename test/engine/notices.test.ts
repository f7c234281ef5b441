import { describe, expect, test, vi } from 'vitest'
import { longestRetryMs, unsentForMs } from '../../src/core/outbox.ts'
import { openNotices } from '../../src/engine/notices.ts'
import type { Board } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { DiskSpace, Notice, NoticeState, Notifier, Sending } from '../../src/model/notice.ts'
import { fakeClock } from '../fakes/clock.ts'
import { boardJob, boardOf, notifier, startMs, storyOf } from '../fakes/notices.ts'

const sent: Sending = { outcome: 'sent', but: undefined }
const refused: Sending = { outcome: 'not-sent', problem: 'it answers 500', hint: undefined, retryInMs: undefined }

interface LabOptions {
  readonly notifiers?: readonly Notifier[]
  readonly left?: NoticeState | undefined
  readonly send?: (notice: Notice, signal: AbortSignal) => Promise<Sending>
  readonly space?: () => Promise<DiskSpace | undefined>
  readonly clock?: ReturnType<typeof fakeClock>
}

/** Notices over ports that write down what is done to them. */
function lab(options: LabOptions = {}) {
  const clock = options.clock ?? fakeClock(startMs)
  const titles: string[] = []
  const texts: string[] = []
  const log: string[] = []
  const troubles: string[] = []
  const written: NoticeState[] = []
  const send = options.send ?? (async () => sent)
  const notices = openNotices({
    clock,
    notifiers: () => options.notifiers ?? [notifier()],
    send: (_, notice, signal) => {
      titles.push(notice.title)
      texts.push(notice.text)
      return send(notice, signal)
    },
    files: {
      read: () => options.left,
      write: async (state) => {
        written.push(state)
      },
      log: (line) => log.push(line),
    },
    space: options.space ?? (async () => undefined),
    emit: ({ message }) => troubles.push(message),
  })
  const board: Board = boardOf(boardJob('phy/m1'), boardJob('phy/m2'))
  const story = storyOf(board, (event: EngineEvent, after) => notices.event(event, after))
  return {
    ...story,
    clock,
    titles,
    texts,
    log,
    troubles,
    written,
    close: () => notices.close(),
    /** Moves the clock to `s` after the start, when whoever waits for it has begun to. */
    async to(s: number) {
      await vi.waitFor(() => expect(clock.waits().length).toBeGreaterThan(0))
      clock.tick(startMs + s * 1000 - clock.now())
    },
    until: (claim: () => void) => vi.waitFor(claim, { interval: 1 }),
  }
}

test('a failure is sent when its minute is over', async () => {
  const it = lab()
  it.failed('phy/m1', 0)
  await it.to(59)
  expect(it.titles).toEqual([])
  await it.to(60)
  await it.until(() => expect(it.titles).toEqual(['phy/m1 failed']))
  await it.until(() => expect(it.log.join()).toContain('failed "phy/m1 failed" rules/r.yaml command 1: sent'))
  await it.close()
})

test('a notice that cannot be sent is logged, told of once, and sent later', async () => {
  const answers = [refused, refused, sent]
  const it = lab({ send: async () => answers.shift() ?? sent })
  it.failed('phy/m1', 0)
  await it.to(60)
  await it.until(() => expect(it.log).toHaveLength(1))
  await it.to(75)
  await it.until(() => expect(it.log).toHaveLength(2))
  await it.to(105)
  await it.until(() => expect(it.log).toHaveLength(3))
  expect(it.log.map((line) => line.replace(/^.*command 1: /, ''))).toEqual([
    'not sent: it answers 500; tried again in 15s',
    'not sent: it answers 500; tried again in 30s',
    'sent',
  ])
  expect(it.troubles).toEqual(['a notice could not be sent by the command tell (rules/r.yaml:2:5): it answers 500'])
  await it.close()
})

test('a notice is given up after a day, and the next one says that it is missing', async () => {
  let answer: Sending = refused as Sending
  const it = lab({ send: async () => answer })
  it.failed('phy/m1', 0)
  await it.to(60)
  await it.until(() => expect(it.log).toHaveLength(1))
  await it.to(60 + unsentForMs / 1000)
  await it.until(() => expect(it.troubles).toHaveLength(2))
  expect(it.troubles[1]).toBe('1 notice could not be sent by the command tell (rules/r.yaml:2:5) within a day')
  expect(it.log.join('\n')).toContain('given up after a day:\n    Why: the recipe ended with exit code 1')
  answer = sent
  const later = 60 + (unsentForMs + longestRetryMs) / 1000
  await it.to(later)
  it.failed('phy/m2', later)
  await it.to(later + 60)
  await it.until(() => expect(it.texts.at(-1)).toContain('1 earlier notice could not be sent'))
  await it.close()
})

test('a notifier that hangs keeps nobody else waiting', async () => {
  const hung = notifier({ where: 'rules/hung.yaml:1:1' })
  let calls = 0
  const hang = (signal: AbortSignal) =>
    new Promise<Sending>((resolve) => signal.addEventListener('abort', () => resolve(refused)))
  const it = lab({
    notifiers: [hung, notifier()],
    send: (_, signal) => (calls++ === 0 ? hang(signal) : Promise.resolve(sent)),
  })
  it.failed('phy/m1', 0)
  await it.to(60)
  await it.until(() => expect(it.log.join()).toContain('rules/r.yaml command 1: sent'))
  it.failed('phy/m2', 61)
  await it.to(181)
  await it.until(() => expect(it.titles).toHaveLength(3))
  const closed = it.close()
  // It waits for the one on its way, but not for ever.
  await it.until(() => expect(it.clock.waits()).toEqual([10_000]))
  it.clock.tick(10_000)
  await closed
  expect(it.written.at(-1)!.outboxes['rules/hung.yaml command 1']!.unsent.map((u) => u.notice.title)).toEqual([
    'phy/m1 failed',
    'phy/m2 failed',
  ])
})

describe('an engine that ends', () => {
  test('sends what it had gathered, all of it', async () => {
    const it = lab()
    it.failed('phy/m1', 0)
    it.done('phy/m2', 0)
    it.idle(0)
    await it.close()
    expect(it.titles.sort()).toEqual(['Nothing is left to run', 'm2 is done', 'phy/m1 failed'].sort())
    expect(it.written.at(-1)).toMatchObject({ news: [], outboxes: {} })
  })

  test('leaves what it cannot send to the next', async () => {
    const first = lab({ send: async () => refused })
    first.failed('phy/m1', 0)
    await first.close()
    expect(first.titles).toHaveLength(1)
    const next = lab({ left: first.written.at(-1), clock: fakeClock(startMs + 60_000) })
    await next.until(() => expect(next.titles).toEqual(['phy/m1 failed']))
    await next.close()
    expect(next.written.at(-1)).toMatchObject({ outboxes: {} })
  })
})

describe('an engine that is killed', () => {
  test('while a notice is on its way: it is not sent twice', async () => {
    const first = lab({ send: () => new Promise(() => {}) })
    first.failed('phy/m1', 0)
    await first.to(60)
    await first.until(() => expect(first.titles).toHaveLength(1))
    const next = lab({ left: first.written.at(-1) })
    await next.until(() => expect(next.log.join()).toContain('not sent again'))
    await next.close()
    expect(next.titles).toEqual([])
  })

  test('before it sent anything: the next engine does', async () => {
    const first = lab()
    first.failed('phy/m1', 0)
    await first.to(2)
    await first.until(() => expect(first.written.at(-1)?.news).toHaveLength(1))
    const next = lab({ left: JSON.parse(JSON.stringify(first.written.at(-1))) })
    next.idle(60)
    await next.to(60)
    await next.until(() => expect(next.titles).toEqual(['phy/m1 failed']))
    await next.close()
  })
})

describe('the disk', () => {
  test('is watched, and told of as trouble and as a notice', async () => {
    let freeBytes = 300e9
    const it = lab({ space: async () => ({ freeBytes, totalBytes: 4e12 }) })
    it.idle(0)
    await it.to(60)
    freeBytes = 12e9
    await it.to(120)
    await it.until(() => expect(it.titles).toEqual(['Only 12 GB are free']))
    expect(it.troubles).toEqual(['the disk is nearly full: 12 GB of 4.0 TB are free'])
    await it.close()
  })

  test('that does not answer is asked once, and stops nothing', async () => {
    let asked = 0
    const space = () => {
      asked++
      return new Promise<undefined>(() => {})
    }
    const it = lab({ space })
    it.failed('phy/m1', 0)
    await it.to(60)
    await it.until(() => expect(it.titles).toHaveLength(1))
    await it.to(120)
    await it.to(180)
    await it.close()
    expect(asked).toBe(1)
  })
})

test('what was wrong though it was sent is told of', async () => {
  const it = lab({ send: async () => ({ outcome: 'sent', but: 'the mail server refuses ben@lab' }) })
  it.failed('phy/m1', 0)
  await it.close()
  expect(it.troubles).toEqual([
    'a notice was sent, but the mail server refuses ben@lab: the command tell (rules/r.yaml:2:5)',
  ])
})

test('however many jobs end, the state is written every two seconds at most', async () => {
  const it = lab()
  await it.to(0)
  for (let i = 0; i < 500; i++) {
    it.done('phy/m1', 0)
    await Promise.resolve()
  }
  await it.until(() => expect(it.clock.waits()).toContain(2000))
  expect(it.written.length).toBeLessThan(3)
  await it.close()
  expect(it.written.at(-1)!.since.done).toBe(500)
})
