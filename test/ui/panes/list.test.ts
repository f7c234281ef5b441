import { describe, expect, test } from 'vitest'
import type { BoardJob } from '../../../src/model/board.ts'
import { board, job, labBoard, last, nowMs, pool, statuses, viewOf } from '../boards.ts'
import { person } from '../person.ts'

const minuteMs = 60_000
const rowOf = (jobs: readonly BoardJob[], more = {}, size = {}) => {
  const all = person(viewOf(board(jobs, more)), size).lines()
  return all.find((line) => line.startsWith('▌'))?.slice(3)
}

describe('a cell', () => {
  test.each<[string, BoardJob['status']]>([
    ['○ queued', statuses.queued],
    ['○ retry 4m00', statuses.retrying],
    ['┄ waiting', statuses.waiting],
    ['► 2h19', { ...statuses.running, startedMs: nowMs - 139 * minuteMs }],
    ['► ending', { ...statuses.running, stoppedBy: 'ana' }],
    ['✓ 53m00', statuses.done],
    ['✓ done', { state: 'done', last: undefined, edited: undefined }],
    ['✗ failed ×3', statuses.failed],
    ['✗ failed ', { ...statuses.failed, last: last() }],
    ['⊘ blocked', { state: 'blocked', job: 'x' }],
    ['‖ held', statuses.held],
    ['⊖ cancelled', statuses.cancelled],
    ['◆ protected', statuses.protected],
    ['↻ stale', statuses.stale],
    ['◇ orphaned', statuses.orphaned],
  ])('%s', (text, status) => {
    expect(rowOf([job('denoise', 'B1', status)], { rules: ['denoise'] })).toContain(` ${text}`)
  })

  test('of several jobs of one rule has the most urgent sign, and how many are so', () => {
    const jobs = ['left', 'right', 'mid'].map((side, i) =>
      job('phy', 'B1', i === 1 ? statuses.failed : statuses.done, { id: `phy/B1/${side}`, name: `phy/${side}` }),
    )
    expect(rowOf(jobs, { rules: ['phy'] })).toContain('✗ 1 of 3')
  })

  test('is empty where the batch has no job of the rule', () => {
    const lines = person(viewOf(board([job('phy', 'B1', statuses.done)]))).lines()
    expect(lines[5]?.slice(0, lines[4]!.indexOf('phy') - 3).trimEnd()).toBe('▌  B1')
  })
})

describe('a row', () => {
  test('says why, of the job that needs attention most', () => {
    expect(rowOf([job('denoise', 'B1', statuses.held), job('phy', 'B1', statuses.waiting)])).toContain(
      'held by ana for 3h00',
    )
  })

  test('of what is done says nothing', () => {
    expect(rowOf([job('denoise', 'B1', statuses.done)])).toMatch(/✓ 53m00$/)
  })

  test('of what runs says when it ends, and about how long that is', () => {
    const status = { ...statuses.running, startedMs: nowMs - 2880_000 }
    expect(rowOf([job('denoise', 'B1', status)])).toMatch(/until \d\d:12, about 10m$/)
  })

  test('of what has ended says what is done with it, and not how long it takes', () => {
    const status = { ...statuses.running, startedMs: nowMs - 48 * 60_000, hasEnded: true }
    expect(rowOf([job('denoise', 'B1', status)])).toMatch(/48m00 +being put into place/)
  })

  test('of what runs longer than usual says so', () => {
    const status = { ...statuses.running, startedMs: nowMs - 9_000_000 }
    expect(rowOf([job('denoise', 'B1', status)])).toContain('longer than usual, which is 58 min')
  })

  test('of rules without {batch} is one for all batches', () => {
    expect(rowOf([job('gather', undefined, statuses.queued)], { rules: ['gather'] })).toContain('(all batches)')
  })

  test('that a person moved in line has an arrow', () => {
    const rank = { priority: 0, order: 0 }
    const moved = (say: number) =>
      person(viewOf(board([job('denoise', 'B1', statuses.queued, { rank: { ...rank, say } })]))).picture()
    expect(moved(1)).toContain('▌↑ B1')
    expect(moved(-1)).toContain('▌↓ B1')
  })

  test('that is selected is turned over where the keys go to the list, and has a bar where they do not', () => {
    const it = person(viewOf(board([job('denoise', 'B1', statuses.done)])))
    expect(it.painted()).toContain('\x1b[7m▌')
    it.press('<tab>')
    expect(it.painted()).not.toContain('\x1b[7m▌')
    expect(it.picture()).toContain('▌  B1')
  })
})

