import { describe, expect, test } from 'vitest'
import {
  afterEvent,
  afterSpace,
  longestWindowMs,
  lowSpaceBytes,
  newsLimit,
  nextTellingMs,
  noNotices,
  tellNews,
  withIds,
} from '../../src/core/notices.ts'
import type { DropState } from '../../src/model/board.ts'
import type { Notice, NoticeState, Notifier } from '../../src/model/notice.ts'
import { boardJob, boardOf, notifier, startMs, storyOf } from '../fakes/notices.ts'

/** A state that takes in a story, and what is told of it to `notifiers` by some time after the start. */
function listener(ids: readonly string[], notifiers: readonly Notifier[] = [notifier()], first = noNotices) {
  let state: NoticeState = first
  const story = storyOf(boardOf(...ids.map((id) => boardJob(id))), (event, board) => {
    state = afterEvent(state, event, board)
  })
  return {
    ...story,
    get state() {
      return state
    },
    space(freeBytes: number, totalBytes: number, s: number) {
      state = afterSpace(state, { freeBytes, totalBytes }, startMs + s * 1000)
    },
    /** When the next window ends, s after the start. */
    next: () => ((nextTellingMs(state) ?? Number.NaN) - startMs) / 1000,
    /** Notices by then, by notifier; they count as sent. */
    by(s: number, which: 'due' | 'all' = 'due'): Record<string, Notice[]> {
      const told = tellNews(state, { nowMs: startMs + s * 1000, board: story.board, notifiers, which })
      const outboxes = Object.entries(told.state.outboxes)
      state = { ...told.state, outboxes: {} }
      return Object.fromEntries(outboxes.map(([id, outbox]) => [id, outbox.unsent.map((unsent) => unsent.notice)]))
    },
    titles(s: number, which: 'due' | 'all' = 'due'): string[] {
      return Object.values(this.by(s, which))
        .flat()
        .map((notice) => notice.title)
    },
  }
}

const refused: DropState = { kind: 'refused', why: 'it has no .mat', hint: undefined, atMs: startMs }
const conflict: DropState = { kind: 'conflict', why: 'a.mat differs', with: 'data/mat/m1', atMs: startMs }
const stalled: DropState = {
  kind: 'stalled',
  because: 'silence',
  why: 'nothing came for a long time',
  stillMs: 1_860_000,
}

describe('failures', () => {
  test('only the last retry speaks', () => {
    const it = listener(['phy/m1'])
    it.failed('phy/m1', 0, { retryInMs: 5000, retry: { number: 1, of: 1 } })
    expect(it.titles(100)).toEqual([])
    it.failed('phy/m1', 101, { attempt: 2 })
    expect(it.titles(161)).toEqual(['phy/m1 failed'])
  })

  test('ten in a minute are one notice, when the minute is over', () => {
    const ids = Array.from({ length: 10 }, (_, i) => `phy/m${i}`)
    const it = listener(ids)
    ids.forEach((id, i) => {
      it.failed(id, i * 5)
    })
    expect(it.titles(59)).toEqual([])
    expect(it.next()).toBe(60)
    expect(it.titles(60)).toEqual(['10 jobs failed'])
    expect(it.titles(61)).toEqual([])
  })

  test('while they keep coming, notices become rarer, up to one an hour; after a pause the first is told soon again', () => {
    const it = listener(['phy/m1'])
    const gaps: number[] = []
    let now = 0
    for (let i = 0; i < 9; i++) {
      it.failed('phy/m1', now)
      gaps.push(it.next() - now)
      now = it.next()
      expect(it.titles(now)).toHaveLength(1)
    }
    expect(gaps.map((s) => s / 60)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, longestWindowMs / 60_000])
    it.failed('phy/m1', now + 3601)
    expect(it.next() - now - 3601).toBe(60)
  })

  test('beyond a thousand they are counted, not kept', () => {
    const it = listener(['phy/m1'])
    for (let i = 0; i < newsLimit + 500; i++) it.failed('phy/m1', 0, { attempt: i + 1 })
    expect(it.state.news).toHaveLength(newsLimit)
    expect(it.titles(60)).toEqual([`${newsLimit + 500} jobs failed`])
    it.failed('phy/m1', 61)
    expect(it.titles(61 + 120)).toEqual(['phy/m1 failed'])
  })

  test('a clock that was set back does not keep them for ever', () => {
    const it = listener(['phy/m1'])
    it.failed('phy/m1', 7200)
    expect(it.titles(0)).toEqual(['phy/m1 failed'])
  })
})

