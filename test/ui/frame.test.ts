import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { frame } from '../../src/ui/frame.ts'
import { initialState, type UiState } from '../../src/ui/state.ts'
import { update } from '../../src/ui/update.ts'
import type { View } from '../../src/ui/view.ts'
import { labBoard, stateOf, viewOf } from './boards.ts'
import { randomKeys, randomView } from './randomBoards.ts'

const sgr = /\x1b\[(1|2|4|7|22|24|27|3[1-6]|39|90)m/g

/** What must be true of every picture: exactly its lines, none too wide, and nothing but text and looks in them. */
function expectWhole(lines: readonly string[], { columns, rows }: { readonly columns: number; readonly rows: number }) {
  expect(lines.length).toBe(rows)
  for (const line of lines) {
    const text = line.replace(sgr, '')
    expect(text).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    expect(stringWidth(text), text).toBeLessThanOrEqual(columns)
  }
}

const size = fc.record({ columns: fc.integer({ min: 20, max: 220 }), rows: fc.integer({ min: 4, max: 70 }) })

function after(
  view: View,
  { columns, rows }: { columns: number; rows: number },
  keys: readonly Parameters<typeof press>[2][],
) {
  const begun = update(initialState(columns, rows), { type: 'changed' }, view).state
  return keys.reduce((state, key) => press(state, view, key), begun)
}

const press = (state: UiState, view: View, key: Extract<Parameters<typeof update>[1], { type: 'key' }>['key']) =>
  update(state, { type: 'key', key }, view).state

test('whatever the board, the size and the keys, a picture has its lines and nothing passes an edge', () => {
  fc.assert(
    fc.property(randomView, size, randomKeys, (view, screen, keys) => {
      expectWhole(frame(after(view, screen, keys), view), screen)
    }),
    { numRuns: 300 },
  )
})

test('a picture fits at once after any resize', () => {
  fc.assert(
    fc.property(randomView, size, size, randomKeys, (view, before, now, keys) => {
      const state = update(after(view, before, keys), { type: 'resize', ...now }, view).state
      expectWhole(frame(state, view), now)
    }),
    { numRuns: 100 },
  )
})

test('a picture fits when the board becomes another one under it', () => {
  fc.assert(
    fc.property(randomView, randomView, size, randomKeys, randomKeys, (view, next, screen, keys, more) => {
      const later = { ...next, version: 2, jobsVersion: 2 }
      const changed = update(after(view, screen, keys), { type: 'changed' }, later).state
      expectWhole(frame(changed, later), screen)
      expectWhole(
        frame(
          more.reduce((state, key) => press(state, later, key), changed),
          later,
        ),
        screen,
      )
    }),
    { numRuns: 100 },
  )
})

test.each([
  [80, 24],
  [140, 40],
  [60, 16],
  [44, 10],
  [50, 12],
  [200, 60],
])('at %dx%d all screens fit', (columns, rows) => {
  const view = viewOf(labBoard(300))
  for (const screen of ['batches', 'map', 'inbox', 'history'] as const) {
    const state = update(stateOf(columns, rows, { screen }), { type: 'changed' }, view).state
    expectWhole(frame(state, view), { columns, rows })
  }
})

test('5,000 batches of 2 rules are drawn by the lines that are seen', () => {
  const view = viewOf(labBoard(5000))
  const lines = frame(update(stateOf(80, 24), { type: 'changed' }, view).state, view)
  expect(lines.join('\n')).toContain('batch 1/5000')
})
