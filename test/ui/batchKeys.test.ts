import { describe, expect, test } from 'vitest'
import { markedBatches } from '../../src/ui/chosen.ts'
import { board, job, last, nowMs, statuses, viewOf } from './boards.ts'
import { person } from './person.ts'

/** Five batches, B1 to B5, of which B4 failed; by attention: B4, B1, B2, B3, B5. */
const five = board([
  job('denoise', 'B1', { ...statuses.running, startedMs: nowMs - 60_000 }),
  job('denoise', 'B2', statuses.queued),
  job('denoise', 'B3', statuses.queued),
  job('denoise', 'B4', statuses.failed),
  job('denoise', 'B5', statuses.done),
])
const many = board(Array.from({ length: 200 }, (_, i) => job('denoise', `B${i}`, statuses.queued)))
const at = (screen = five) => person(viewOf(screen))
const selected = ({ state }: ReturnType<typeof at>) => state.batches.selected

describe('moving', () => {
  test('the first row is selected at first', () => expect(selected(at())).toBe('B4'))

  test.each([
    ['j', 'B1'],
    ['<down>', 'B1'],
    ['jjk', 'B1'],
    ['jj<up>', 'B1'],
    ['k', 'B4'],
    ['G', 'B5'],
    ['<end>', 'B5'],
    ['Gg', 'B4'],
    ['G<home>', 'B4'],
    ['jjjjjjjj', 'B5'],
    ['<pageDown>', 'B5'],
    ['G<pageUp>', 'B4'],
  ])('%s selects %s', (keys, batch) => {
    const it = at()
    it.press(keys)
    expect(selected(it)).toBe(batch)
  })

  test('a page leaves one line of the page before, and ^d is half of it', () => {
    const it = at(many)
    it.press('<pageDown>')
    expect(it.state.batches.index).toBe(9)
    it.press('<^d>')
    expect(it.state.batches.index).toBe(14)
    it.press('<^u>')
    expect(it.state.batches.index).toBe(9)
  })

  test('what is selected is always on the screen, and not at its edge where there is more', () => {
    const it = at(many)
    for (const keys of ['jjjjjjjjjjjj', 'G', 'kkkkkkkkkkkkk', 'g', '<pageDown><pageDown>']) {
      it.press(keys)
      const rows = it.lines().filter((line) => /^▌?\s+B\d+ /.test(line.replace('▌', ' ')))
      const place = rows.findIndex((line) => line.startsWith('▌'))
      expect(place, keys).toBeGreaterThanOrEqual(0)
      const { index } = it.state.batches
      if (index > 1) expect(place, keys).toBeGreaterThanOrEqual(Math.min(2, index))
      if (index < 197) expect(place, keys).toBeLessThan(rows.length - 2)
    }
  })
})

describe('the selection follows the batch', () => {
  test('when rows are put in another order', () => {
    const it = at()
    it.press('jj')
    expect(selected(it)).toBe('B2')
    const failed = new Map(five.jobs).set('denoise/B2', job('denoise', 'B2', statuses.failed))
    it.see({ board: { ...five, jobs: failed } })
    expect(selected(it)).toBe('B2')
    expect(it.lines().find((line) => line.startsWith('▌'))).toContain('B2')
  })

  test('but not before a key was pressed: who only opened it looks at what needs attention', () => {
    const it = at()
    const failed = new Map(five.jobs).set('denoise/B0', job('denoise', 'B0', statuses.failed))
    it.see({ board: { ...five, jobs: failed } })
    expect(selected(it)).toBe('B0')
    it.press('z')
    it.see({ board: five })
    it.see({ board: { ...five, jobs: failed } })
    expect(selected(it)).toBe('B4')
  })

  test('and its neighbour is selected when it goes', () => {
    const it = at()
    it.press('jj')
    const rest = new Map(five.jobs)
    rest.delete('denoise/B2')
    it.see({ board: { ...five, jobs: rest } })
    expect(selected(it)).toBe('B3')
  })

  test('nothing is selected where there is nothing, and the first batch once there is one', () => {
    const it = at(board([]))
    expect(selected(it)).toBeUndefined()
    it.press('jkGg x')
    it.see({ board: five })
    expect(selected(it)).toBe('B4')
  })
})

