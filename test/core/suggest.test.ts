import { expect, test } from 'vitest'
import { didYouMean, nearest } from '../../src/core/suggest.ts'

test.each([
  ['rma', ['ram', 'cpu'], 'ram'],
  ['soruces', ['sources', 'targets'], 'sources'],
  ['Denoise', ['denoise'], 'denoise'],
  ['xyzzy', ['ram', 'cpu'], undefined],
  ['a', ['b'], undefined],
])('for %s of %j the nearest is %s', (word, known, near) => {
  expect(nearest(word, known)).toBe(near)
})

test('what is near is asked for, else what is known is listed', () => {
  expect(didYouMean('rma', ['cpu', 'ram'])).toBe('Did you mean ram?')
  expect(didYouMean('something', ['cpu', 'ram'])).toBe('Known: cpu, ram.')
  expect(didYouMean('something', [])).toBeUndefined()
})

test('a long list is cut, and says how much more there is', () => {
  const known = Array.from({ length: 15 }, (_, i) => `batch_number_${i}`)
  expect(didYouMean('?', known)).toMatch(/batch_number_11, and 3 more\.$/)
})
