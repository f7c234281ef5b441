import type { StartTimer } from './timers.ts'

/**
 * Keys from the bytes of a terminal. Ours, because bytes and keys do not come in step: over ssh `jjj` is one chunk, and an
 * arrow may come in two halves.
 *
 * `nextKeys(state, chunk)` is the pure core; a sequence that is not whole stays in the state. Only time can tell a lone
 * ESC from the first half of an arrow: `keyReader` waits `escapeMs` and then calls `endOfKeys`. What is no key here (mouse,
 * focus, replies of the terminal, function keys) is swallowed. There are no Alt keys: ESC and a letter in one chunk are
 * two keys that a slow line brought together.
 */

export type Key =
  /** One character as a person sees it, `é` or `漢` too; a space is one. */
  | { readonly kind: 'char'; readonly text: string }
  | { readonly kind: 'named'; readonly name: KeyName }
  /** Ctrl with a letter. Where the terminal cannot tell them apart they are named: ^i tab, ^m and ^j enter, ^h backspace. */
  | { readonly kind: 'ctrl'; readonly letter: string }
  /** What was pasted, with its line ends as `\n` and no other control characters. */
  | { readonly kind: 'paste'; readonly text: string }

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'pageUp'
  | 'pageDown'
  | 'insert'
  | 'delete'
  | 'enter'
  | 'tab'
  | 'backtab'
  | 'escape'
  | 'backspace'

export interface KeyState {
  /** Bytes whose meaning is not clear yet, one character each (latin1), so that they can be matched as text. */
  readonly rest: string
  /** What came of a paste that is not over. */
  readonly paste: string | undefined
}

export const noKeys: KeyState = { rest: '', paste: undefined }

/** A pasted name or filter is short; who pastes a file by mistake shall not fill the memory. Bytes. */
const longestPaste = 16_384
/** No sequence that a terminal sends is longer; what goes on beyond it is given up. */
const longestSequence = 4096
const pasteStart = '\x1b[200~'
const pasteEnd = '\x1b[201~'

export interface KeyStep {
  readonly state: KeyState
  readonly keys: readonly Key[]
}

/** The keys that a chunk of bytes completes. */
export function nextKeys(before: KeyState, chunk: Uint8Array): KeyStep {
  const keys: Key[] = []
  let text = before.rest + Buffer.from(chunk).toString('latin1')
  let paste = before.paste
  while (text !== '') {
    if (paste !== undefined) {
      const end = text.indexOf(pasteEnd)
      // The end may come in two halves, so as many bytes are kept as it has.
      const taken = end < 0 ? Math.max(0, text.length - pasteEnd.length + 1) : end
      paste = (paste + text.slice(0, taken)).slice(0, longestPaste)
      text = text.slice(end < 0 ? taken : end + pasteEnd.length)
      if (end < 0) break
      keys.push(pasteKey(paste))
      paste = undefined
      continue
    }
    const piece = text[0] === '\x1b' ? nextSequence(text) : nextCharacter(text)
    if (piece === 'unfinished') break
    text = text.slice(piece.length)
    if (piece.starts === 'paste') paste = ''
    else keys.push(...piece.keys)
  }
  return { state: { rest: text, paste }, keys }
}

/** What is left, when nothing more came for a while: ESC was the key, or the line lost the rest of a sequence. */
export function endOfKeys({ rest, paste }: KeyState): KeyStep {
  if (paste !== undefined) return { state: noKeys, keys: [pasteKey(paste + rest)] }
  if (rest === '\x1b') return { state: noKeys, keys: [escapeKey] }
  if (/^\x1b[[O]$/.test(rest)) return { state: noKeys, keys: [escapeKey, { kind: 'char', text: rest[1]! }] }
  return { state: noKeys, keys: [] }
}

const escapeKey: Key = { kind: 'named', name: 'escape' }

interface Piece {
  /** Bytes. */
  readonly length: number
  readonly keys: readonly Key[]
  readonly starts?: 'paste'
}

const named = (length: number, name: KeyName | undefined): Piece => ({
  length,
  keys: name === undefined ? [] : [{ kind: 'named', name }],
})

/** By the last letter of CSI and SS3 sequences. */
const byLetter: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  M: 'enter',
  Z: 'backtab',
}

/** By the number before a tilde. */
const byNumber: Readonly<Record<string, KeyName>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageUp',
  6: 'pageDown',
  7: 'home',
  8: 'end',
}

