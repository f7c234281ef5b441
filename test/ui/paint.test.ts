import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Painted, paintFrame } from '../../src/ui/paint.ts'
import { screen } from './screen.ts'

const size = { columns: 40, rows: 12 }

/** What is sent to go from one frame to another. */
function sent(from: readonly string[], to: readonly string[]): string {
  return paintFrame(paintFrame(undefined, from, size).after, to, size).text
}

const word = fc.constantFrom(
  ...['abc', 'done', '✓', '▌', '────', ' ', '   ', 'xxxxxxxxx', '漢字', 'テスト', '한글', '【', 'é', '×'],
)
/** Terminals disagree on how wide these are. */
const doubtful = fc.constantFrom(
  '😀',
  '👩‍👩‍👧',
  'e\u0301',
  '✔\ufe0f',
  '🇨🇭',
  '1\ufe0f\u20e3',
  '⌚',
  'ｶﾞ',
  'नी',
  '\u1112\u1161\u11ab',
)
const code = fc.constantFrom('0', '1', '2', '4', '7', '22', '24', '27', '31', '39', '96', '41', '49', '1;36', '103')

const styled = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    text,
    fc.tuple(text, code).map(([t, c]) => `\x1b[${c}m${t}`),
    fc.tuple(text, code).map(([t, c]) => `\x1b[${c}m${t}\x1b[0m`),
  )
const line = fc.oneof(
  { weight: 6, arbitrary: fc.array(styled(word), { maxLength: 9 }).map((words) => words.join('')) },
  { weight: 1, arbitrary: fc.array(styled(fc.oneof(word, doubtful)), { maxLength: 9 }).map((words) => words.join('')) },
  { weight: 1, arbitrary: fc.constant('y'.repeat(80)) },
)

/** How one frame differs from the one before: which rows are new, whether the terminal has another size. */
const step = fc.record({
  changes: fc.array(fc.tuple(fc.nat(11), line), { maxLength: 6 }),
  scroll: fc.boolean(),
  shrink: fc.nat(3),
  resize: fc.option(fc.record({ columns: fc.integer({ min: 2, max: 60 }), rows: fc.integer({ min: 1, max: 16 }) }), {
    freq: 12,
  }),
})

test('400 frames painted by difference, and each painted whole, are the same screens', async () => {
  const runs = fc.sample(fc.array(step, { minLength: 40, maxLength: 40 }), { numRuns: 10, seed: 20260810 })
  for (const steps of runs) {
    let now = size
    const shown = screen(now.columns, now.rows)
    await shown.write('\x1b[?1049h\x1b[?7l')
    let painted: Painted | undefined
    let lines: string[] = []
    for (const { changes, scroll, shrink, resize } of steps) {
      if (scroll) lines = lines.slice(1)
      for (const [row, text] of changes) lines[row] = text
      lines = Array.from(lines, (text) => text ?? '').slice(0, 12 - shrink)
      if (resize !== null) {
        now = resize
        shown.resize(now.columns, now.rows)
        painted = undefined
      }
      const paint = paintFrame(painted, lines, now)
      painted = paint.after
      await shown.write(paint.text)
      const whole = screen(now.columns, now.rows)
      await whole.write(`\x1b[?1049h\x1b[?7l${paintFrame(undefined, lines, now).text}`)
      expect(shown.cells(), JSON.stringify(lines)).toEqual(whole.cells())
    }
  }
})

