import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Key, type KeyReader, keyReader, nextKeys, noKeys } from '../../src/ui/keys.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')
const keysOf = (text: string) => nextKeys(noKeys, bytes(text)).keys
const names = (keys: readonly Key[]) =>
  keys.map((key) => {
    if (key.kind === 'char') return key.text
    if (key.kind === 'ctrl') return `^${key.letter}`
    return key.kind === 'paste' ? `<${key.text}>` : key.name
  })

/** A reader whose timers only run out when the test says so. */
function reader() {
  const keys: Key[] = []
  const waits: { ms: number; over: () => void }[] = []
  const made: KeyReader = keyReader(
    (more) => keys.push(...more),
    (ms, over) => {
      const wait = { ms, over }
      waits.push(wait)
      return () => void waits.splice(waits.indexOf(wait), 1)
    },
  )
  const runOut = () => {
    for (const wait of waits.splice(0)) wait.over()
  }
  return { push: (text: string) => made.push(bytes(text)), reset: made.reset, keys: () => names(keys), runOut, waits }
}

test('letters that come in one chunk are as many keys', () => {
  expect(names(keysOf('jjj'))).toEqual(['j', 'j', 'j'])
})

test.each([
  ['\x1b[A', 'up'],
  ['\x1bOB', 'down'],
  ['\x1b[1;5C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1b[H', 'home'],
  ['\x1bOH', 'home'],
  ['\x1b[1~', 'home'],
  ['\x1b[7~', 'home'],
  ['\x1b[F', 'end'],
  ['\x1b[4~', 'end'],
  ['\x1b[8~', 'end'],
  ['\x1bOF', 'end'],
  ['\x1b[5~', 'pageUp'],
  ['\x1b[6;2~', 'pageDown'],
  ['\x1b[2~', 'insert'],
  ['\x1b[3~', 'delete'],
  ['\x1b[Z', 'backtab'],
  ['\t', 'tab'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x1bOM', 'enter'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\x03', '^c'],
  ['\x1a', '^z'],
  ['\x15', '^u'],
  [' ', ' '],
  ['é', 'é'],
  ['漢', '漢'],
  ['😀', '😀'],
])('%j is the key %s', (sent, name) => {
  expect(names(keysOf(sent))).toEqual([name])
})

test.each([
  ['a press of the mouse', '\x1b[<0;12;7M'],
  ['the wheel, in the old form with any three bytes', '\x1b[M`\x1b!'],
  ['the window coming to the front', '\x1b[I'],
  ['the window going to the back', '\x1b[O'],
  ['a function key', '\x1b[15~'],
  ['F1', '\x1bOP'],
  ['F1 of the Linux console', '\x1b[[A'],
  ['the colour of the background, asked for by an earlier program', '\x1b]11;rgb:0000/0000/0000\x1b\\'],
  ['a title, ended by BEL', '\x1b]0;x\x07'],
  ['what terminal it is', '\x1bP>|tmux 3.4\x1b\\'],
  ['where the cursor is', '\x1b[12;40R'],
  ['a key of the kitty protocol', '\x1b[106;5u'],
  ['NUL', '\0'],
  ['a byte that is no UTF-8', '\xff'],
])('%s is no key, and the j after it is one', (_what, sent) => {
  expect(names(nextKeys(noKeys, Buffer.from(`${sent}j`, 'latin1')).keys)).toEqual(['j'])
})

test('ESC and a letter in one chunk are two keys: a slow line brought them together', () => {
  expect(names(keysOf('\x1bj'))).toEqual(['escape', 'j'])
})

test('ESC, and then an arrow in the same chunk', () => {
  expect(names(keysOf('\x1b\x1b[A'))).toEqual(['escape', 'up'])
})

test('a sequence that was cut off does not swallow the one after it', () => {
  expect(names(keysOf('\x1b[1;\x1b[B'))).toEqual(['down'])
})

