import { EventEmitter } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import type { Key } from '../../src/ui/keys.ts'
import { frameSink } from '../../src/ui/sink.ts'
import { openTty, type Tty } from '../../src/ui/tty.ts'
import { screen } from './screen.ts'
import { turnedTimers } from './turnedTimers.ts'

const open: Tty[] = []
afterEach(async () => {
  for (const tty of open.splice(0)) await tty.close()
})

/** A terminal that was taken. */
async function taken() {
  const modes: boolean[] = []
  const stdin = Object.assign(new EventEmitter(), {
    destroyed: false,
    readableEnded: false,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
    pause: () => {},
    resume: () => {},
  })
  let sent = ''
  const stdout = Object.assign(new EventEmitter(), {
    columns: 20,
    rows: 3,
    write(text: string, over?: () => void) {
      sent += text
      over?.()
      return true
    },
  })
  const sink = frameSink(stdout)
  const keys: Key[] = []
  let resizes = 0
  const tty = openTty({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    sink,
    timers: turnedTimers(),
  })
  open.push(tty)
  tty.take({ keys: (more) => keys.push(...more), resize: () => resizes++ })
  const terminal = screen(20, 3)
  return {
    ...tty,
    stdin,
    stdout,
    sink,
    keys,
    resizes: () => resizes,
    type: (text: string) => stdin.emit('data', Buffer.from(text)),
    isRaw: () => modes.at(-1),
    /** Is the picture shown, and not what was there before? */
    async isShown() {
      await terminal.write(sent)
      sent = ''
      return terminal.isAlternate()
    },
  }
}

test('a terminal that is taken sends raw keys and shows the picture', async () => {
  const { isRaw, isShown, type, keys } = await taken()
  expect(isRaw()).toBe(true)
  expect(await isShown()).toBe(true)
  type('j')
  expect(keys).toEqual([{ kind: 'char', text: 'j' }])
})

test('once closed it is as it was before', async () => {
  const { close, isRaw, isShown, type, keys } = await taken()
  await close()
  expect(isRaw()).toBe(false)
  expect(await isShown()).toBe(false)
  type('j')
  expect(keys).toEqual([])
})

test('a program that it is lent to has it to itself, and then the picture is back', async () => {
  const { lend, isRaw, isShown, type, keys } = await taken()
  await lend(async () => {
    expect(isRaw()).toBe(false)
    expect(await isShown()).toBe(false)
    type('j')
  })
  expect(keys).toEqual([])
  expect(isRaw()).toBe(true)
  expect(await isShown()).toBe(true)
})

test('a program that could not be started leaves the picture', async () => {
  const { lend, isShown } = await taken()
  await expect(lend(() => Promise.reject(new Error('no less here')))).rejects.toThrow('no less here')
  expect(await isShown()).toBe(true)
})

test('where it was closed meanwhile, it is not taken again', async () => {
  const { lend, close, isShown } = await taken()
  await lend(close)
  expect(await isShown()).toBe(false)
})

test('half an arrow that was typed before it was lent is forgotten', async () => {
  const { lend, type, keys } = await taken()
  type('\x1b[')
  await lend(async () => {})
  type('A')
  expect(keys).toEqual([{ kind: 'char', text: 'A' }])
})

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s ends it', async (signal) => {
  const { ended } = await taken()
  process.emit(signal, signal)
  expect(await ended).toEqual({ kind: 'ended', signal })
})

test('^c in a pager is for the pager', async () => {
  const { lend, end, ended } = await taken()
  await lend(async () => void process.emit('SIGINT', 'SIGINT'))
  end({ kind: 'left' })
  expect(await ended).toEqual({ kind: 'left' })
})

test('only the first end counts', async () => {
  const { end, ended } = await taken()
  end({ kind: 'left' })
  end({ kind: 'ended', signal: 'SIGTERM' })
  expect(await ended).toEqual({ kind: 'left' })
})

test.each(['stdin ends', 'stdin fails', 'stdout fails'])('where the terminal is gone (%s), it is over', async (how) => {
  const { stdin, stdout, ended } = await taken()
  if (how === 'stdin ends') stdin.emit('end')
  else (how === 'stdin fails' ? stdin : stdout).emit('error', new Error('EIO'))
  expect(await ended).toEqual({ kind: 'ended', signal: 'SIGHUP' })
})

test('of a terminal that is gone nothing is set any more', async () => {
  const { stdin, close, isRaw } = await taken()
  stdin.destroyed = true
  await close()
  expect(isRaw()).toBe(true)
})

test('who was stopped by somebody else takes it again when it goes on', async () => {
  const { isShown, sink } = await taken()
  await sink.leave()
  expect(await isShown()).toBe(false)
  process.emit('SIGCONT', 'SIGCONT')
  expect(await isShown()).toBe(true)
})

test('its size is looked at when it is taken, and when it changes', async () => {
  const { stdout, resizes } = await taken()
  expect(resizes()).toBe(1)
  stdout.emit('resize')
  expect(resizes()).toBe(2)
})
