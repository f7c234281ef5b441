import { expect, test } from 'vitest'
import { copySequence } from '../../src/ui/clipboard.ts'

test('a text is handed to the terminal as base64 of its UTF-8', () => {
  expect(copySequence('é', false)).toBe('\x1b]52;c;w6k=\x07')
})

test('within tmux it also goes through tmux, its escapes doubled', () => {
  expect(copySequence('é', true)).toBe('\x1b]52;c;w6k=\x07\x1bPtmux;\x1b\x1b]52;c;w6k=\x07\x1b\\')
})

test('what is longer than terminals take is not sent', () => {
  expect(copySequence('x'.repeat(49_153), false)).toBeUndefined()
})