describe('the width', () => {
  const lab = labBoard(100)
  const headings = (columns: number, rows = 24) => person(viewOf(lab), { columns, rows }).lines()[4]

  test('has names, cells and a why from 80 columns on', () =>
    expect(headings(80)).toMatch(/batch 1\/100 +denoise +phy +why/))
  test('has names and cells alone below', () => expect(headings(60)).toMatch(/batch 1\/100 +denoise +phy$/))
  test('has the detail below the list at 80', () => {
    const lines = person(viewOf(lab), { columns: 80, rows: 24 }).lines()
    expect(lines.findIndex((line) => line.startsWith(' now '))).toBe(17)
  })
  test('has the detail at the side from 116 on, 58 to 42', () => {
    expect(person(viewOf(lab), { columns: 115, rows: 24 }).lines()[4]).not.toContain('│')
    expect(headings(116)?.indexOf('│')).toBe(67)
    expect(headings(200)?.indexOf('│')).toBe(116)
  })
  test('has no detail under 20 rows', () => {
    expect(person(viewOf(lab), { columns: 140, rows: 19 }).picture()).not.toContain(' now ')
  })
  test('a name that has no room is cut in the middle', () => {
    expect(person(viewOf(lab), { columns: 50, rows: 12 }).lines()[5]).toMatch(/^▌ {2}m\d+_2026-….+\.\d+ [✓✗]/)
  })

  test('of many rules holds their signs alone', () => {
    const rules = Array.from({ length: 12 }, (_, i) => `rule${i}`)
    const row = rowOf(
      rules.map((rule) => job(rule, 'B1', statuses.done)),
      { rules },
    )
    expect(row).toMatch(/^B1 +(✓ ){11}✓/)
  })

  test('of signs alone is headed by the letters that rules begin with', () => {
    const rules = ['convert', 'motion', 'sort', 'quality', 'figures', 'archive']
    const it = person(
      viewOf(
        board(
          rules.map((rule) => job(rule, 'B1', statuses.done)),
          { rules },
        ),
      ),
      { columns: 60 },
    )
    expect(it.lines()[4]).toMatch(/ c m s q f a$/)
  })
})

test('of 5,000 rows only those that are seen are built', () => {
  const it = person(viewOf(labBoard(5000)), { columns: 80, rows: 24 })
  expect(it.lines().filter((line) => /m\d+_2026/.test(line)).length).toBeLessThan(14)
})

describe('without a batch', () => {
  test('the first thing to do is said, with the quiet time and the rules that were read', () => {
    const picture = person(viewOf(board([]))).picture()
    expect(picture).toContain('Nothing here yet.')
    expect(picture).toContain('Drop a recording folder into  inbox/')
    expect(picture).toContain('It is taken once it has been still for 30s, then denoise and phy run.')
    expect(picture).toContain('2 rules were read: denoise, phy.')
  })

  test('and without a rule, that rules are missing', () => {
    expect(person(viewOf(board([], { rules: [] }))).picture()).toContain(
      'Put a rule file into rules/: it is read at once.',
    )
  })

  test('and with rules that cannot be read, where to look', () => {
    const faults = [{ where: 'rules/a.yaml:1:1', message: 'no' }]
    expect(
      person(viewOf(board([], { rules: [], faults, pools: new Map([['ram', pool('ram', 1)]]) }))).picture(),
    ).toContain('No rule could be read: the line above says where to look.')
  })
})

test('a window under 50x12 has one sentence and the counts', () => {
  const lines = person(viewOf(labBoard(100)), { columns: 44, rows: 10 }).lines()
  expect(lines.slice(0, 3)).toEqual([
    'labmake: a window of 44x10 is too small for',
    'a list, which needs 50x12.',
    '✗ 3 failed  ⊘ 2 blocked  ◆ 1 protected',
  ])
})