/** `text` starts with ESC. */
function nextSequence(text: string): Piece | 'unfinished' {
  const unfinished = text.length > longestSequence ? { length: text.length, keys: [] } : 'unfinished'
  switch (text[1]) {
    case undefined:
      return 'unfinished'
    case '[':
      return nextCsi(text) ?? unfinished
    case 'O': {
      const letter = text[2]
      return letter === undefined ? 'unfinished' : named(3, byLetter[letter])
    }
    // Answers of the terminal (OSC, DCS, PM, APC): up to BEL or ST.
    case ']':
    case 'P':
    case '^':
    case '_': {
      const end = /\x07|\x1b\\/.exec(text.slice(2))
      return end === null ? unfinished : { length: 2 + end.index + end[0].length, keys: [] }
    }
    default:
      return { length: 1, keys: [escapeKey] }
  }
}

function nextCsi(text: string): Piece | undefined {
  // The old mouse reports carry three bytes after their letter, which may be any.
  if (text[2] === 'M') return text.length < 6 ? undefined : { length: 6, keys: [] }
  // The Linux console sends function keys with a second bracket.
  if (text[2] === '[') return text.length < 4 ? undefined : { length: 4, keys: [] }
  const match = /^\x1b\[([0-?]*)[ -/]*([@-~])/.exec(text)
  if (match === null) {
    // A byte that no sequence holds: what came before it was cut off.
    const broken = /^\x1b\[[0-?]*[ -/]*([^ -~])/.exec(text)
    return broken === null ? undefined : { length: broken[0].length - 1, keys: [] }
  }
  const [whole, parameters = '', last = ''] = match
  if (whole === pasteStart) return { length: whole.length, keys: [], starts: 'paste' }
  if (/^[<>?]/.test(parameters)) return { length: whole.length, keys: [] }
  // `1;5A` is an arrow with Ctrl: an arrow all the same.
  return named(whole.length, last === '~' ? byNumber[parameters.split(';')[0]!] : byLetter[last])
}

function nextCharacter(text: string): Piece | 'unfinished' {
  const byte = text.charCodeAt(0)
  if (byte === 0x0d || byte === 0x0a) return named(1, 'enter')
  if (byte === 0x09) return named(1, 'tab')
  if (byte === 0x7f || byte === 0x08) return named(1, 'backspace')
  if (byte === 0) return { length: 1, keys: [] }
  if (byte <= 26) return { length: 1, keys: [{ kind: 'ctrl', letter: String.fromCharCode(byte + 96) }] }
  if (byte < 32) return { length: 1, keys: [] }
  if (byte < 0x80) return { length: 1, keys: [{ kind: 'char', text: text[0]! }] }
  // UTF-8: the first byte says how many follow.
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
  const following = /^[\x80-\xbf]*/.exec(text.slice(1, length))![0].length
  if (following < length - 1 && text.length === following + 1) return 'unfinished'
  const character = utf8(text.slice(0, following + 1))
  const isWhole = following === length - 1 && !character.includes('\ufffd') && !/\p{Cc}/u.test(character)
  return { length: following + 1, keys: isWhole ? [{ kind: 'char', text: character }] : [] }
}

function pasteKey(bytes: string): Key {
  // A paste that was cut may end within a character.
  const text = utf8(bytes).replace(/\ufffd+$/, '')
  return { kind: 'paste', text: text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n]/gu, '') }
}

const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8')

/** Halves of an arrow are this far apart on a bad line, and nobody notices that ESC waits as long. */
const escapeMs = 50
/** The end of a paste was lost: the keyboard must not stay silent for ever. */
const pasteMs = 1000

export interface KeyReader {
  push(chunk: Uint8Array): void
  /** Forgets what is unfinished: the terminal was given to another program meanwhile. */
  reset(): void
}

/** Tells `emit` each key, of however many chunks it is made. */
export function keyReader(emit: (keys: readonly Key[]) => void, startTimer: StartTimer): KeyReader {
  let state = noKeys
  let stopTimer = () => {}
  const take = (step: KeyStep) => {
    state = step.state
    if (step.keys.length > 0) emit(step.keys)
  }
  return {
    push(chunk) {
      stopTimer()
      stopTimer = () => {}
      take(nextKeys(state, chunk))
      if (state.paste !== undefined) stopTimer = startTimer(pasteMs, () => take(endOfKeys(state)))
      else if (state.rest !== '') stopTimer = startTimer(escapeMs, () => take(endOfKeys(state)))
    },
    reset() {
      stopTimer()
      state = noKeys
    },
  }
}
