import xterm from '@xterm/headless'

const { Terminal } = xterm

export interface Screen {
  write(text: string): Promise<void>
  resize(columns: number, rows: number): void
  /** The text of each row, without trailing blanks. */
  text(): string[]
  /** Every cell with its look, for comparing. */
  cells(): string[]
  /** Is the alternate screen shown? */
  isAlternate(): boolean
  title(): string
}

/** A terminal without a window. */
export function screen(columns: number, rows: number): Screen {
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 })
  let title = ''
  terminal.onTitleChange((text) => {
    title = text
  })
  const row = (y: number) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + y)!
  const rowsOf = (read: (y: number) => string) => Array.from({ length: terminal.rows }, (_, y) => read(y))
  return {
    write: (text) => new Promise((resolve) => terminal.write(text, resolve)),
    resize: (c, r) => terminal.resize(c, r),
    text: () => rowsOf((y) => row(y).translateToString(true)),
    cells: () =>
      rowsOf((y) => {
        let all = ''
        for (let x = 0; x < terminal.cols; x++) {
          const cell = row(y).getCell(x)!
          const shown = cell.getWidth() === 0 ? '' : cell.getChars() || ' '
          const lines = `${cell.isInverse() ? 'i' : ''}${cell.isUnderline() ? 'u' : ''}`
          // Of a blank, only what is seen counts.
          const look =
            shown === ' ' && lines === ''
              ? `${cell.getBgColor()}`
              : `${cell.getFgColor()},${cell.getBgColor()}${cell.isBold() ? 'b' : ''}${cell.isDim() ? 'd' : ''}${lines}`
          all += shown === ' ' && look === '-1' ? ' ' : `[${shown}|${look}]`
        }
        return all.trimEnd()
      }),
    isAlternate: () => terminal.buffer.active.type === 'alternate',
    title: () => title,
  }
}
