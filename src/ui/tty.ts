import { type Key, keyReader } from './keys.ts'
import type { FrameSink } from './sink.ts'
import type { Timers } from './timers.ts'

/**
 * The terminal, while it is ours: raw keys, the alternate screen, and the signals that end it or stop it. The only owner
 * of the end: whatever happens, `ended` says so once, and `close` gives the terminal back as it was.
 */
export interface Tty {
  take(user: TtyUser): void
  /** Gives it to another program for as long as that takes. */
  lend(use: () => Promise<void>): Promise<void>
  /** As ^z does anywhere else: back to the shell, until the shell says go on. */
  suspend(): void
  end(why: TtyEnd): void
  readonly ended: Promise<TtyEnd>
  close(): Promise<void>
}

export interface TtyUser {
  keys(keys: readonly Key[]): void
  resize(): void
}

export type TtyEnd =
  | { readonly kind: 'left' }
  | { readonly kind: 'ended'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'broken'; readonly error: unknown }

export interface TtyOptions {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly sink: FrameSink
  readonly timers: Timers
}

/** Where no shell waits, nobody would ever say go on, and the signal to stop does nothing: then it goes on by itself. */
const stopMs = 500

export function openTty({ stdin, stdout, sink, timers }: TtyOptions): Tty {
  let user: TtyUser | undefined
  let isOurs = false
  let isClosed = false
  let end = (_why: TtyEnd) => {}
  const ended = new Promise<TtyEnd>((resolve) => {
    end = resolve
  })
  const reader = keyReader((keys) => user?.keys(keys), timers.startTimer)
  const onData = (chunk: Buffer) => reader.push(chunk)
  const onResize = () => user?.resize()

  const setRaw = (isRaw: boolean) => {
    // Of a terminal that is gone there is nothing to set, and its end is on the way.
    if (!stdin.destroyed && !stdin.readableEnded) stdin.setRawMode(isRaw)
  }
  const take = () => {
    isOurs = true
    setBlocking(stdout, false)
    setRaw(true)
    stdin.on('data', onData)
    stdin.resume()
    sink.enter()
    onResize()
  }
  const give = async () => {
    if (!isOurs) return
    isOurs = false
    stdin.off('data', onData)
    stdin.pause()
    reader.reset()
    await sink.leave()
    setRaw(false)
    setBlocking(stdout, true)
  }
  /** Somebody else stopped us: what the terminal shows and how it is set is not known any more. */
  const onContinue = () => {
    if (!isOurs) return
    setRaw(false)
    setRaw(true)
    sink.enter()
  }
  const onHangup = () => end({ kind: 'ended', signal: 'SIGHUP' })
  const onSignal = (signal: NodeJS.Signals) => {
    // ^c in a pager is the pager's.
    if (isOurs || signal !== 'SIGINT') end({ kind: 'ended', signal })
  }
  const onBroken = (error: unknown) => end({ kind: 'broken', error })
  const onExit = () => void sink.leave()

  for (const signal of endSignals) process.on(signal, onSignal)
  process.on('SIGCONT', onContinue)
  process.on('uncaughtException', onBroken)
  process.on('unhandledRejection', onBroken)
  process.on('exit', onExit)
  stdout.on('resize', onResize)
  stdin.on('end', onHangup)
  // These stay: a terminal that is gone may say so late, and a fault that nobody hears of ends the process.
  stdin.on('error', onHangup)
  stdout.on('error', onHangup)

  const lend = async (use: () => Promise<void>) => {
    await give()
    try {
      await use()
    } finally {
      // It may be over by now: then it stays given away.
      if (!isClosed) take()
    }
  }
  return {
    take(itsUser) {
      user = itsUser
      take()
    },
    lend,
    suspend: () =>
      void lend(async () => {
        const goOn = new Promise<void>((resolve) => {
          process.once('SIGCONT', resolve)
          timers.startTimer(stopMs, resolve)
        })
        // The whole group, as the terminal itself would: what started labmake waits for it.
        process.kill(0, 'SIGTSTP')
        await goOn
      }),
    end,
    ended,
    async close() {
      isClosed = true
      await give()
      for (const signal of endSignals) process.off(signal, onSignal)
      process.off('SIGCONT', onContinue)
      process.off('uncaughtException', onBroken)
      process.off('unhandledRejection', onBroken)
      process.off('exit', onExit)
      stdin.off('end', onHangup)
      stdout.off('resize', onResize)
    },
  }
}

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A write to a terminal blocks in Node until it is taken: a stalled ssh would freeze the keys and the clock. Node has no
 * other way to say so; where this one is gone, writes block as they did.
 */
function setBlocking(stream: NodeJS.WriteStream, isBlocking: boolean): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?(isBlocking: boolean): void } }
  handle?.setBlocking?.(isBlocking)
}
