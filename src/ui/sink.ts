import { type Painted, paintFrame, type ScreenSize } from './paint.ts'

/**
 * The only one that writes to the terminal: one write per frame, of what differs from the frame before (ui/paint). While
 * the terminal is behind, frames are dropped and only the newest is painted once it has caught up: a stalled ssh costs
 * neither memory nor keys.
 */
export interface FrameSink {
  /** A whole frame: its lines, with SGR colours. */
  paint(lines: readonly string[]): void
  readonly size: () => ScreenSize
  /** Takes the alternate screen, without cursor and line wrap. The newest frame is painted. */
  enter(): void
  /** The screen is shown as it was before; frames are kept from it until `enter`. Resolves when the terminal has it all. */
  leave(): Promise<void>
  /** The terminal has another size, or shows something else by now: all is painted anew. */
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
      show()
    })
  }
  const show = () => {
    if (!isShown || isBehind || wanted === undefined) return
    const { text, after } = paintFrame(painted, wanted, size())
    painted = after
    const title = wantedTitle === shownTitle ? '' : `\x1b]2;${wantedTitle}\x07`
    shownTitle = wantedTitle
    if (text !== '' || title !== '') write(text + title)
  }

  return {
    paint(lines) {
      wanted = lines
      show()
    },
    size,
    enter() {
      isShown = true
      painted = undefined
      shownTitle = ''
      write(enterCodes)
      show()
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
      show()
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