describe('a batch', () => {
  test('is done when all its jobs are: one notice', () => {
    const it = listener(['denoise/m1', 'phy/m1'])
    it.done('denoise/m1', 0)
    expect(it.titles(60)).toEqual([])
    it.done('phy/m1', 100)
    expect(it.titles(160)).toEqual(['m1 is done'])
    expect(it.titles(9000)).toEqual([])
  })

  test('is not done while one of them failed, waits or is held', () => {
    const it = listener(['denoise/m1', 'phy/m1'])
    it.done('denoise/m1', 0)
    it.failed('phy/m1', 1)
    expect(it.titles(61)).toEqual(['phy/m1 failed'])
  })

  test('that is made anew before it was told is told when it is done again', () => {
    const it = listener(['phy/m1'])
    it.done('phy/m1', 0)
    it.tell({
      type: 'started',
      atMs: startMs,
      job: 'phy/m1',
      attempt: 2,
      pid: 1,
      reason: { kind: 'up-to-date' },
      log: '',
    })
    expect(it.titles(60)).toEqual([])
    it.done('phy/m1', 70)
    expect(it.titles(130)).toEqual(['m1 is done'])
  })

  test('among several in a minute is named with them', () => {
    const it = listener(['phy/m1', 'phy/m2', 'phy/m3'])
    it.done('phy/m1', 0)
    it.done('phy/m2', 30)
    expect(it.by(60)['rules/r.yaml command 1']).toMatchObject([
      { title: '2 batches are done', text: expect.stringContaining('m1, m2') },
    ])
  })

  test('is of no concern where a rule has none', () => {
    const it = listener(['report'])
    it.done('report', 0)
    expect(it.titles(60)).toEqual([])
  })
})

describe('the queue', () => {
  test('is told of as empty once, with what was done', () => {
    const it = listener(['phy/m1', 'phy/m2', 'phy/m3'], [notifier({ on: ['idle'] })])
    it.done('phy/m1', 0)
    it.failed('phy/m2', 1)
    it.tell({ type: 'cancelled', atMs: startMs, job: 'phy/m3', attempt: 1, seconds: 1, log: '', by: 'ana' })
    it.idle(2)
    it.idle(3)
    expect(it.by(62)['rules/r.yaml command 1']).toMatchObject([
      { title: 'Nothing is left to run', text: expect.stringContaining('1 job made, 1 failed, 1 stopped.') },
    ])
    it.idle(70)
    expect(it.titles(200)).toEqual([])
  })

  test('is not told of as empty when it is so at the start', () => {
    const it = listener(['phy/m1'])
    it.idle(0)
    expect(it.titles(60)).toEqual([])
  })

  test('that fills again within the minute was not empty', () => {
    const it = listener(['phy/m1', 'phy/m2'], [notifier({ on: ['idle'] })])
    it.done('phy/m1', 0)
    it.idle(1)
    expect(it.titles(61)).toEqual([])
    it.done('phy/m2', 62)
    it.idle(63)
    expect(it.by(123)['rules/r.yaml command 1']![0]!.text).toContain('2 jobs made')
  })
})

describe('drops', () => {
  test.each([
    ['refused', refused, 'The drop B 7 was not taken'],
    ['in conflict', conflict, 'The drop B 7 waits for a decision'],
    ['stalled', stalled, 'The drop B 7 gets no further'],
  ])('one that is %s is told of once, however often it is looked at', (_, state, title) => {
    const it = listener([])
    it.drop('B 7', state, 0)
    it.drop('B 7', state, 30)
    expect(it.titles(60)).toEqual([title])
    it.drop('B 7', state, 90)
    expect(it.titles(9000)).toEqual([])
  })

  test('an engine started anew tells nothing again', () => {
    const first = listener([])
    first.drop('B7', refused, 0)
    first.drop('B8', conflict, 0)
    first.drop('B9', stalled, 0)
    expect(first.titles(60)).toHaveLength(2)
    const next = listener([], [notifier()], JSON.parse(JSON.stringify(first.state)))
    next.drop('B7', refused, 100)
    next.drop('B8', conflict, 100)
    next.drop('B9', { ...stalled, stillMs: 2_700_000 }, 100)
    expect(next.titles(9000)).toEqual([])
  })

  test('another one of that name that is refused later is told of, and the first is not again', () => {
    const it = listener([])
    it.drop('B7', refused, 0)
    expect(it.titles(60)).toHaveLength(1)
    it.tell({ type: 'withdrawn', atMs: startMs, drop: 'B7' })
    it.drop('B7', refused, 1000)
    expect(it.titles(1060)).toEqual([])
    it.drop('B7', { ...refused, atMs: startMs + 2_000_000 }, 2000)
    expect(it.titles(2060)).toHaveLength(1)
  })

  test('one that stalls at another place, or after it was gone, is told of', () => {
    const it = listener([])
    it.drop('B7', stalled, 0)
    expect(it.titles(60)).toHaveLength(1)
    it.drop('B7', stalled, 9000, 11)
    expect(it.titles(9060)).toHaveLength(1)
    it.tell({ type: 'taken', atMs: startMs, drop: 'B7', stored: [], files: 1, bytes: 11 })
    it.drop('B7', stalled, 20_000, 11)
    expect(it.titles(20_060)).toHaveLength(1)
  })

  test('those that only arrive are not told of', () => {
    const it = listener([])
    it.drop('B7', { kind: 'settling', stillMs: 0, quietMs: 30_000 }, 0)
    it.drop('B8', { kind: 'arriving', why: 'it grows', sinceMs: startMs }, 0)
    expect(it.state).toBe(noNotices)
  })
})

