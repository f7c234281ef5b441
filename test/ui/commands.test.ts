import { describe, expect, test } from 'vitest'
import { commands } from '../../src/ui/commands.ts'
import { helpKeys } from '../../src/ui/panes/textBox.ts'
import { board, job, labBoard, statuses, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const lab = (size = {}) => person(viewOf(labBoard(60)), size)

describe('the table of commands', () => {
  test('gives no key two meanings in one place', () => {
    const meanings = commands.flatMap(({ keys, places }) =>
      places.flatMap((place) => keys.map((key) => `${place} ${key}`)),
    )
    expect(meanings.filter((meaning, i) => meanings.indexOf(meaning) !== i)).toEqual([])
  })

  test('uses no function key and no key with Alt, which tmux and shells take', () => {
    expect(
      commands.flatMap(({ keys }) => keys).filter((key) => !/^(.|\^[a-z]|enter|tab|backtab|space)$/.test(key)),
    ).toEqual([])
  })

  test('stands in the help, key by key', () => {
    const words = helpKeys.flatMap(([keys]) => keys.split(/ +/))
    const keys = commands.flatMap(({ keys }) => keys).filter((key) => key !== '=' && key !== 'backtab')
    expect(keys.filter((key) => !words.includes(key))).toEqual([])
  })

  test('says of what asks first that it asks', () => {
    const asking = commands.filter(({ title }) => title.includes('(asks)')).map(({ short }) => short)
    expect(asking).toEqual(['make again', 'stop', 'end engine', 'end all'])
  })
})

describe('the help', () => {
  test.each([80, 100, 120, 200])('is cut nowhere in %i columns', (columns) => {
    const it = person(viewOf(board([])), { columns, rows: 24 })
    it.press('?')
    expect(it.picture()).not.toContain('…')
  })

  test('has keys, signs and filters side by side where there is room', () => {
    const it = lab({ columns: 140, rows: 50 })
    it.press('?')
    expect(it.picture()).toMatch(/retry what failed or was stopped +.*orphaned|waiting/)
    expect(it.picture()).toContain('is:failed,running')
    expect(it.picture()).toContain('follow; scrolling up ends it, G resumes')
  })

  test('scrolls where there is none, and stops at its end', () => {
    const it = lab()
    it.press('?')
    expect(it.picture()).toContain('17 of 51 lines')
    it.press('G')
    expect(it.picture()).toContain('51 of 51 lines')
    expect(it.picture()).toContain('tries>1')
    it.press('k')
    expect(it.picture()).toContain('50 of 51 lines')
  })

  test('any other key closes it, and does nothing else', () => {
    const it = lab()
    it.press('?')
    expect(it.press('x')).toEqual([])
    expect(it.state.overlays).toEqual([])
  })

  test('lies over a log and leads back to it', () => {
    const it = lab()
    it.press('l?')
    it.press('<escape>')
    expect(it.state.overlays.map(({ kind }) => kind)).toEqual(['log'])
  })
})

describe('the actions by name', () => {
  test('are found by any words of theirs', () => {
    const it = lab()
    it.press(':hold back')
    expect(it.picture()).toContain('hold back what waits, or release it')
    expect(it.picture()).not.toContain('stop what runs')
  })

  test('enter does the one that is chosen', () => {
    const it = person(viewOf(board([job('phy', 'B1', statuses.protected)])))
    expect(actionsOf(it.press(':call current<enter>'))).toEqual([{ type: 'accept', jobs: ['phy/B1'] }])
    expect(it.state.overlays).toEqual([])
  })

  test('arrows choose, letters are typed', () => {
    const it = lab()
    it.press(':j')
    expect(it.picture()).toContain(':j')
    it.press('<backspace><down><down><up>')
    expect(it.picture()).toContain('▌ make again though it is up to date (asks)')
  })

  test('that are not there are not done', () => {
    const it = lab()
    expect(it.press(':zzz<enter>')).toEqual([])
    expect(it.picture()).toContain('Nothing is called that.')
  })

  test('are those of the place: in the inbox there is nothing to retry', () => {
    const it = lab()
    it.press('3:')
    expect(it.picture()).toContain('take the drop, or decide its conflict')
    expect(it.picture()).not.toContain('try again what failed')
  })

  test('end the engine and leave its jobs, or end both, but ask first what is lost', () => {
    const it = lab()
    it.press(':end the engine; jobs<enter>')
    expect(it.picture()).toContain('nothing new is started')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'stop', jobs: 'leave' }])
    it.press(':all that runs<enter>')
    expect(it.picture()).toMatch(/The work of \d+ running jobs is lost\./)
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'stop', jobs: 'end' }])
  })

  test('esc does none of them', () => {
    const it = lab()
    expect(it.press(':retry<escape>')).toEqual([])
    expect(it.state.overlays).toEqual([])
  })
})