test('an arrow in two halves is one key', () => {
  const { push, keys } = reader()
  push('\x1b')
  push('[A')
  expect(keys()).toEqual(['up'])
})

test('ESC alone is a key once nothing has followed for a moment', () => {
  const { push, keys, runOut } = reader()
  push('\x1b')
  expect(keys()).toEqual([])
  runOut()
  expect(keys()).toEqual(['escape'])
})

test('ESC and [, and nothing more, are those two keys', () => {
  const { push, keys, runOut } = reader()
  push('\x1b[')
  runOut()
  expect(keys()).toEqual(['escape', '['])
})

test('the rest of a sequence that never comes is given up, and the next key counts', () => {
  const { push, keys, runOut } = reader()
  push('\x1b[1;5')
  runOut()
  push('j')
  expect(keys()).toEqual(['j'])
})

test('a letter in two halves is one', () => {
  const { keys } = nextKeys(nextKeys(noKeys, bytes('漢').subarray(0, 2)).state, bytes('漢').subarray(2))
  expect(names(keys)).toEqual(['漢'])
})

test('what is pasted is one key, whatever is in it, and runs nothing', () => {
  expect(names(keysOf('\x1b[200~is:failed\rqx\x1b[A\x1b[201~j'))).toEqual(['<is:failed\nqx[A>', 'j'])
})

test('a paste comes in any number of chunks, its end in two halves', () => {
  const { push, keys } = reader()
  push('\x1b[200~m1')
  push('04\x1b[20')
  push('1~')
  expect(keys()).toEqual(['<m104>'])
})

test('a paste whose end was lost ends by itself', () => {
  const { push, keys, runOut } = reader()
  push('\x1b[200~m104')
  runOut()
  push('j')
  expect(keys()).toEqual(['<m104>', 'j'])
})

test('of a huge paste the beginning is kept, and its end is still seen', () => {
  const [paste, next] = keysOf(`\x1b[200~${'a'.repeat(1e6)}\x1b[201~j`)
  expect(paste).toMatchObject({ kind: 'paste', text: 'a'.repeat(16_384) })
  expect(next).toEqual({ kind: 'char', text: 'j' })
})

test('an answer without an end is given up after 4 KB, so that it cannot swallow the keyboard', () => {
  const { push, keys } = reader()
  push(`\x1b]${'x'.repeat(5000)}`)
  push('j')
  expect(keys()).toEqual(['j'])
})

test('after a reset nothing of the half sequence is left', () => {
  const { push, reset, keys, waits } = reader()
  push('\x1b[')
  reset()
  push('A')
  expect(keys()).toEqual(['A'])
  expect(waits).toEqual([])
})

test('however the bytes are cut into chunks, the keys are the same', () => {
  const piece = fc.constantFrom('j', 'é', '漢', '😀', '\x1b[A', '\x1bOD', '\x1b[5~', '\x03', '\r', '\x1b[<0;1;1M', ' ')
  const paste = fc.string({ maxLength: 12 }).map((text) => `\x1b[200~${text.replaceAll('\x1b', '')}\x1b[201~`)
  const sent = fc.array(fc.oneof({ weight: 8, arbitrary: piece }, { weight: 1, arbitrary: paste }), { maxLength: 20 })
  fc.assert(
    fc.property(sent, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (pieces, sizes) => {
      const all = bytes(pieces.join(''))
      const whole = nextKeys(noKeys, all).keys
      let state = noKeys
      const cut: Key[] = []
      for (let at = 0, n = 0; at < all.length; n++) {
        const size = sizes[n % sizes.length]!
        const step = nextKeys(state, all.subarray(at, at + size))
        state = step.state
        cut.push(...step.keys)
        at += size
      }
      expect(cut).toEqual(whole)
      expect(cut).toHaveLength(pieces.length - pieces.filter((p) => p.startsWith('\x1b[<')).length)
    }),
  )
})
