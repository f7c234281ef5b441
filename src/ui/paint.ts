import { type Cells, noCells, parseCells, styleCode } from './cells.ts'

/**
 * What to send so that a screen that shows one frame shows the next: only the cells that differ, each reached by its
 * absolute position, so that a stray write or a lost byte never shifts the picture. Pure; ui/sink sends it.
 */
export interface Painted {
  readonly lines: readonly string[]
  readonly cells: readonly Cells[]
}

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export interface Paint {
  /** '' if nothing differs. */
  readonly text: string
  readonly after: Painted
}

/** Passing over fewer unchanged cells than this costs more than writing them again. */
const shortestJump = 5
/** A smaller change reaches the screen in one piece anyway; a bigger one is marked to be shown at once (DEC 2026). */
const biggestUnmarked = 400

/** `before` is what the screen shows; undefined if that is not known, and all is painted. */
export function paintFrame(before: Painted | undefined, frame: readonly string[], size: ScreenSize): Paint {
  const lines = frame.slice(0, size.rows)
  const cells: Cells[] = []
  const pen = newPen()
  if (before === undefined) pen.clear()
  for (let row = 0; row < Math.max(lines.length, before?.cells.length ?? 0); row++) {
    const line = lines[row] ?? ''
    const old = before?.cells[row] ?? noCells
    const isSame = before !== undefined && before.lines[row] === line
    const now = isSame ? old : parseCells(line, size.columns)
    if (row < lines.length) cells.push(now)
    if (isSame) continue
    if (old.isDoubtful || now.isDoubtful) paintWhole(pen, row, old, now)
    else paintDifference(pen, row, old, now)
  }
  const text = pen.end()
  const marked = text.length > biggestUnmarked ? `\x1b[?2026h${text}\x1b[?2026l` : text
  return { text: marked, after: { lines, cells } }
}

function paintDifference(pen: Pen, row: number, old: Cells, now: Cells): void {
  const length = now.texts.length
  const isSame = (x: number) => old.texts[x] === now.texts[x] && old.styles[x] === now.styles[x]
  for (let x = 0; x < length; x++) {
    if (isSame(x)) continue
    // A jump from the last change in this row, or writing over what lies between, if that is as cheap.
    if (pen.row === row && pen.column < x && x - pen.column < shortestJump && isCheap(pen, now, x)) {
      for (let between = pen.column; between < x; between++) pen.write(now.texts[between]!, now.styles[between]!)
    } else pen.move(row, x)
    while (x < length && !isSame(x)) {
      pen.write(now.texts[x]!, now.styles[x]!)
      x++
    }
  }
  if (length < old.texts.length) {
    pen.move(row, length)
    pen.eraseLine()
  }
}

/** Are the cells from the pen to `x` ASCII in the pen's own style? */
function isCheap(pen: Pen, { texts, styles }: Cells, x: number): boolean {
  for (let at = pen.column; at < x; at++) if (styles[at] !== pen.style || texts[at]! > '~') return false
  return true
}

/**
 * Where terminals may count columns otherwise than we do, the line is erased and painted from its start, and the position
 * is said anew after each such character: what follows stands where it belongs, whatever the terminal made of it.
 */
function paintWhole(pen: Pen, row: number, old: Cells, now: Cells): void {
  pen.move(row, 0)
  if (old.texts.length > 0) pen.eraseLine()
  for (let x = 0; x < now.texts.length; x++) {
    const text = now.texts[x]!
    if (text === '') continue
    if (pen.column !== x || pen.isLost) pen.move(row, x)
    pen.write(text, now.styles[x]!)
    if (text.length > 1 || text >= '\u2e80') pen.isLost = true
  }
}

interface Pen {
  row: number
  column: number
  style: number
  /** The terminal may have counted another width for what was written last. */
  isLost: boolean
  clear(): void
  move(row: number, column: number): void
  write(text: string, style: number): void
  eraseLine(): void
  /** All that was painted, with the style back at its default. */
  end(): string
}

function newPen(): Pen {
  let text = ''
  const use = (style: number) => {
    text += styleCode(pen.style, style)
    pen.style = style
  }
  const pen: Pen = {
    row: -1,
    column: -1,
    style: 0,
    isLost: false,
    clear() {
      text += '\x1b[m\x1b[2J'
    },
    move(row, column) {
      if (pen.row === row && pen.column === column && !pen.isLost) return
      text +=
        pen.row === row ? `\x1b[${column + 1}G` : column === 0 ? `\x1b[${row + 1}H` : `\x1b[${row + 1};${column + 1}H`
      pen.row = row
      pen.column = column
      pen.isLost = false
    },
    write(character, style) {
      // The second column of a wide character came with its first.
      if (character !== '') {
        if (pen.style !== style) use(style)
        text += character
      }
      pen.column++
    },
    eraseLine() {
      // Terminals erase with the background that is set.
      use(0)
      text += '\x1b[K'
    },
    end() {
      use(0)
      return text
    },
  }
  return pen
}
