import { expect, test } from 'vitest'
import { shownLine } from '../../src/ui/logText.ts'

test.each([
  ['plain text', 'chunk 12/4096  rss 38.7 GB', 'chunk 12/4096  rss 38.7 GB'],
  ['letters of any script', 'größe 漢字 😀', 'größe 漢字 😀'],
  ['a progress bar: its last state', '10%\r 50%\r 100%', ' 100%'],
  ['a progress bar that was cleared at its end', '100% done\r         \r', '100% done'],
  ['a line end of Windows', 'done\r', 'done'],
  ['a progress bar drawn with escapes', '\x1b[2K\r10%\x1b[2K\r\x1b[32m20%\x1b[0m', '20%'],
  ['colours', '\x1b[1;31merror\x1b[0m: x', 'error: x'],
  ['moving the cursor', '\x1b[3A\x1b[Kup', 'up'],
  ['a title', '\x1b]0;title\x07text', 'text'],
  ['a link', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
  ['a character set', '\x1b(Btext', 'text'],
  ['an escape that was cut off', 'text\x1b[3', 'text3'],
  ['a lone escape', 'text\x1b', 'text'],
  ['tabs', 'a\tbc\td', 'a       bc      d'],
  ['a spinner of backspaces', 'wait |\b/\b-', 'wait -'],
  ['a bell', 'done\x07', 'done^G'],
  ['NUL and DEL', '\0\x7f', '^@^?'],
  ['an escape of one byte', '\x9b2J', '\\x9b2J'],
])('of a line with %s is shown what is left of it', (_what, raw, shown) => {
  expect(shownLine(raw)).toBe(shown)
})

test('a line of a megabyte is shown by its beginning', () => {
  expect(shownLine('x'.repeat(1e6))).toBe(`${'x'.repeat(16_384)}…`)
})
