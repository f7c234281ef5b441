import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { signs } from '../../src/core/signs.ts'
import { type Line, paintLine } from '../../src/ui/style.ts'
import {
  cut,
  cutLine,
  cutMiddle,
  fill,
  fillLine,
  lineWidth,
  plain,
  sliceLine,
  spread,
  width,
  wrapWords,
} from '../../src/ui/text.ts'
import { dirtyText } from './randomBoards.ts'

const unicode = { color: true, unicode: true }
const ascii = { color: false, unicode: false }
const columns = fc.integer({ min: 0, max: 50 })

describe('width', () => {
  test('is that of string-width, whatever the text', () => {
    fc.assert(
      fc.property(dirtyText.map(plain), (text) => {
        expect(width(text)).toBe(stringWidth(text))
      }),
    )
  })

  test('of all signs and lines that are drawn is one', () => {
    const drawn = [...'…─│╭╮╰╯■□●○▌▸•·×↑↓←→━▄–−', ...Object.values(signs).map((sign) => sign.unicode)]
    expect(drawn.filter((letter) => width(letter) !== 1 || stringWidth(letter) !== 1)).toEqual([])
  })
})

describe('plain', () => {
  test.each([
    ['a\x1b[31mb', 'a\\x1b[31mb'],
    ['a\u009b31m', 'a\\x9b31m'],
    ['a\tb\nc', 'a    b c'],
    ['ab\u202ecd', 'ab\\u202ecd'],
    ['e\u0301', 'é'],
    ['1\ufe0f\u20e3', '1'],
    ['m101_g0', 'm101_g0'],
    ['漢字', '漢字'],
  ])('%j is shown as %j', (text, shown) => expect(plain(text)).toBe(shown))

  test('has no control character, whatever the text', () => {
    fc.assert(
      fc.property(dirtyText, (text) => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
    )
  })

  test('is the same when it is made plain once more', () => {
    fc.assert(
      fc.property(dirtyText.map(plain), (text) => {
        expect(plain(text)).toBe(text)
      }),
    )
  })
})

describe('cutting', () => {
  test('at the end', () => expect(cut('denoise failed', 9, unicode)).toBe('denoise …'))
  test('without Unicode', () => expect(cut('denoise failed', 9, ascii)).toBe('denoise ~'))
  test('what fits is not cut', () => expect(cut('denoise', 7, unicode)).toBe('denoise'))
  test('between letters of two columns', () => expect(cut('漢字漢字', 6, unicode)).toBe('漢字…'))
  test('to nothing', () => expect(cut('denoise', 0, unicode)).toBe(''))

  test('a name in the middle: both ends tell', () => {
    expect(cutMiddle('m112_2026-06-08_g0_imec1', 15, unicode)).toBe('m112_20…0_imec1')
  })

  test('a name in so few columns that two ends tell nothing at its end', () => {
    expect(cutMiddle('m112_2026', 5, unicode)).toBe('m112…')
  })

  test('never makes it wider than it may be, and filling makes it exactly so wide', () => {
    fc.assert(
      fc.property(dirtyText.map(plain), columns, (text, n) => {
        expect(width(cut(text, n, unicode))).toBeLessThanOrEqual(n)
        expect(width(cutMiddle(text, n, unicode))).toBeLessThanOrEqual(n)
        expect(width(fill(text, n, unicode))).toBe(n)
      }),
    )
  })
})

describe('lines of spans', () => {
  const line: Line = [{ text: 'why', look: { dim: true } }, { text: ' ' }, { text: '漢字', look: { bold: true } }]
  const anyLine = fc.array(fc.record({ text: dirtyText.map(plain) }), { maxLength: 5 })

  test('are cut at any span, and the ellipsis looks as what it cuts', () => {
    expect(cutLine(line, 7, unicode)).toEqual([
      line[0],
      line[1],
      { text: '漢', look: { bold: true } },
      { text: '…', look: { bold: true } },
    ])
    expect(cutLine(line, 3, unicode)).toEqual([
      { text: 'wh', look: { dim: true } },
      { text: '…', look: { dim: true } },
    ])
  })

  test('never pass the width, and are filled to it', () => {
    fc.assert(
      fc.property(anyLine, columns, (any, n) => {
        expect(lineWidth(cutLine(any, n, unicode))).toBeLessThanOrEqual(n)
        expect(lineWidth(fillLine(any, n, unicode))).toBe(n)
      }),
    )
  })

  test('a slice has its width, also where it cuts letters of two columns in halves', () => {
    expect(sliceLine(line, 5, 2)).toEqual([{ text: '  ', look: { bold: true } }])
    fc.assert(
      fc.property(anyLine, columns, columns, (any, from, count) => {
        expect(lineWidth(sliceLine(any, from, count))).toBe(Math.max(0, Math.min(lineWidth(any) - from, count)))
      }),
    )
  })

  test('two ends stand at the edges; where both have no room the right one goes', () => {
    const text = (n: number) =>
      spread([{ text: 'labmake' }], [{ text: 'ana' }], n, unicode)
        .map((s) => s.text)
        .join('')
    expect(text(12)).toBe('labmake  ana')
    expect(text(10)).toBe('labmake')
    expect(text(5)).toBe('labm…')
  })
})

test('a sentence is broken between words, and within one that is too long', () => {
  expect(wrapWords('waits for ram: 2/2 busy', 10, unicode)).toEqual(['waits for', 'ram: 2/2', 'busy'])
  expect(wrapWords('data/kwd/m112.kwd changed', 10, unicode)).toEqual(['data/kwd/…', 'changed'])
})

describe('painting', () => {
  const loud: Line = [
    { text: 'failed', look: { color: 'red', bold: true } },
    { text: ' quiet', look: { dim: true } },
  ]

  test('opens what a span needs, and closes it', () => {
    expect(paintLine(loud, unicode)).toBe('\x1b[1m\x1b[31mfailed\x1b[22m\x1b[39m\x1b[2m quiet\x1b[22m')
  })

  test('without colour leaves bold, inverse and underline', () => {
    const selected: Line = [
      { text: 'B1', look: { inverse: true, color: 'grey' } },
      { text: 'x', look: { underline: true } },
    ]
    expect(paintLine([...loud, ...selected], ascii)).toBe(
      '\x1b[1mfailed\x1b[22m quiet\x1b[7mB1\x1b[27m\x1b[4mx\x1b[24m',
    )
  })
})
