import type { Run } from './screen.ts'

/** Width and height of a cell, and the size of its letters, in px. Most monospaced fonts are 0.6 of their size wide. */
export const cell = { width: 8.4, height: 18, font: 14 } as const
/** Where the first cell is. */
export const origin = { x: 16, y: 48 } as const
/** Height of the bar above the screen. */
const barHeight = 36

export const paper = '#0d1117'
const ink = '#c9d1d9'
/** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. All can be read on the dark paper. */
const palette = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#7d8590', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'],
]

const fonts = `ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace`

/** For all that is drawn here. */
export const style = [
  `text{font:${cell.font}px ${fonts};fill:${ink};white-space:pre}`,
  '.m{text-anchor:middle}.b{font-weight:700}.d{opacity:.6}',
  `.c{font-size:13px;fill:#8b949e}.k{font-size:12px;font-weight:700}`,
  ...palette.map((colour, i) => `.i${i}{fill:${colour}}`),
  `.n{fill:${paper}}`,
  // Bars side by side leave no seam between them; what is round stays smooth.
  'rect{shape-rendering:crispEdges}.w{shape-rendering:auto}',
].join('')

/** The window without what is on its screen. */
export function drawWindow(size: { readonly width: number; readonly height: number }): string {
  const { width, height } = size
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map((colour, i) => {
    return `<circle cx="${20 + i * 18}" cy="${barHeight / 2}" r="5.5" fill="${colour}"/>`
  })
  return [
    `<rect class="w" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9.5" fill="${paper}" stroke="#30363d"/>`,
    `<path d="M.5 ${barHeight}V10A9.5 9.5 0 0 1 10 .5H${width - 10}a9.5 9.5 0 0 1 9.5 9.5V${barHeight}z" fill="#161b22" stroke="#30363d"/>`,
    ...dots,
  ].join('')
}

/** In the middle of the bar. */
export function drawCaption(text: string, width: number): string {
  return `<text class="c m" x="${width / 2}" y="23">${escaped(text)}</text>`
}

/** A key of a keyboard, at the right end of the bar. */
export function drawKey(key: string, width: number): string {
  const keyWidth = Math.max(24, key.length * 8 + 14)
  const x = width - 16 - keyWidth
  return `<rect class="w" x="${x}" y="8" width="${keyWidth}" height="20" rx="4" fill="#30363d" stroke="#6e7681"/><text class="k m i15" x="${x + keyWidth / 2}" y="22">${escaped(key)}</text>`
}

/** A run as SVG. Each word, and each sign that a font may have in another width, has its own place. */
export function drawRun({ row, column, text, look }: Run): string {
  const isFilled = look.inverse || look.paper !== undefined
  const fill = look.inverse ? colourOf(look.ink, ink) : colourOf(look.paper, paper)
  const width = [...text].length
  const back = isFilled ? bar({ row, column, width, top: 0, height: cell.height, fill }) : ''
  const under = look.underline
    ? bar({ row, column, width, top: cell.height - 2, height: 1, fill: colourOf(look.ink, ink) })
    : ''
  let at = column
  const parts = (text.match(/ +|─+|[!-~]+(?: [!-~]+)*|./gu) ?? []).map((part) => {
    const drawn = part.startsWith(' ') ? '' : drawPart({ row, column: at, text: part, look })
    at += [...part].length
    return drawn
  })
  return back + under + parts.join('')
}

function drawPart(run: Run): string {
  const { row, column, text, look } = run
  const colour = look.inverse ? colourOf(look.paper, paper) : colourOf(look.ink, ink)
  const dim = look.dim ? ' class="d"' : ''
  const shape = (attributes: string) => `<rect${dim} ${attributes}/>`
  const square = (inset: number) => {
    const side = cell.width - 1.6 - 2 * inset
    return `x="${px(xOf(column) + 0.8 + inset)}" y="${px(yOf(row) + 5.4 + inset)}" width="${px(side)}" height="${px(side)}"`
  }
  switch (text[0]) {
    case '─':
      return shape(
        `x="${px(xOf(column))}" y="${yOf(row) + 9}" width="${px(text.length * cell.width)}" height="1" fill="${colour}"`,
      )
    case '▌':
      return shape(`x="${px(xOf(column))}" y="${yOf(row)}" width="4" height="${cell.height}" fill="${colour}"`)
    case '■':
      return shape(`${square(0)} fill="${colour}"`)
    case '□':
      return shape(`${square(0.5)} fill="none" stroke="${colour}"`)
    default:
      return drawText(run)
  }
}

function drawText({ row, column, text, look }: Run): string {
  const isSign = text.length === 1 && text > '~'
  const colour = look.inverse ? (look.paper === undefined ? 'n' : `i${look.paper}`) : `i${look.ink}`
  const classes = [
    ...(look.inverse || look.ink !== undefined ? [colour] : []),
    ...(look.bold ? ['b'] : []),
    ...(look.dim ? ['d'] : []),
    ...(isSign ? ['m'] : []),
  ]
  const named = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`
  const x = xOf(column) + (isSign ? cell.width / 2 : 0)
  // However wide the letters of the font are, a word ends where its last column does.
  const length = text.length > 1 ? ` textLength="${px(text.length * cell.width)}"` : ''
  return `<text${named} x="${px(x)}" y="${px(yOf(row) + 13.5)}"${length}>${escaped(text)}</text>`
}

interface Bar {
  readonly row: number
  readonly column: number
  readonly width: number
  readonly top: number
  readonly height: number
  readonly fill: string
}

function bar({ row, column, width, top, height, fill }: Bar): string {
  return `<rect x="${px(xOf(column))}" y="${yOf(row) + top}" width="${px(width * cell.width)}" height="${height}" fill="${fill}"/>`
}

const colourOf = (colour: number | undefined, otherwise: string) =>
  colour === undefined ? otherwise : palette[colour]!
const xOf = (column: number) => origin.x + column * cell.width
const yOf = (row: number) => origin.y + row * cell.height
const px = (value: number) => String(Math.round(value * 10) / 10)
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
