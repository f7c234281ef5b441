import { expect, test } from 'vitest'
import { parseScreen, plainLook } from '../../src/record/screen.ts'

const texts = (captured: string) => parseScreen(captured).map(({ row, column, text }) => `${row},${column} ${text}`)

test('rows and columns count from the upper left corner', () => {
  expect(texts('one\n\n  two')).toEqual(['0,0 one', '2,2 two'])
})

test('words that are apart by more than a space are runs of their own', () => {
  expect(texts(' demo_01   ► 2s  ┄ waiting')).toEqual(['0,1 demo_01', '0,11 ► 2s', '0,17 ┄ waiting'])
})

test('a look holds until the next sequence, from row to row', () => {
  expect(parseScreen('\x1b[1m\x1b[36mone\ntwo\x1b[0m three')).toEqual([
    { row: 0, column: 0, text: 'one', look: { ...plainLook, bold: true, ink: 6 } },
    { row: 1, column: 0, text: 'two', look: { ...plainLook, bold: true, ink: 6 } },
    { row: 1, column: 4, text: 'three', look: plainLook },
  ])
})

test.each([
  ['2', { dim: true }],
  ['4', { underline: true }],
  ['7', { inverse: true }],
  ['31', { ink: 1 }],
  ['90', { ink: 8 }],
  ['44', { paper: 4 }],
  ['107', { paper: 15 }],
  ['38;5;3', { ink: 3 }],
  ['48;5;12', { paper: 12 }],
  ['1;38;5;200;4', { bold: true, underline: true }],
  ['38;2;1;2;7', {}],
  ['1;2;22', {}],
  ['31;42;39;49', {}],
  ['4;7;24;27', {}],
])('the look of SGR %s', (codes, look) => {
  expect(parseScreen(`\x1b[${codes}mx`)[0]?.look).toEqual({ ...plainLook, ...look })
})

test('spaces are kept where they can be seen', () => {
  expect(texts('\x1b[7m a   b  \x1b[27m   c')).toEqual(['0,0  a   b  ', '0,11 c'])
})
