import { expect, test } from 'vitest'
import { byName, isBatchName, neverCounts } from '../../src/core/names.ts'

test.each(['B1', '0', 'a.b_c+d-e', '2026-01-05_rec', 'x'.repeat(128)])('%s is a batch name', (name) => {
  expect(isBatchName(name)).toBe(true)
})

test.each(['', '-rf', '.hidden', '../x', 'a/b', 'a b', 'a;touch PWNED', '$(id)', 'Größe', 'a\n', 'x'.repeat(129)])(
  '%j is no batch name',
  (name) => {
    expect(isBatchName(name)).toBe(false)
  },
)

test.each([
  '.DS_Store',
  'Thumbs.db',
  'desktop.ini',
  '._a.mat',
  '.nfs000123',
  '.a.swp',
  '.a.swo',
  'a~',
  '#a#',
  '.#a',
  '.labmake-x',
])('%s never counts', (name) => {
  expect(neverCounts(name)).toBe(true)
})

test.each(['a.mat', '.phy', 'DS_Store', 'swp', 'a#b', 'Thumbs.db.mat'])('%s counts', (name) => {
  expect(neverCounts(name)).toBe(false)
})

test('names are in the order that a person expects', () => {
  expect(['B10', 'b2', 'B2', 'B1', 'a'].sort(byName)).toEqual(['a', 'B1', 'b2', 'B2', 'B10'])
})

test('the order of names is total: only equal names are equal', () => {
  expect(byName('B01', 'B1')).not.toBe(0)
  expect(byName('é', 'e\u0301')).not.toBe(0)
  expect(byName('B1', 'B1')).toBe(0)
})