test('a frame of characters whose width is certain looks as if the terminal had been sent the lines themselves', async () => {
  const certain = fc.array(fc.array(styled(word), { maxLength: 6 }), { maxLength: 12 })
  for (const words of fc.sample(certain, { numRuns: 50, seed: 7 })) {
    // Wide characters may not stand half outside: terminals do as they like with those.
    const lines = words.map((some) => some.join('')).filter((l) => l.replace(/\x1b\[[\d;]*m/g, '').length <= 20)
    const ours = screen(size.columns, size.rows)
    const plain = screen(size.columns, size.rows)
    await ours.write(paintFrame(undefined, lines, size).text)
    await plain.write(lines.map((l, y) => `\x1b[${y + 1};1H\x1b[0m${l}`).join(''))
    expect(ours.cells()).toEqual(plain.cells())
  }
})

test('what stands after an emoji stays in its column, though this terminal counts the emoji as one', async () => {
  const shown = screen(20, 1)
  await shown.write(paintFrame(undefined, ['😀👩‍👩‍👧e\u0301|'], size).text)
  // Two columns each for the first two, one for the third.
  expect(shown.cells()[0]!.replaceAll(/\[.*?\]/g, 'x')).toHaveLength(6)
  expect(shown.text()[0]!.endsWith('|')).toBe(true)
})

test('of a line with a clock only the digit that changed is sent', () => {
  expect(sent(['labmake 06:04:51'], ['labmake 06:04:52'])).toBe('\x1b[1;16H2')
})

test('two changes close together are sent as one, two far apart as two', () => {
  expect(sent(['ab..cd'], ['xb..cx'])).toBe('\x1b[1Hxb..cx')
  expect(sent(['ab..................cd'], ['xb..................cx'])).toBe('\x1b[1Hx\x1b[22Gx')
})

test('what lies between two changes is passed over where it has another colour', () => {
  expect(sent(['a\x1b[31m..\x1b[0mb'], ['x\x1b[31m..\x1b[0mx'])).toBe('\x1b[1Hx\x1b[4Gx')
})

test('a line that got shorter is erased behind its end', () => {
  expect(sent(['abcdef'], ['abc'])).toBe('\x1b[1;4H\x1b[K')
})

test('terminals erase with the colour that is set, so it is put back first', () => {
  expect(sent(['abcdef'], ['ab\x1b[41mX'])).toBe('\x1b[1;3H\x1b[41mX\x1b[m\x1b[K')
})

test('behind a letter that terminals may count otherwise, the column is said anew', () => {
  expect(sent(['a'], ['e\u0301bc'])).toBe('\x1b[1H\x1b[Ke\u0301\x1b[2Gbc')
})

test('a line that fills the screen is not erased behind its end: that would take its last letter', () => {
  expect(sent(['a'.repeat(40)], ['b'.repeat(40)])).toBe(`\x1b[1H${'b'.repeat(40)}`)
})

test('nothing is sent for a frame that looks the same', () => {
  expect(sent(['\x1b[1mab\x1b[22m  '], ['\x1b[1ma\x1b[0m\x1b[1mb\x1b[0m'])).toBe('')
})

test('colours that terminals draw alike on a blank are not sent', () => {
  expect(sent(['a b'], ['a\x1b[31m \x1b[0mb'])).toBe('')
})

test('a big change is marked to be shown at once, a small one is not', () => {
  expect(sent([], Array(12).fill('x'.repeat(40)))).toMatch(/^\x1b\[\?2026h.*\x1b\[\?2026l$/s)
  expect(sent([], ['x'])).toBe('\x1b[1Hx')
})

test('what does not fit is cut: lines beyond the last row, letters beyond the last column, half of a wide one', async () => {
  const shown = screen(5, 2)
  await shown.write(paintFrame(undefined, ['abcd漢', 'abcdefg', 'third'], { columns: 5, rows: 2 }).text)
  expect(shown.text()).toEqual(['abcd', 'abcde'])
})

test.each([
  ['a title', '\x1b]0;mine\x07', ']0;mine'],
  ['clearing the screen', '\x1b[2J', '[2J'],
  ['a new line', '\x1b[5;5H', '[5;5H'],
  ['a link', '\x1b]8;;http://x\x1b\\', ']8;;http://x\\'],
  ['a reset', '\x1bc', 'c'],
  ['a CSI of one byte', '\x9b2J', '2J'],
  ['a bell and a backspace', '\x07\b', ''],
  ['text that runs from right to left', '\u202eabc', 'abc'],
  ['256 colours', '\x1b[38;5;196mred', 'red'],
  ['a colour of RGB', '\x1b[48;2;1;2;3mred', 'red'],
  ['blinking', '\x1b[5mred', 'red'],
])('no escape of the data gets through: %s', (_what, data, left) => {
  const { text } = paintFrame(undefined, [`<${data}>`], size)
  expect(text).toBe(`\x1b[m\x1b[2J\x1b[1H<${left}>`)
})

test('a letter with a megabyte of marks is sent as a letter with a few', () => {
  expect(paintFrame(undefined, [`a${'\u0301'.repeat(1e6)}b`], size).text.length).toBeLessThan(60)
})
