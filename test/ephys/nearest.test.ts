import { expect, test } from 'vitest'
import { nearest } from '../../src/ephys/nearest.ts'

test('a slip finds the name that was meant, another word finds none', () => {
  expect(nearest('denoize', ['denoise', 'sort'])).toBe('denoise')
  expect(nearest('omits', ['omit', 'method'])).toBe('omit')
  expect(nearest('sim', ['denoise', 'simulate'])).toBe('simulate')
  expect(nearest('photosynthesis', ['denoise', 'sort'])).toBeUndefined()
})
