import { describe, expect, test } from 'vitest'
import type { BoardJob } from '../../../src/model/board.ts'
import type { JobDetail } from '../../../src/model/detail.ts'
import type { View } from '../../../src/ui/view.ts'
import { board, job, last, nowMs, statuses, viewOf } from '../boards.ts'
import { person } from '../person.ts'

const minuteMs = 60_000
const running = { ...statuses.running, startedMs: nowMs - 139 * minuteMs, log: 'l/1.log' }
const side = { columns: 140, rows: 40 }
const below = { columns: 80, rows: 24 }

/** The lines of the pane, without its border. */
function paneOf(jobs: readonly BoardJob[], more: Partial<View> = {}, size: { columns: number; rows: number } = side) {
  const lines = person(viewOf(board(jobs), more), size).lines()
  if (size === side) return lines.slice(4).map((line) => line.split('│ ')[1] ?? '')
  return lines.slice(lines.findLastIndex((line) => /^─+$/.test(line)) + 1)
}

const detail: JobDetail = {
  id: 'denoise/B1',
  command: 'labmake-ephys denoise data/mat/B1/ data/kwd/B1.kwd --omit ""',
  sources: ['data/mat/B1/'],
  targets: ['data/kwd/B1.kwd'],
  params: {},
  why: ['the recipe changed', 'data/mat/B1/a.mat changed'],
  attempts: [1, 2].map((attempt) => ({
    attempt,
    endedMs: nowMs,
    state: 'failed' as const,
    seconds: 2460,
    cause: { kind: 'signal' as const, signal: 'SIGKILL' },
    log: `l/${attempt}.log`,
  })),
}
const details = new Map([[detail.id, detail]])

test('the jobs of the batch stand in their order, and the most urgent is chosen', () => {
  const it = person(
    viewOf(board([job('denoise', 'B1', statuses.failed), job('phy', 'B1', { state: 'blocked', job: 'denoise/B1' })])),
    below,
  )
  expect(it.picture()).toContain(' now    ✗ denoise failed  →  ⊘ phy blocked')
  expect(it.painted()).toContain('\x1b[4mdenoise failed\x1b[24m')
})

test('of a batch that is done its last result is chosen', () => {
  const it = person(viewOf(board([job('denoise', 'B1', statuses.done), job('phy', 'B1', statuses.done)])), below)
  expect(it.painted()).toContain('\x1b[4mphy done\x1b[24m')
})

test('params that were given stand beside the name', () => {
  const pane = paneOf([job('denoise', 'B1', statuses.done, { params: { omit: 'Port_12', probe: '' } })])
  expect(pane[0]).toMatch(/^B1 +omit=Port_12$/)
})

describe('the time', () => {
  const time = (status: BoardJob['status'], more: Partial<BoardJob> = {}) =>
    paneOf([job('denoise', 'B1', status, more)]).find((line) => /^(time|takes)/.test(line))

  test('of what runs has a bar, what it took, and what is usual', () => {
    const status = { ...running, startedMs: nowMs - 29 * minuteMs }
    expect(time(status)).toMatch(/^time +━+─+ 29m00 of ~58m00$/)
  })

  test('of what runs longer than nine of ten says so', () => {
    expect(time(running)).toMatch(/^time +━+ 2h19 of ~58m00, longer than 9 of 10$/)
  })

  test('of what ended says when, and what is usual', () => {
    const status = { state: 'done', last: last({ endedMs: nowMs - 60 * minuteMs }), edited: undefined } as const
    const pane = paneOf([job('denoise', 'B1', status)]).join('\n')
    expect(pane).toMatch(/\ntime +53m00, ended \d\d:02\n +\(of 312 runs, 8 in 10 take 46m00–1h08\)\n/)
  })

  test('of what has not run is what past runs took', () => {
    expect(time(statuses.queued)).toBe('takes  ~58 min  (of 312 runs, 8 in 10 take 46m00–1h08)')
  })

  test('is not guessed where the rule has too little of a past', () => {
    expect(time(statuses.queued, { estimate: undefined })).toBeUndefined()
    expect(time(running, { estimate: undefined })).toBe('time   2h19')
  })
})

