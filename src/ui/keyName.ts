import type { Key } from './keys.ts'

/** One word for a key, for tables: `j`, `^u`, `up`, `space`; undefined for a paste. */
export function keyName(key: Key): string | undefined {
  switch (key.kind) {
    case 'char':
      return key.text === ' ' ? 'space' : key.text
    case 'named':
      return key.name
    case 'ctrl':
      return `^${key.letter}`
    case 'paste':
      return undefined
  }
}

/** What a key types into a field: one line of text, else undefined. */
export function typed(key: Key): string | undefined {
  if (key.kind === 'char') return key.text
  return key.kind === 'paste' ? key.text.replace(/\s+/g, ' ').trim() : undefined
}
