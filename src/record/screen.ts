/** How a cell of a terminal looks. Colours are 0 to 15 of its palette; undefined is what it has by default. */
export interface Look {
  readonly ink: number | undefined
  readonly paper: number | undefined
  readonly bold: boolean
  readonly dim: boolean
  readonly underline: boolean
  readonly inverse: boolean
}

/** Text of one look in one row; rows and columns count from 0. */
export interface Run {
  readonly row: number
  readonly column: number
  readonly text: string
  readonly look: Look
}

export const plainLook: Look = {
  ink: undefined,
  paper: undefined,
  bold: false,
  dim: false,
  underline: false,
  inverse: false,
}

/** An escape sequence that says how the text after it looks, or a stretch of text. */
const pieces = /\x1b\[([\d;]*)m|[^\x1b]+/g

/**
 * What is on a screen, as `tmux capture-pane -e -p` prints it: rows of text, and SGR sequences that hold until the next one,
 * from row to row. Spaces that nobody would see are left out. All signs are taken to be one column wide, as labmake's are.
 */
export function parseScreen(captured: string): readonly Run[] {
  const runs: Run[] = []
  let look = plainLook
  for (const [row, line] of captured.split('\n').entries()) {
    let column = 0
    for (const [piece, codes] of line.matchAll(pieces)) {
      if (codes !== undefined) {
        look = nextLook(look, codes)
        continue
      }
      runs.push(...visibleRuns({ row, column, text: piece, look }))
      column += [...piece].length
    }
  }
  return runs
}

/** Text that is apart by more than a space is drawn apart, so that what changes in one part of a row leaves the others alone. */
function visibleRuns(run: Run): Run[] {
  const { look, text, row, column } = run
  if (look.inverse || look.underline || look.paper !== undefined) return [run]
  return [...text.matchAll(/[^ ]+(?: [^ ]+)*/g)].map((match) => {
    return { row, column: column + [...text.slice(0, match.index)].length, text: match[0], look }
  })
}

function nextLook(before: Look, codes: string): Look {
  let look = before
  const numbers = codes.split(';').map(Number)
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i]!
    const isExtended = code === 38 || code === 48
    // 38;5;N is one of 256 colours; the first 16 are the palette's. Others, and 38;2;R;G;B, labmake does not use.
    look = isExtended && numbers[i + 1] === 5 ? withColour(look, code, numbers[i + 2]!) : withCode(look, code)
    if (isExtended) i += numbers[i + 1] === 5 ? 2 : 4
  }
  return look
}

const withColour = (look: Look, code: number, colour: number): Look => {
  if (colour > 15) return look
  return code === 38 ? { ...look, ink: colour } : { ...look, paper: colour }
}

function withCode(look: Look, code: number): Look {
  if (code >= 30 && code <= 37) return { ...look, ink: code - 30 }
  if (code >= 90 && code <= 97) return { ...look, ink: code - 82 }
  if (code >= 40 && code <= 47) return { ...look, paper: code - 40 }
  if (code >= 100 && code <= 107) return { ...look, paper: code - 92 }
  switch (code) {
    case 0:
      return plainLook
    case 1:
      return { ...look, bold: true }
    case 2:
      return { ...look, dim: true }
    case 4:
      return { ...look, underline: true }
    case 7:
      return { ...look, inverse: true }
    case 22:
      return { ...look, bold: false, dim: false }
    case 24:
      return { ...look, underline: false }
    case 27:
      return { ...look, inverse: false }
    case 39:
      return { ...look, ink: undefined }
    case 49:
      return { ...look, paper: undefined }
    default:
      return look
  }
}
