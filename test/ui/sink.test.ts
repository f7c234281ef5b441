import { expect, test, vi } from 'vitest'
import { type FrameSink, frameSink, type TerminalOut } from '../../src/ui/sink.ts'
import { screen } from './screen.ts'

/** A terminal that takes what it is sent, or, while `isStuck`, is behind until the test says it has caught up. */
function terminal() {
  const writes: string[] = []
  let caughtUp: (() => void) | undefined
  const out = {
    columns: 20,
    rows: 3,
    isStuck: false as boolean,
    write(text: string, sent?: () => void) {
      writes.push(text)
      if (out.isStuck) return false
      sent?.()
      return true
    },
    once(_event: 'drain', then: () => void) {
      caughtUp = then
    },
  } satisfies TerminalOut & { isStuck: boolean }
  return {
    out,
    /** What was sent since it was last asked. */
    sent: () => writes.splice(0),
    catchUp() {
      out.isStuck = false
      caughtUp?.()
    },
  }
}

const paint = (sink: FrameSink, frame: string) => sink.paint(frame.split('\n'))

function shown() {
  const tty = terminal()
  const sink = frameSink(tty.out)
  sink.enter()
  paint(sink, 'one\ntwo\nthree')
  tty.sent()
  return { ...tty, sink }
}

test('a frame is one write of what differs', () => {
  const { sink, sent } = shown()
  paint(sink, 'one\ntwo\nthrex')
  expect(sent()).toEqual(['\x1b[3;5Hx'])
})

test('nothing is written for a frame that is the same', () => {
  const { sink, sent } = shown()
  paint(sink, 'one\ntwo\nthree')
  expect(sent()).toEqual([])
})

test('while the terminal is behind, frames are dropped, and then the newest is painted against what it shows', () => {
  const { sink, sent, out, catchUp } = shown()
  out.isStuck = true
  paint(sink, 'on1\ntwo\nthree')
  expect(sent()).toHaveLength(1)
  for (let n = 0; n < 1000; n++) paint(sink, `on${n}\ntwo\nthree`)
  paint(sink, 'on9\ntwo\nthree')
  expect(sent()).toEqual([])
  catchUp()
  expect(sent()).toEqual(['\x1b[1;3H9'])
})

test('a terminal that was behind and is shown the same again is sent nothing', () => {
  const { sink, sent, out, catchUp } = shown()
  out.isStuck = true
  paint(sink, 'on1\ntwo\nthree')
  paint(sink, 'on2\ntwo\nthree')
  paint(sink, 'on1\ntwo\nthree')
  sent()
  catchUp()
  expect(sent()).toEqual([])
})

test('after a resize all is painted anew, at the new size', async () => {
  const { sink, sent, out } = shown()
  out.columns = 4
  sink.repaint()
  const after = screen(20, 3)
  await after.write(sent().join(''))
  expect(after.text()).toEqual(['one', 'two', 'thre'])
})

test('the size is that of the terminal as it is now', () => {
  const { sink, out } = shown()
  out.columns = 30
  expect(sink.size()).toEqual({ columns: 30, rows: 3 })
})

test('where the terminal does not tell its size it is 80 by 24', () => {
  const sink = frameSink({ write: () => true, once: () => {} })
  expect(sink.size()).toEqual({ columns: 80, rows: 24 })
})

test('entering takes the alternate screen, leaving gives back what was there', async () => {
  const { out, sent } = terminal()
  const tty = screen(20, 3)
  await tty.write('$ labmake watch')
  const sink = frameSink(out)
  sink.enter()
  paint(sink, 'picture')
  await tty.write(sent().join(''))
  expect(tty.isAlternate()).toBe(true)
  expect(tty.text()[0]).toBe('picture')
  await sink.leave()
  await tty.write(sent().join(''))
  expect(tty.isAlternate()).toBe(false)
  expect(tty.text()[0]).toBe('$ labmake watch')
})

test('leaving undoes every mode that entering set', async () => {
  const { out, sent } = terminal()
  const sink = frameSink(out)
  const modes = () =>
    [
      ...sent()
        .join('')
        .matchAll(/\x1b\[\?(\d+)([hl])/g),
    ].map(([, mode, on]) => `${mode}${on}`)
  sink.enter()
  expect(modes()).toEqual(['1049h', '25l', '7l', '2004h'])
  await sink.leave()
  expect(modes().sort()).toEqual(['1049l', '2004l', '25h', '7h'])
})

test('a terminal that takes nothing any more keeps nobody from leaving', async () => {
  vi.useFakeTimers()
  try {
    const { sink, out } = shown()
    out.isStuck = true
    const left = sink.leave()
    await vi.runAllTimersAsync()
    await expect(left).resolves.toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

test('once left, nothing is painted, until it is entered again: then the newest frame, whole', async () => {
  const { sink, sent } = shown()
  await sink.leave()
  sent()
  paint(sink, 'four')
  sink.send('\x07')
  await sink.leave()
  expect(sent()).toEqual([])
  sink.enter()
  const again = screen(20, 3)
  await again.write(sent().join(''))
  expect(again.text()).toEqual(['four', '', ''])
})

test('the title is sent with the next frame, once', () => {
  const { sink, sent } = shown()
  sink.title('2 failed')
  expect(sent()).toEqual([])
  paint(sink, 'one\ntwo\nthree')
  expect(sent()).toEqual(['\x1b]2;2 failed\x07'])
  sink.title('2 failed')
  paint(sink, 'one\ntwo\nthree')
  expect(sent()).toEqual([])
})

test('a title cannot end its sequence early', () => {
  const { sink, sent } = shown()
  sink.title('a\x07\x1b[2Jb')
  paint(sink, 'one\ntwo\nthree')
  expect(sent()).toEqual(['\x1b]2;a  [2Jb\x07'])
})

test('the bell waits for nobody: it is sent, or not at all if the terminal is behind', () => {
  const { sink, sent, out } = shown()
  sink.send('\x07')
  expect(sent()).toEqual(['\x07'])
  out.isStuck = true
  paint(sink, 'on1\ntwo\nthree')
  sent()
  sink.send('\x07')
  expect(sent()).toEqual([])
})

test('bytes are counted as they are sent, in UTF-8', () => {
  const { sink } = shown()
  const before = sink.bytes()
  paint(sink, 'one\ntwo\nthre✓')
  expect(sink.bytes() - before).toBe('\x1b[3;5H'.length + 3)
})