describe('the disk', () => {
  test.each([
    ['a small one', 100e9, 10e9],
    ['one of a workstation', 300e9, 20e9],
    ['a large one', 4e12, 200e9],
    ['the largest', 100e12, 500e9],
  ])('%s is nearly full under its share', (_, total, low) => {
    expect(lowSpaceBytes(total)).toBeCloseTo(low)
  })

  test('is told of at once, once, and again only after it recovered', () => {
    const it = listener([])
    it.tell({ type: 'idle', atMs: startMs })
    it.space(250e9, 4e12, 0)
    expect(it.titles(0)).toEqual([])
    it.space(199e9, 4e12, 60)
    expect(it.titles(60)).toEqual(['Only 199 GB are free'])
    it.space(201e9, 4e12, 120)
    it.space(190e9, 4e12, 180)
    expect(it.titles(240)).toEqual([])
    it.space(260e9, 4e12, 300)
    it.space(190e9, 4e12, 360)
    expect(it.titles(360)).toEqual(['Only 190 GB are free'])
  })
})

describe('who is told', () => {
  const mail = (address: string, more: Partial<Notifier>) =>
    notifier({ channel: { kind: 'email', to: [address], from: undefined, smtp: undefined }, ...more })

  test('is who asked for it, by kind and by batch', () => {
    const ana = mail('ana@lab', { batches: ['ana_*'], where: 'rules/ana.yaml:3:5' })
    const ben = mail('ben@lab', { batches: ['b.1', 'b2'], where: 'rules/ben.yaml:3:5' })
    const idle = notifier({ on: ['idle'] })
    const it = listener(['phy/ana_1', 'phy/b.1', 'phy/bx1', 'phy/b22', 'report'], [ana, ben, idle])
    for (const job of ['phy/ana_1', 'phy/b.1', 'phy/bx1', 'phy/b22']) it.failed(job, 0)
    const told = it.by(60)
    expect(Object.entries(told).map(([id, notices]) => [id, notices.map((n) => n.title)])).toEqual([
      ['rules/ana.yaml email 1', ['phy/ana_1 failed']],
      ['rules/ben.yaml email 1', ['phy/b.1 failed']],
    ])
  })

  test('whoever has chosen batches still hears of what belongs to none', () => {
    const it = listener(['report'], [mail('ana@lab', { batches: ['ana_*'] })])
    it.failed('report', 0)
    it.drop('ben_2', refused, 0)
    expect(it.titles(60)).toEqual(['report failed', 'The drop ben_2 was not taken'])
  })

  test('is known by a name that a change of lines does not change', () => {
    const at = (where: string) => mail('a@b', { where })
    expect(
      withIds([at('rules/a.yaml:3:5'), at('rules/a.yaml:9:5'), at('rules/b.mjs (notify.0)')]).map((n) => n.id),
    ).toEqual(['rules/a.yaml email 1', 'rules/a.yaml email 2', 'rules/b.mjs email 1'])
  })

  test('where nobody is, nothing is kept', () => {
    const it = listener(['phy/m1'], [])
    it.failed('phy/m1', 0)
    expect(it.by(60)).toEqual({})
    expect(it.state.news).toEqual([])
  })
})

test('an engine that ends tells what it has gathered without waiting for the minute', () => {
  const it = listener(['phy/m1'])
  it.failed('phy/m1', 0)
  expect(it.titles(1, 'all')).toEqual(['phy/m1 failed'])
})
