import { readFileSync } from 'node:fs'

/**
 * One of labmake's own files of state. Undefined where it is not there, or is not as labmake writes it: a machine that lost
 * its power leaves files of zeros, and a person may have had a hand in it. `keys`: what it must have.
 */
export function readOwnFile<T extends object>(path: string, keys: readonly (keyof T)[]): T | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  return parseOwn(text, keys)
}

/** As readOwnFile, of the text itself. */
export function parseOwn<T extends object>(text: string, keys: readonly (keyof T)[]): T | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const own = value
  return keys.every((key) => Object.hasOwn(own, key)) ? (own as T) : undefined
}
