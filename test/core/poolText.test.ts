import { expect, test } from 'vitest'
import { holdersText, usedText } from '../../src/core/poolText.ts'
import type { SharedUse } from '../../src/model/board.ts'

const shared = (...roots: string[]): SharedUse => {
  return { usedByOthers: roots.length, holders: roots.map((root) => ({ root, user: 'ana', slots: 1 })) }
}

test('a pool is its slots that are used, of all; and how many of them elsewhere', () => {
  expect(usedText(1, { slots: 2, shared: undefined })).toBe('1/2')
  expect(usedText(1, { slots: 2, shared: shared() })).toBe('1/2')
  expect(usedText(2, { slots: 2, shared: shared('/srv/other') })).toBe('2/2 (1 elsewhere)')
})

test('who has the slots is named once, and many are counted', () => {
  expect(holdersText(undefined)).toBe('')
  expect(holdersText(shared())).toBe('')
  expect(holdersText(shared('/srv/other', '/srv/other'))).toBe(' in /srv/other (ana)')
  expect(holdersText(shared('/a', '/b', '/c'))).toBe(' in /a (ana) and /b (ana) and /c (ana)')
  expect(holdersText(shared('/a', '/b', '/c', '/d'))).toBe(' in /a (ana) and /b (ana) and 2 more workspaces')
})