describe('the footer', () => {
  test('has the keys that do something to what is selected', () => {
    const footer = (state: 'failed' | 'running' | 'held' | 'done') =>
      person(viewOf(board([job('denoise', 'B1', statuses[state])])), { columns: 140, rows: 24 })
        .lines()
        .at(-1)
    expect(footer('failed')).toMatch(/r retry .*l log/)
    expect(footer('failed')).not.toContain('x stop')
    expect(footer('running')).toContain('x stop')
    expect(footer('held')).toContain('h release')
    expect(footer('done')).not.toMatch(/r retry|x stop|h hold/)
  })

  test('says how to leave, and with room that jobs go on', () => {
    expect(lab().lines().at(-1)).toMatch(/q leave$/)
    expect(lab({ columns: 120, rows: 30 }).lines().at(-1)).toMatch(/q leave \(jobs go on\)$/)
  })

  test('in a question has its answers alone', () => {
    const it = person(viewOf(board([job('denoise', 'B1', statuses.running)])))
    it.press('x')
    expect(it.lines().at(-1)).toBe(' y stop  n no')
  })

  test('in a log has the keys of the log', () => {
    const it = lab()
    it.press('l')
    expect(it.lines().at(-1)).toMatch(/^ esc back {2}f stay here {2}\/ search {2}w wrap/)
  })

  test.each([
    ['failed', /e pager {2}r retry +q/],
    ['running', /e pager {2}x stop +q/],
    ['done', /e pager +q/],
  ] as const)('in the log of what is %s has what can be done to it', (state, keys) => {
    const it = person(viewOf(board([job('denoise', 'B1', statuses[state])])), { columns: 120, rows: 24 })
    it.press('l')
    expect(it.lines().at(-1)).toMatch(keys)
  })
})

test('y copies a report of the chosen job, with all that helps to find the fault', () => {
  const it = person(viewOf(board([job('denoise', 'B1', statuses.failed, { params: { omit: 'Port_12' } })])))
  const log = {
    path: '.labmake/logs/denoise/B1/1.log',
    first: 0,
    lines: ['reading', 'Killed'],
    count: 2,
    state: 'read',
  } as const
  it.see({ log })
  const [copy] = it.press('y')
  const text = copy?.type === 'copy' ? copy.text : ''
  expect(text).toMatch(/^labmake 1\.0\.0, \/srv\/ephys\/np-study on rig, Mon 10 Aug 2026 \d\d:02\n/)
  expect(text).toContain('denoise/B1: failed\n')
  expect(text).toContain('killed by SIGKILL after 41m00 (out of memory?)')
  expect(text).toContain('params   omit=Port_12')
  expect(text).toContain('log      .labmake/logs/denoise/B1/1.log (attempt 3)')
  expect(text).toContain('    | Killed\n')
})

test('y copies all marked batches, and counts what is too much', () => {
  const it = person(viewOf(board(Array.from({ length: 30 }, (_, i) => job('denoise', `B${i}`, statuses.failed)))))
  const copy = it.press('ay').find(({ type }) => type === 'copy')
  expect(copy?.type === 'copy' && copy.text).toContain('and 10 jobs more')
})
