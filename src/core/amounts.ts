import { UserError } from '../model/errors.ts'
import { didYouMean } from './suggest.ts'

// Amounts of memory, as people write them and as they are told.

const decimal = ['KB', 'MB', 'GB', 'TB'] as const
const binary = ['KiB', 'MiB', 'GiB', 'TiB'] as const
const unitBytes = new Map<string, number>([
  ['kB', 1000],
  ...decimal.map((unit, i): [string, number] => [unit, 1000 ** (i + 1)]),
  ...binary.map((unit, i): [string, number] => [unit, 1024 ** (i + 1)]),
])

/** What an amount looks like, for editors: they know no more of it. */
export const amountPattern = `^\\d+(\\.\\d+)? *(${[...unitBytes.keys()].join('|')})$`

/** As many bytes of several pools and jobs can be added, and no double rounds them. */
export const mostBytes = 1e15

const example = 'Write a number with its unit: 64GB, 500MB, 1.5TB; 64GiB counts by 1024.'

/** `64GB`, `1.5 TB`, `64GiB` → bytes, a whole number, more than 0. Throws UserError. */
export function parseAmount(text: string): number {
  const [, sign = '', number = '', unit = ''] = /^\s*([+-]?)(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text) ?? []
  if (number === '') throw new UserError(`"${text}" is not an amount of memory`, { hint: example })
  if (unit === '') throw new UserError(`"${text}" has no unit`, { hint: example })
  const each = unitBytes.get(unit)
  if (each === undefined) {
    const units = [...decimal, ...binary]
    throw new UserError(`"${text}": there is no unit ${unit}`, { hint: didYouMean(unit, units) ?? example })
  }
  const bytes = Math.round(Number(number) * each)
  if (sign === '-' || bytes === 0) {
    throw new UserError(`"${text}" is no memory at all: an amount is more than nothing`, { hint: example })
  }
  if (bytes > mostBytes) throw new UserError(`"${text}" is more than any machine has: 1000TB at the most`)
  return bytes
}

/** The unit in which people write this many bytes: `64 GB`, `1.5 GiB`. */
function unitOf(bytes: number): readonly [unit: string, bytes: number] {
  const units = [...decimal.toReversed(), ...binary.toReversed()].map((unit) => [unit, unitBytes.get(unit)!] as const)
  const exact = units.find(([, each]) => bytes >= each && bytes / each < 100_000 && isShort(bytes / each))
  return exact ?? units.find(([, each]) => bytes >= each) ?? ['KB', 1000]
}

/** Two decimals at the most; 11.2 GB are 11.2 of them, whatever a double makes of it. */
const isShort = (value: number) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6

const inUnit = (bytes: number, each: number) => String(Math.round((bytes / each) * 100) / 100)

/** `64 GB`, `1.5 GiB`, `12.25 GB`: as it was written, as far as that can be told, else to two decimals. */
export function amountText(bytes: number): string {
  if (bytes === 0) return '0 GB'
  const [unit, each] = unitOf(bytes)
  return `${inUnit(bytes, each)} ${unit}`
}

/** `24 of 64 GB`: both in the unit of the whole. */
export function amountOfText(bytes: number, whole: number): string {
  if (whole === 0) return `${amountText(bytes)} of 0 GB`
  const [unit, each] = unitOf(whole)
  return `${inUnit(bytes, each)} of ${inUnit(whole, each)} ${unit}`
}

/** How finely a person sets a pool of this size, in bytes: a tenth of it at the most, as 1, 2 or 5 GB, 10, 20 or 50. */
export function amountStep(bytes: number): number {
  const [, each] = unitOf(bytes)
  // Tenths of a GiB are no whole number of bytes.
  const tenth = each % 1000 === 0 ? bytes / each / 10 : Math.max(1, bytes / each / 10)
  const power = 10 ** Math.floor(Math.log10(tenth))
  const digit = [5, 2, 1].find((n) => n * power <= tenth) ?? 1
  return Math.max(1, Math.round(digit * power * each))
}

/** As people write it in a rule file or on a command line: `64GB`. */
export const writtenAmount = (bytes: number) => amountText(bytes).replace(' ', '')
