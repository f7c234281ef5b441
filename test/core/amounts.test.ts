import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountOfText, amountPattern, amountStep, amountText, parseAmount } from '../../src/core/amounts.ts'
import { UserError } from '../../src/model/errors.ts'

const gb = 1e9
const gib = 1024 ** 3

describe('an amount of memory', () => {
  test.each([
    ['64GB', 64 * gb],
    ['64 GB', 64 * gb],
    ['1.5TB', 1500 * gb],
    ['500MB', 0.5 * gb],
    ['20KB', 20_000],
    ['20kB', 20_000],
    ['64GiB', 64 * gib],
    ['512MiB', gib / 2],
    ['8KiB', 8192],
    ['1TiB', 1024 * gib],
    ['11.2GB', 11_200_000_000],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseAmount(text)).toBe(bytes)
    expect(text).toMatch(new RegExp(amountPattern))
  })

  const faultOf = (text: string): UserError => {
    try {
      parseAmount(text)
    } catch (error) {
      return error as UserError
    }
    throw new Error(`${text} was accepted`)
  }

  test.each([
    ['0GB', '"0GB" is no memory at all: an amount is more than nothing', 'Write a number with its unit: 64GB'],
    ['0.0001KB', '"0.0001KB" is no memory at all', 'Write a number'],
    ['-5GB', '"-5GB" is no memory at all', 'Write a number'],
    ['64', '"64" has no unit', 'Write a number with its unit'],
    ['64GBB', '"64GBB": there is no unit GBB', 'Did you mean GB?'],
    ['64G', '"64G": there is no unit G', 'Did you mean GB?'],
    ['64Gib', '"64Gib": there is no unit Gib', 'Did you mean GiB?'],
    ['64gb', '"64gb": there is no unit gb', 'Did you mean GB?'],
    ['64GHz', '"64GHz": there is no unit GHz', 'Did you mean'],
    ['64 parsecs', '"64 parsecs": there is no unit parsecs', 'Known: KB, MB, GB, TB, KiB, MiB, GiB, TiB.'],
    ['1,5GB', '"1,5GB" is not an amount of memory', 'Write a number'],
    ['1e3GB', 'not', ''],
    ['1.2.3GB', '"1.2.3GB" is not an amount of memory', 'Write a number'],
    ['GB', '"GB" is not an amount of memory', 'Write a number'],
    ['', '"" is not an amount of memory', 'Write a number'],
    ['9999TB', '"9999TB" is more than any machine has', ''],
  ])('%j is refused with what is wrong and what to write', (text, message, hint) => {
    const fault = faultOf(text)
    expect(fault).toBeInstanceOf(UserError)
    expect(fault.message).toContain(message)
    expect(fault.hint ?? '').toContain(hint)
  })

  test('is a whole number of bytes or is refused, whatever is written', () => {
    const unit = fc.constantFrom('KB', 'MB', 'GB', 'TB', 'KiB', 'GiB', 'G', 'b', '')
    const number = fc.oneof(fc.double(), fc.integer(), fc.string()).map(String)
    fc.assert(
      fc.property(number, unit, (n, u) => {
        try {
          const bytes = parseAmount(n + u)
          expect(Number.isSafeInteger(bytes) && bytes > 0).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})

describe('an amount is told', () => {
  test.each([
    [64 * gb, '64 GB'],
    [64 * gib, '64 GiB'],
    [1.5 * gib, '1.5 GiB'],
    [12.25 * gb, '12.25 GB'],
    [11_200_000_000, '11.2 GB'],
    [1500 * gb, '1.5 TB'],
    [0.5 * gb, '500 MB'],
    [12 * gb + gib, '13.07 GB'],
    [0, '0 GB'],
    [1, '0 KB'],
  ])('%i bytes as %s', (bytes, text) => {
    expect(amountText(bytes)).toBe(text)
  })

  test('as it was written, so that two numbers that differ are seen to differ', () => {
    const written = fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.constantFrom('MB', 'GB', 'MiB', 'GiB'))
    fc.assert(
      fc.property(written, ([n, unit]) => {
        expect(parseAmount(amountText(parseAmount(`${n}${unit}`)))).toBe(parseAmount(`${n}${unit}`))
      }),
    )
  })

  test('of a whole in the unit of the whole', () => {
    expect(amountOfText(24 * gb, 64 * gb)).toBe('24 of 64 GB')
    expect(amountOfText(0.5 * gb, 64 * gb)).toBe('0.5 of 64 GB')
    expect(amountOfText(12 * gib, 64 * gib)).toBe('12 of 64 GiB')
    expect(amountOfText(12 * gb, 64 * gib)).toBe('11.18 of 64 GiB')
    expect(amountOfText(12 * gb, 0)).toBe('12 GB of 0 GB')
  })
})

test.each([
  [64 * gb, 5 * gb],
  [64 * gib, 5 * gib],
  [12 * gb, gb],
  [3 * gb, 200e6],
  [256 * gb, 20 * gb],
  [1500 * gb, 100 * gb],
  [3 * gib, gib],
  [500e6, 50e6],
])('a pool of %i bytes is set in steps of %i', (bytes, step) => {
  expect(amountStep(bytes)).toBe(step)
})