describe('what was loaded of the job', () => {
  test('is shown at the side: command, attempts, sources and targets', () => {
    const pane = paneOf([job('denoise', 'B1', statuses.failed)], { details }).join('\n')
    expect(pane).toContain('tries  1 ✗ SIGKILL 41m00  2 ✗ SIGKILL 41m00')
    expect(pane).toContain('cmd    labmake-ephys denoise data/mat/B1/')
    expect(pane).toContain('from   data/mat/B1/')
    expect(pane).toContain('makes  data/kwd/B1.kwd')
  })

  test('has further reasons of what is stale', () => {
    const pane = paneOf([job('denoise', 'B1', statuses.stale)], { details }).join(' ')
    expect(pane).toMatch(/the recipe changed, from "a" to "b"; +data\/mat\/B1\/a\.mat changed/)
  })

  test('with the process of what runs', () => {
    expect(paneOf([job('denoise', 'B1', running)]).join('\n')).toMatch(/tries {2}1 runs, pid 41877, since \d\d:43/)
  })
})

test('what a person may do is said at the side', () => {
  expect(paneOf([job('denoise', 'B1', statuses.held)])).toContain('do     h releases it')
})

describe('the end of the log', () => {
  const lines = Array.from({ length: 90 }, (_, i) => `chunk ${i}`)
  const log = { path: 'l/1.log', first: 0, lines, count: 90, state: 'read' } as const

  test('fills the pane, the newest line last', () => {
    const pane = paneOf([job('denoise', 'B1', running)], { log })
    expect(pane.at(-2)).toBe('chunk 89')
    expect(pane.join('\n')).toContain('── log denoise following ──')
  })

  test('of another job is not shown', () => {
    expect(paneOf([job('denoise', 'B1', running)], { log: { ...log, path: 'l/other.log' } }).join('\n')).not.toContain(
      'chunk',
    )
  })

  test('below the list gets at least two lines', () => {
    expect(
      paneOf([job('denoise', 'B1', running)], { log }, below).filter((line) => line.includes('chunk')),
    ).toHaveLength(2)
  })

  test('of what has not run says so', () => {
    expect(paneOf([job('denoise', 'B1', statuses.queued)]).join('\n')).toContain('It has not run yet.')
  })
})

describe('a batch in full', () => {
  const jobs = ['denoise', 'phy', 'export', 'report'].map((rule) => job(rule, 'B1', statuses.failed))
  const open = (size = below) => {
    const it = person(viewOf(board(jobs, { rules: ['denoise', 'phy', 'export', 'report'] }), { details }), size)
    it.press('<enter>')
    return it
  }

  test('has all that is known of each job', () => {
    const picture = open({ columns: 100, rows: 50 }).picture()
    for (const { rule } of jobs) expect(picture).toContain(`✗ ${rule} failed`)
    expect(picture).toContain('cmd    labmake-ephys denoise')
  })

  test('shows the chosen job, however many there are', () => {
    const it = open()
    for (const { rule } of jobs) {
      expect(it.picture()).toContain(`▌ ✗ ${rule} failed`)
      it.press('j')
    }
  })

  test('has the log of the chosen job', () => {
    const it = open()
    it.press('jj')
    expect(it.picture()).toContain('── log export ──')
  })
})

test('what the last attempt used is told', () => {
  const use = { cpuSeconds: 12_000, peakBytes: 11.2e9 }
  const attempts = detail.attempts.map((attempt, i) => (i === 1 ? { ...attempt, use } : attempt))
  const pane = paneOf([job('denoise', 'B1', statuses.failed)], {
    details: new Map([[detail.id, { ...detail, attempts }]]),
  })
  expect(pane).toContain('used   3h20 of processor time, 11 GB of memory at most')
})
