import { describe, expect, test } from 'vitest'
import type { BoardJob, JobState } from '../../src/model/board.ts'
import { board, job, last, nowMs, statuses, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const minuteMs = 60_000
const runs = (minutes: number) => ({ ...statuses.running, startedMs: nowMs - minutes * minuteMs })
const at = (...jobs: readonly BoardJob[]) => person(viewOf(board(jobs)))

describe('what is free asks nothing', () => {
  test('r tries again what failed or was stopped in the batch', () => {
    const it = at(job('denoise', 'B1', statuses.failed), job('phy', 'B1', statuses.cancelled))
    expect(actionsOf(it.press('r'))).toEqual([{ type: 'retry', jobs: ['denoise/B1', 'phy/B1'] }])
  })

  test('r does not wait for the next attempt of what failed', () => {
    expect(actionsOf(at(job('denoise', 'B1', statuses.retrying)).press('r'))).toEqual([
      { type: 'retry', jobs: ['denoise/B1'] },
    ])
  })

  test('r builds what is stale', () => {
    expect(actionsOf(at(job('denoise', 'B1', statuses.stale)).press('r'))).toEqual([
      { type: 'build', jobs: ['denoise/B1'] },
    ])
  })

  test('h holds what waits and leaves what runs', () => {
    const it = at(job('denoise', 'B1', runs(1)), job('phy', 'B1', statuses.queued))
    expect(actionsOf(it.press('h'))).toEqual([{ type: 'hold', jobs: ['phy/B1'] }])
  })

  test('h releases what is held, and holds nothing then', () => {
    const it = at(job('denoise', 'B1', statuses.held), job('phy', 'B1', statuses.waiting))
    expect(actionsOf(it.press('h'))).toEqual([{ type: 'release', jobs: ['denoise/B1'] }])
  })

  test.each([
    ['+', 'first'],
    ['-', 'later'],
  ])('%s asks for %s', (key, type) => {
    const it = at(job('denoise', 'B1', statuses.queued), job('phy', 'B1', statuses.done))
    expect(actionsOf(it.press(key))).toEqual([{ type, jobs: ['denoise/B1'] }])
  })

  test('an action is done to all marked batches', () => {
    const it = at(...['B1', 'B2', 'B3'].map((batch) => job('denoise', batch, statuses.failed)))
    it.press('  ')
    expect(actionsOf(it.press('r'))).toEqual([{ type: 'retry', jobs: ['denoise/B1', 'denoise/B2'] }])
  })

  test('where the pane has the keys, to the chosen job alone', () => {
    const it = at(job('denoise', 'B1', statuses.failed), job('phy', 'B1', statuses.failed))
    it.press('<tab>j')
    expect(actionsOf(it.press('r'))).toEqual([{ type: 'retry', jobs: ['phy/B1'] }])
  })

  test('in a log, to its job alone, whatever is marked', () => {
    const it = at(job('denoise', 'B1', statuses.failed), job('denoise', 'B2', statuses.failed))
    it.press('al')
    expect(actionsOf(it.press('r'))).toEqual([{ type: 'retry', jobs: ['denoise/B1'] }])
  })
})

describe('a key that has nothing to do says why, and which key would', () => {
  test.each<[string, JobState, string]>([
    ['r', 'done', 'R makes it again'],
    ['r', 'running', 'It runs at this moment. x stops it.'],
    ['r', 'protected', 'R asks which version stands'],
    ['r', 'blocked', 'Try again what it waits for: denoise/B1'],
    ['x', 'queued', 'It does not run. h holds it'],
    ['h', 'running', 'x stops it'],
    ['h', 'done', 'Nothing waits here'],
    ['+', 'done', 'Nothing of it stands in line'],
    ['R', 'running', 'It runs at this moment'],
    ['R', 'waiting', 'What it is made from is not there yet'],
    ['u', 'done', 'There is nothing to undo'],
  ])('%s on what is %s', (key, state, text) => {
    const it = at(job('denoise', 'B1', statuses[state]))
    expect(actionsOf(it.press(key))).toEqual([])
    expect(it.lines().at(-1)).toContain(text)
  })

  test('x on what is being ended already', () => {
    const it = at(job('denoise', 'B1', { ...runs(1), stoppedBy: 'ben' }))
    it.press('x')
    expect(it.lines().at(-1)).toContain('It is being ended already.')
  })

  test('keys on an empty workspace ask for nothing', () => {
    expect(actionsOf(at().press('rhx+-Rytl avn<enter>'))).toEqual([])
  })
})

describe('what loses work says what is lost', () => {
  const two = () => at(job('denoise', 'B1', runs(139)), job('denoise', 'B2', runs(41)))

  test('x says how much work, and that the log is kept', () => {
    const it = two()
    expect(actionsOf(it.press('x'))).toEqual([])
    expect(it.picture()).toContain('Stop 1 running job?')
    expect(it.picture()).toContain('denoise/B1  2h19')
    expect(it.picture()).toContain('2h19 of work is lost.')
    expect(it.picture()).toContain('The log is kept')
  })

  test('of several the sum', () => {
    const it = two()
    it.press('ax')
    expect(it.picture()).toContain('3h00 of work is lost.')
  })

  test('of many only some are named, and the rest counted', () => {
    const it = at(...Array.from({ length: 9 }, (_, i) => job('denoise', `B${i}`, runs(1))))
    it.press('ax')
    expect(it.picture()).toContain('and 4 more')
  })

  test('only y does it', () => {
    const it = two()
    it.press('x')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'cancel', jobs: ['denoise/B1'] }])
  })

  test.each(['n', '<enter>', '<escape>', 'q', 'x', 'j', ' ', 'Y'])(
    '%s does nothing, and closes the question',
    (key) => {
      const it = two()
      it.press('x')
      expect(it.press(key)).toEqual([])
      expect(it.state.overlays).toEqual([])
    },
  )

  test('what was chosen is what it is done to, whatever became of the rows meanwhile', () => {
    const it = two()
    it.press('x')
    it.see({
      board: board([job('denoise', 'B2', runs(300)), job('denoise', 'B1', runs(1)), job('denoise', 'B0', runs(500))]),
    })
    expect(it.picture()).toContain('denoise/B1  2h19')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'cancel', jobs: ['denoise/B1'] }])
  })

  test('R says what is done over', () => {
    const it = at(job('denoise', 'B1', { state: 'done', last: last({ seconds: 3600 }), edited: undefined }))
    it.press('R')
    expect(it.picture()).toContain('Make 1 job again?')
    expect(it.picture()).toContain('1h00 of work is done over.')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'rebuild', jobs: ['denoise/B1'] }])
  })

  test('R says where the work of a person goes', () => {
    const edited = { state: 'done', last: last(), edited: 'data/kwd/B1.kwd' } as const
    const it = at(job('denoise', 'B1', edited), job('phy', 'B1', statuses.protected))
    it.press('Ra')
    expect(it.picture()).toContain('Make 2 jobs again?')
    expect(it.picture()).toContain('People edited 2 of them: the old version goes to .labmake/attic/.')
  })
})

