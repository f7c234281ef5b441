import { EventEmitter } from 'node:events'
import { type Painted, paintFrame, type ScreenSize } from './paint.ts'

/**
 * What Ink writes its frames into (`render(…, {debug: true, stdout: sink.stdout, patchConsole: false, exitOnCtrlC: false})`:
 * then each write is a whole frame, lines with SGR colours), and the only one that writes to the terminal.
 *
 * It sends one write per frame, of what differs from the frame before (ui/paint). While the terminal is behind, frames are
 * dropped and only the newest is painted once it has caught up: a stalled ssh costs neither memory nor keys.
 */
export interface FrameSink {
  /** For Ink. Says that it is no terminal, so that nothing but frames is written to it. */
  readonly stdout: NodeJS.WriteStream
  readonly size: () => ScreenSize
  /** Takes the alternate screen, without cursor and line wrap. What is written before is painted then. */
  enter(): void
  /** The screen is shown as it was before; frames are kept from it until `enter`. Resolves when the terminal has it all. */
  leave(): Promise<void>
  /** The terminal has another size, or shows something else by now: the next frame is painted whole. */
  repaint(): void
  /** What the window is called; sent along with the next frame, and only if it changed. */
  title(text: string): void
  /** A sequence that draws nothing: the bell, the clipboard. Not sent while the terminal is behind. */
  send(sequence: string): void
  /** Bytes sent so far. */
  bytes(): number
}

/** A terminal, as process.stdout is one. */
export interface TerminalOut {
  readonly columns?: number
  readonly rows?: number
  write(text: string, sent?: () => void): boolean
  once(event: 'drain', then: () => void): unknown
}

/** Where the size is not told (a serial line), what every terminal has had since the VT100. */
const usualSize: ScreenSize = { columns: 80, rows: 24 }
/** A terminal that takes nothing any more shall not keep labmake from ending. */
const leaveMs = 1000

const enterCodes = '\x1b[?1049h\x1b[22;0t\x1b[?25l\x1b[?7l\x1b[?2004h'
const leaveCodes = '\x1b[m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[23;0t\x1b[?1049l'

export function frameSink(out: TerminalOut): FrameSink {
  let isShown = false
  let isBehind = false
  let painted: Painted | undefined
  /** The newest frame. */
  let wanted: readonly string[] | undefined
  let bytes = 0
  let wantedTitle = ''
  let shownTitle = ''

  const size = (): ScreenSize => ({
    columns: out.columns || usualSize.columns,
    rows: out.rows || usualSize.rows,
  })
  const write = (text: string, sent?: () => void) => {
    bytes += Buffer.byteLength(text)
    if (out.write(text, sent) || isBehind) return
    isBehind = true
    out.once('drain', () => {
      isBehind = false
      paint()
    })
  }
  const paint = () => {
    if (!isShown || isBehind || wanted === undefined) return
    const { text, after } = paintFrame(painted, wanted, size())
    painted = after
    const title = wantedTitle === shownTitle ? '' : `\x1b]2;${wantedTitle}\x07`
    shownTitle = wantedTitle
    if (text !== '' || title !== '') write(text + title)
  }

  const stdout = Object.assign(new EventEmitter(), {
    isTTY: false,
    write(frame: string) {
      // Ink ends with an empty line of its own.
      if (frame === '' || frame === '\n') return true
      wanted = frame.split('\n')
      paint()
      return true
    },
  })
  Object.defineProperties(stdout, {
    columns: { get: () => size().columns },
    rows: { get: () => size().rows },
  })

  return {
    // Ink needs of a stream only what is here.
    stdout: stdout as unknown as NodeJS.WriteStream,
    size,
    enter() {
      isShown = true
      painted = undefined
      shownTitle = ''
      write(enterCodes)
      paint()
    },
    leave() {
      if (!isShown) return Promise.resolve()
      isShown = false
      return new Promise((resolve) => {
        const over = setTimeout(resolve, leaveMs)
        write(leaveCodes, () => {
          clearTimeout(over)
          resolve()
        })
      })
    },
    repaint() {
      painted = undefined
    },
    title(text) {
      // No control character may end the sequence early.
      wantedTitle = text.replace(/\p{Cc}/gu, ' ').slice(0, 200)
    },
    send(sequence) {
      if (isShown && !isBehind) write(sequence)
    },
    bytes: () => bytes,
  }
}
