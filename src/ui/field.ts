import { keyName, typed } from './keyName.ts'
import type { Key } from './keys.ts'

/** A name or a filter is short; what is longer was pasted by mistake. */
const longest = 500
const segmenter = new Intl.Segmenter()

/** What a key makes of the text of a field; undefined if it does not edit. The cursor stays at the end. */
export function edited(text: string, key: Key): string | undefined {
  const more = typed(key)
  if (more !== undefined) return (text + more).slice(0, longest)
  switch (keyName(key)) {
    case 'backspace':
      return [...segmenter.segment(text)]
        .slice(0, -1)
        .map(({ segment }) => segment)
        .join('')
    case '^u':
      return ''
    case '^w':
      return text.replace(/\S*\s*$/, '')
    default:
      return undefined
  }
}