describe('what is protected', () => {
  const one = () => at(job('phy', 'B1', statuses.protected))

  test('R asks which version stands', () => {
    const it = one()
    it.press('R')
    expect(it.picture()).toContain('Which version of phy/B1 stands?')
  })

  test.each(['k', '<enter>'])('%s keeps the edited one', (key) => {
    const it = one()
    it.press('R')
    // k is the key of the option, and no movement here.
    expect(actionsOf(it.press(key))).toEqual([{ type: 'accept', jobs: ['phy/B1'] }])
  })

  test('m asks once more before it makes a new one', () => {
    const it = one()
    it.press('R')
    expect(actionsOf(it.press('m'))).toEqual([])
    expect(it.picture()).toContain('.labmake/attic/')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'rebuild', jobs: ['phy/B1'] }])
  })

  test('among the jobs of its batch is asked about by its name', () => {
    const batch = () => at(job('denoise', 'B1', statuses.done), job('phy', 'B1', statuses.protected))
    expect(actionsOf(batch().press('Rk'))).toEqual([{ type: 'accept', jobs: ['phy/B1'] }])
    expect(actionsOf(batch().press('Rmy'))).toEqual([{ type: 'rebuild', jobs: ['phy/B1'] }])
    expect(actionsOf(batch().press('Ray'))).toEqual([{ type: 'rebuild', jobs: ['denoise/B1', 'phy/B1'] }])
  })

  test('esc decides nothing', () => {
    const it = one()
    expect(actionsOf(it.press('R<escape>'))).toEqual([])
    expect(it.state.overlays).toEqual([])
  })
})