describe('screens', () => {
  test.each([
    ['1', 'batches'],
    ['2', 'map'],
    ['3', 'inbox'],
    ['4', 'history'],
  ])('%s opens %s', (key, screen) => {
    const it = at()
    it.press(key)
    expect(it.state.screen).toBe(screen)
  })

  test('esc comes back to the batches', () => {
    const it = at()
    it.press('3<escape>')
    expect(it.state.screen).toBe('batches')
  })

  test('batches and map select the same batch', () => {
    const it = at()
    it.press('jj2')
    expect(it.lines()[4]).toContain('B2')
    it.press('<right>1')
    expect(selected(it)).toBe('B3')
  })
})

describe('failures', () => {
  const failing = board(
    ['B1', 'B2', 'B3', 'B4'].map((batch, i) => job('denoise', batch, i % 2 === 0 ? statuses.failed : statuses.done)),
  )

  test('n goes from one that failed to the next, and round the end', () => {
    const it = at(failing)
    it.press('sn')
    expect(selected(it)).toBe('B3')
    it.press('n')
    expect(selected(it)).toBe('B1')
  })

  test('N goes the other way', () => {
    const it = at(failing)
    it.press('sN')
    expect(selected(it)).toBe('B3')
  })

  test('where nothing failed that is said', () => {
    const it = at(many)
    it.press('n')
    expect(it.picture()).toContain('Nothing failed among the batches shown.')
  })
})

describe('marks', () => {
  const marks = (it: ReturnType<typeof at>) => [...markedBatches(it.state, it.view)].sort()

  test('space marks and goes on, and takes the mark away again', () => {
    const it = at()
    it.press('  ')
    expect(marks(it)).toEqual(['B1', 'B4'])
    it.press('k ')
    expect(marks(it)).toEqual(['B4'])
  })

  test('v begins a range that grows with the selection, and v ends it', () => {
    const it = at()
    it.press('jvjj')
    expect(marks(it)).toEqual(['B1', 'B2', 'B3'])
    it.press('vG')
    expect(marks(it)).toEqual(['B1', 'B2', 'B3'])
  })

  test('a marks all that are shown, and once more none of them', () => {
    const it = at()
    it.press('/is:queued<enter>a')
    expect(marks(it)).toEqual(['B2', 'B3'])
    it.press('a')
    expect(marks(it)).toEqual([])
  })

  test('a batch that is no more is not marked', () => {
    const it = at()
    it.press('a')
    it.see({ board: board([job('denoise', 'B1', statuses.done)]) })
    expect(marks(it)).toEqual(['B1'])
  })

  test('the footer counts them', () => {
    const it = at()
    it.press('  ')
    expect(it.lines().at(-1)).toContain('2 marked:')
  })

  test('esc ends the range, then the marks, then the filter', () => {
    const it = at()
    it.press('/B<enter>  v')
    it.press('<escape>')
    expect(it.state.batches.rangeFrom).toBeUndefined()
    expect(marks(it)).toHaveLength(2)
    it.press('<escape>')
    expect(marks(it)).toEqual([])
    expect(it.state.batches.filter.good).toBe('B')
    it.press('<escape>')
    expect(it.state.batches.filter.good).toBe('')
  })
})

