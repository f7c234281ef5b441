import { describe, expect, test } from 'vitest'
import type { Drop } from '../../../src/model/board.ts'
import type { JournalRecord } from '../../../src/model/record.ts'
import { board, drops, job, labBoard, nowMs, statuses, viewOf } from '../boards.ts'
import { person } from '../person.ts'

describe('the map', () => {
  const map = (count: number, size = {}) => {
    const it = person(viewOf(labBoard(count)), size)
    it.press('2')
    return it
  }

  test('has one sign per batch, in the order of names', () => {
    const it = person(
      viewOf(
        board(['failed', 'done', 'queued', 'running'].map((s, i) => job('denoise', `B${i}`, statuses[s as 'done']))),
      ),
    )
    it.press('2')
    expect(it.lines()[6]).toBe('     1  ✗•·►')
  })

  test('a batch of which something is done is told from one of which nothing is', () => {
    const it = person(viewOf(board([job('denoise', 'B1', statuses.done), job('phy', 'B1', statuses.queued)])))
    it.press('2')
    expect(it.lines()[6]).toBe('     1  ▄')
  })

  test('holds 2,400 batches on a screen of 120x40', () => {
    const signs = map(2400, { columns: 120, rows: 40 }).lines().slice(6, 30).join('').replace(/[\d ]/g, '')
    expect(signs).toHaveLength(2400)
  })

  test.each([50, 60, 80, 100])('ends its legend of %i columns with where all signs are told', (columns) => {
    const shown = map(3, { columns, rows: 24 }).lines()
    expect(shown.find((line) => line.includes('nothing yet'))).toMatch(/ \? all signs$/)
  })

  test('has a gap after every ten, so that one can count', () => {
    const jobs = Array.from({ length: 12 }, (_, i) => job('denoise', `B${i}`, statuses.failed))
    const it = person(viewOf(board(jobs)))
    it.press('2')
    expect(it.lines()[6]).toBe('     1  ✗✗✗✗✗✗✗✗✗✗ ✗✗')
  })

  test('counts by lines', () => {
    expect(map(200).lines()[7]).toMatch(/^ {4}61 {2}/)
  })

  test('says which batch is selected, its jobs, and why', () => {
    const it = person(viewOf(board([job('denoise', 'B1', statuses.held)])))
    it.press('2')
    expect(it.lines()[4]).toBe('  B1  ‖ denoise  held by ana for 3h00')
  })

  test('is walked over by arrows', () => {
    const it = map(200)
    it.press('<down><right><right>')
    expect(it.state.batches.index).toBe((it.state.batches.index % 60) + 60)
  })

  test('scrolls where there are more batches than room, to the one that is selected', () => {
    const it = map(3000)
    it.press('G')
    expect(it.lines().some((line) => line.startsWith('  2941'))).toBe(true)
    expect(it.painted()).toMatch(/\x1b\[1m\x1b\[7m.\x1b/)
  })

  test('enter opens the batch, l its log, / filters', () => {
    const it = map(100)
    it.press('<enter>')
    expect(it.picture()).toContain('job ')
    it.press('<escape>/is:failed<enter>')
    expect(it.lines()[6]).toBe('     1  ✗✗✗')
  })
})

describe('the inbox', () => {
  test('says of each drop its size, where it stands, and why', () => {
    const it = person(viewOf(board([], { drops: new Map(drops.map((drop) => [drop.name, drop])) })), {
      columns: 120,
      rows: 30,
    })
    it.press('3')
    expect(it.picture()).toMatch(/m131_2026-08-09_g0 +211 GB {2}► arriving +it grew by 18 GB within a minute/)
    expect(it.picture()).toMatch(/m132_2026-08-09_g0 +198 GB {2}○ settling +still for 12s of 30s, then it is taken/)
  })

  test('counts on from what was told: a drop that lies still is not told of again', () => {
    const state = { kind: 'settling', stillMs: 0, quietMs: 30_000, sinceMs: nowMs - 21_000 } as const
    const drop: Drop = { name: 'm140', files: 1, bytes: 1, state }
    const it = person(viewOf(board([], { drops: new Map([['m140', drop]]) })))
    it.press('3')
    expect(it.picture()).toContain('Still for 21s of 30s, then it is taken.')
  })

  test('says in whole words that it is empty, however narrow', () => {
    const it = person(viewOf(board([])), { columns: 50, rows: 12 })
    it.press('3')
    expect(it.picture()).toContain('still for 30s.')
  })

  test('says of the selected one what to do', () => {
    const it = person(viewOf(board([], { drops: new Map(drops.map((drop) => [drop.name, drop])) })))
    it.press('3')
    expect(it.picture()).toContain('400 files, 190 GB')
    expect(it.picture()).toContain('t decides: in place of the other, or under another name.')
  })

  test('that is empty says what belongs into it', () => {
    const it = person(viewOf(board([])))
    it.press('3')
    expect(it.picture()).toContain('Nothing lies in the inbox.')
  })
})

describe('the history', () => {
  const at = '2026-08-10T08:00:00Z'
  const base = { at, job: 'phy/B1', target: 'data/phy/B1', attempt: 2, seconds: 22_320, log: 'l/2.log' }
  const records: readonly JournalRecord[] = [
    { type: 'started', at, job: 'phy/B1', target: 'data/phy/B1', attempt: 2 },
    { ...base, type: 'failed', cause: { kind: 'exit', code: 1, says: 'CUDA error' } },
    { type: 'action', at, by: 'ana', action: { type: 'pause', pool: 'gpu' }, targets: [], text: 'Paused gpu.' },
    { type: 'drop', at, drop: 'B2', outcome: { kind: 'refused', why: 'it is empty', kept: 'inbox/rejected/B2' } },
    { type: 'drop', at, drop: 'B3', outcome: { kind: 'taken', stored: ['data/mat/B3/'], files: 4, bytes: 2e9 } },
    { ...base, type: 'cancelled', by: 'ana' },
    { type: 'from-the-future', at, job: 'x' } as never,
  ]
  const open = (history: readonly JournalRecord[] | undefined = records) => {
    const it = person(viewOf(board([]), { history }), { columns: 120, rows: 30 })
    it.press('4')
    return it
  }

  test('has the newest first, and no starts', () => {
    const lines = open()
      .lines()
      .slice(5, 11)
      .map((line) => line.slice(21).replace(/ +/g, ' ').trim())
    expect(lines).toEqual([
      '· x from-the-future, says a newer labmake',
      '⊖ phy/B1 6h12 stopped by ana',
      '✓ inbox/B3 taken: 4 files, 2.0 GB',
      '✗ inbox/B2 refused: it is empty',
      '· ana Paused gpu.',
      '✗ phy/B1 6h12 exit 1 after 6h12: CUDA error',
    ])
  })

  test('in a narrow terminal says when, what and how long, and of acts what there is room for', () => {
    const it = person(viewOf(board([]), { history: records }), { columns: 50, rows: 14 })
    it.press('4')
    const [heading, ...lines] = it.lines().slice(4, 11)
    expect(heading).toMatch(/^ {3}history 1\/6 +took$/)
    expect(lines.slice(1).map((line) => line.slice(3).replace(/\d\d:\d\d +(.*?) +(6h12)/, 'HH:MM $1 $2'))).toEqual([
      '10 Aug HH:MM ⊖ phy/B1 6h12',
      expect.stringMatching(/✓ inbox\/B3 {2}taken: 4 fi…$/),
      expect.stringMatching(/✗ inbox\/B2 {2}refused: it…$/),
      expect.stringMatching(/· ana {2}Paused gpu\.$/),
      '10 Aug HH:MM ✗ phy/B1 6h12',
    ])
  })

  test('enter shows an entry in full', () => {
    const it = open()
    it.press('G<enter>')
    expect(it.picture()).toContain('Attempt 2: the recipe ended with exit code 1: CUDA error.')
    expect(it.picture()).toContain('Log: l/2.log')
  })

  test('that was not loaded yet says so', () => {
    expect(open([]).picture()).toContain('Nothing was made here yet.')
    const it = person(viewOf(board([])))
    it.press('4')
    expect(it.picture()).toContain('Asking the engine for the journal.')
  })
})
