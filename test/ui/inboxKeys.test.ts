import { describe, expect, test } from 'vitest'
import type { Drop } from '../../src/model/board.ts'
import { board, drops, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const inbox = (...all: readonly Drop[]) => {
  const it = person(viewOf(board([], { drops: new Map(all.map((drop) => [drop.name, drop])) })))
  it.press('3')
  return it
}
const of = (kind: Drop['state']['kind']) => drops.find(({ state }) => state.kind === kind)!
const stalled: Drop = {
  ...drops[0]!,
  state: { kind: 'stalled', because: 'silence', why: 'a.mat is cut short', stillMs: 1_800_000 },
}

test('what waits for a person comes first', () => {
  const it = inbox(...drops, { ...stalled, name: 'z' })
  const states = it.lines().flatMap((line) => /(conflict|refused|stalled|arriving|settling)/.exec(line)?.[1] ?? [])
  expect(states.slice(0, 5)).toEqual(['conflict', 'refused', 'stalled', 'arriving', 'settling'])
})

test('enter says why, and what to do', () => {
  const it = inbox(of('refused'))
  it.press('<enter>')
  expect(it.picture()).toContain('No rule takes it: there is no *.mat in it.')
  expect(it.picture()).toContain('Put the .mat files into the folder, then drop it again.')
  it.press('<escape>')
  expect(it.state.overlays).toEqual([])
})

describe('t', () => {
  test('takes at once what settles', () => {
    expect(actionsOf(inbox(of('settling')).press('t'))).toEqual([
      { type: 'take', drop: 'm132_2026-08-09_g0', how: 'as-it-is' },
    ])
  })

  test.each([
    ['arriving', of('arriving')],
    ['stalled', stalled],
  ] as const)('asks before it takes what is %s', (_, drop) => {
    const it = inbox(drop)
    expect(actionsOf(it.press('t'))).toEqual([])
    expect(it.picture()).toContain('What still comes is not part of it.')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'take', drop: drop.name, how: 'as-it-is' }])
  })

  test('tries at once what is whole, and a fault of the disk kept back', () => {
    const why = 'cannot move inbox/B7: no space left on the disk'
    const it = inbox({ ...stalled, state: { kind: 'stalled', because: 'disk', why, stillMs: 30_000 } })
    it.press('<enter>')
    expect(it.picture().replace(/[│\s]+/g, ' ')).toContain(
      `It is whole, but ${why}. Nothing is lost: it is tried again every minute, and t tries it now.`,
    )
    it.press('<escape>')
    expect(actionsOf(it.press('t'))).toEqual([{ type: 'take', drop: stalled.name, how: 'as-it-is' }])
  })

  test('says of what was refused that it is to be put right', () => {
    const it = inbox(of('refused'))
    expect(actionsOf(it.press('t'))).toEqual([])
    expect(it.lines().at(-1)).toContain('put it right and drop it again')
  })

  test('on an empty inbox has nothing to take', () => {
    const it = inbox()
    it.press('t')
    expect(it.lines().at(-1)).toContain('There is nothing in the inbox to take.')
  })
})

describe('a conflict', () => {
  const conflict = () => {
    const it = inbox(of('conflict'))
    it.press('t')
    return it
  }

  test('is decided by a person: under another name, or in place of the other', () => {
    expect(conflict().picture()).toContain('take it under another name')
    expect(conflict().picture()).toContain('take it in place of the other (asks)')
  })

  test('in place of the other asks what is replaced', () => {
    const it = conflict()
    expect(actionsOf(it.press('r'))).toEqual([])
    expect(it.picture()).toContain('data/mat/m108_2026-05-08_g0/ is replaced.')
    expect(actionsOf(it.press('y'))).toEqual([{ type: 'take', drop: 'm108_2026-05-08_g0', how: 'replace' }])
  })

  test('under another name asks for it, beginning with its own', () => {
    const it = conflict()
    it.press('a')
    expect(it.picture()).toContain('Take m108_2026-05-08_g0 as')
    expect(actionsOf(it.press('_b<enter>'))).toEqual([
      { type: 'take', drop: 'm108_2026-05-08_g0', how: { as: 'm108_2026-05-08_g0_b' } },
    ])
  })

  test.each(['', '<^u>', '<^u>   '])('its own name or none is no other name: %j', (keys) => {
    const it = conflict()
    it.press('a')
    expect(actionsOf(it.press(`${keys}<enter>`))).toEqual([])
    expect(it.picture()).toContain('Write a name that is not taken yet.')
  })

  test('esc leaves it as it is', () => {
    const it = conflict()
    expect(actionsOf(it.press('a<escape>'))).toEqual([])
    expect(it.state.overlays).toEqual([])
  })
})

test('a drop about which the engine was asked shows … until it answered', () => {
  const it = inbox(of('settling'))
  it.press('t')
  expect(it.lines()[5]!.trimEnd()).toMatch(/settling +…$/)
  it.tell({ type: 'acted', id: 1, result: { done: true, text: 'Taken.', count: 1, undo: undefined } })
  expect(it.lines()[5]).toContain('still for 12s of 30s')
})

test('the selection follows the drop', () => {
  const it = inbox(...drops)
  it.press('jj')
  const name = it.state.inbox.selected
  it.see({
    board: board([], {
      drops: new Map(
        [...drops]
          .reverse()
          .slice(1)
          .map((drop) => [drop.name, drop]),
      ),
    }),
  })
  expect(it.state.inbox.selected).toBe(name)
})