describe('order', () => {
  const shown = (it: ReturnType<typeof at>) =>
    it.lines().flatMap((line) => /^.{0,3}(B\d) /.exec(line.replace('▌', ' '))?.[1] ?? [])

  test('trouble comes first, then what runs, then what is still to come', () => {
    const states = [
      'done',
      'waiting',
      'cancelled',
      'held',
      'queued',
      'stale',
      'running',
      'protected',
      'blocked',
      'failed',
    ] as const
    const it = person(viewOf(board(states.map((state, i) => job('denoise', `B${i}`, statuses[state])))), { rows: 40 })
    expect(shown(it)).toEqual(['B9', 'B8', 'B7', 'B6', 'B5', 'B4', 'B3', 'B2', 'B1', 'B0'])
  })

  test('of the failed the last one, of the running the longest, of the queued the first in line', () => {
    const it = person(
      viewOf(
        board([
          job('denoise', 'B1', { ...statuses.failed, last: last({ endedMs: nowMs - 9000 }) }),
          job('denoise', 'B2', { ...statuses.failed, last: last({ endedMs: nowMs - 10 }) }),
          job('denoise', 'B3', { ...statuses.running, startedMs: nowMs - 10 }),
          job('denoise', 'B4', { ...statuses.running, startedMs: nowMs - 9000 }),
          job('denoise', 'B5', statuses.queued),
          job('denoise', 'B6', statuses.queued, {
            rank: { say: 1, priority: 0, order: 0 },
          }),
        ]),
      ),
    )
    expect(shown(it)).toEqual(['B2', 'B1', 'B4', 'B3', 'B6', 'B5'])
  })

  test('s sorts by name, S reverses it', () => {
    const it = at()
    it.press('s')
    expect(shown(it)).toEqual(['B1', 'B2', 'B3', 'B4', 'B5'])
    it.press('S')
    expect(shown(it)).toEqual(['B5', 'B4', 'B3', 'B2', 'B1'])
  })

  const timed = board([
    job('denoise', 'B1', {
      state: 'done',
      last: last({ seconds: 10, endedMs: nowMs - 5, attempt: 2 }),
      edited: undefined,
    }),
    job('denoise', 'B2', {
      state: 'done',
      last: last({ seconds: 30, endedMs: nowMs - 9, attempt: 1 }),
      edited: undefined,
    }),
    job('denoise', 'B3', {
      state: 'done',
      last: last({ seconds: 20, endedMs: nowMs - 1, attempt: 3 }),
      edited: undefined,
    }),
  ])
  test.each([
    ['ss', 'what happened last', ['B3', 'B1', 'B2']],
    ['sss', 'how long it took', ['B2', 'B3', 'B1']],
    ['ssss', 'how often it was tried', ['B3', 'B1', 'B2']],
    ['sssss', 'attention again', ['B1', 'B2', 'B3']],
  ])('%s sorts by %s', (keys, _by, order) => {
    const it = at(timed)
    it.press(keys)
    expect(shown(it)).toEqual(order)
  })

  test('batches are in the order that a person counts in', () => {
    const it = at(board(['B10', 'B9', 'B2'].map((batch) => job('denoise', batch, statuses.done))))
    expect(it.state.batches.selected).toBe('B2')
    it.press('jj')
    expect(it.state.batches.selected).toBe('B10')
  })
})

describe('list and pane', () => {
  const two = board([job('denoise', 'B1', statuses.failed), job('phy', 'B1', { state: 'blocked', job: 'denoise/B1' })])

  test('tab gives the keys to the pane, where they choose a job, and back', () => {
    const it = at(two)
    it.press('<tab>j')
    expect(it.state.batches).toMatchObject({ focus: 'pane', job: 'phy/B1', selected: 'B1' })
    it.press('k')
    expect(it.state.batches.job).toBe('denoise/B1')
    it.press('<tab>')
    expect(it.state.batches.focus).toBe('list')
  })

  test('z gives the half that has the keys the whole screen, and esc takes it back', () => {
    const it = at(two)
    it.press('z')
    expect(it.picture()).not.toContain('── log')
    it.press('z<tab>z')
    expect(it.picture()).toContain('── log')
    expect(it.picture()).not.toContain('batch 1/1')
    it.press('<escape><escape>')
    expect(it.picture()).toContain('batch 1/1')
    expect(it.state.batches).toMatchObject({ focus: 'list', zoom: false })
  })

  test('where there is no room for a pane, the list keeps the keys', () => {
    const it = person(viewOf(two), { columns: 60, rows: 16 })
    it.press('<tab>j')
    expect(it.state.batches.focus).toBe('list')
  })

  test('enter opens the batch in full, where keys choose among its jobs, and esc goes back', () => {
    const it = at(two)
    it.press('<enter>')
    expect(it.picture()).toContain('job 1 of 2')
    it.press('j')
    expect(it.picture()).toContain('job 2 of 2')
    it.press('<escape>')
    expect(it.picture()).toContain('batch 1/1')
  })

  test('a batch in full is closed when the batch is no more', () => {
    const it = at(two)
    it.press('<enter>')
    it.see({ board: board([job('denoise', 'B7', statuses.done)]) })
    expect(it.state.overlays).toEqual([])
  })
})
