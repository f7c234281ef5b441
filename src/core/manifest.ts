import type { Fault } from '../model/errors.ts'
import { isBatchName, namePattern } from './names.ts'
import { printable } from './printable.ts'

/** A row of a manifest that can be used. */
export interface ManifestRow {
  readonly batch: string
  /** Values given in this row; a cell that is there but empty is the value "". */
  readonly params: ReadonlyMap<string, string>
  /** `data/manifests/ana.tsv:3` */
  readonly where: string
}

/** A row that cannot be used, though it is clear which batch it speaks of: that batch waits. */
export interface RefusedRow {
  readonly batch: string
  readonly where: string
  readonly message: string
}

export interface Manifest {
  readonly rows: readonly ManifestRow[]
  readonly refused: readonly RefusedRow[]
  readonly faults: readonly Fault[]
}

export interface ManifestContext {
  /** Relative path, for messages. */
  readonly file: string
  /** First param of the first rule that has one: what the second column of a headerless manifest means. */
  readonly firstParam: string | undefined
}

/**
 * Reads a manifest: tab-separated, with a header (`batch`, then params) or as `BLOCK<TAB>OMIT` without one. A BOM, CRLF,
 * blank lines and `#` comments are fine. Never throws: a bad row is a fault with its line number, the others stand.
 */
export function parseManifest(text: string, context: ManifestContext): Manifest {
  const rows: ManifestRow[] = []
  const refused: RefusedRow[] = []
  const faults: Fault[] = []
  let columns: readonly string[] | undefined
  linesOf(text).forEach((line, i) => {
    if (isPassedOver(line)) return
    const where = `${context.file}:${i + 1}`
    const cells = line.split('\t').map((cell) => cell.trim())
    if (columns === undefined && isHeader(cells[0]!)) {
      columns = readHeader(cells, where, faults)
      return
    }
    const headerless = columns === undefined
    columns ??= ['batch', ...(context.firstParam === undefined ? [] : [context.firstParam])]
    const row = readRow({ cells, columns, where, line, headerless })
    if ('message' in row) {
      const { batch, ...fault } = row
      faults.push({ ...fault, where, excerpt: line })
      if (batch !== undefined) refused.push({ batch, where, message: fault.message })
    } else rows.push(row)
    if (headerless) columns = undefined
  })
  return { rows, refused, faults }
}

/** The batches of all rows, whether they can be used or not: as parseManifest finds them, at a quarter of the cost. */
export function batchesNamed(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  let hasHeader = false
  for (const line of linesOf(text)) {
    if (isPassedOver(line)) continue
    const [cell = ''] = line.split('\t', 1)
    const name = cell.trim()
    if (!hasHeader && isHeader(name)) hasHeader = true
    else if (isBatchName(name)) names.add(name)
  }
  return names
}

const linesOf = (text: string) => text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
const isPassedOver = (line: string) => line.trim() === '' || line.trimStart().startsWith('#')
const isHeader = (firstCell: string) => /^(batch|block)$/i.test(firstCell)

function readHeader(cells: readonly string[], where: string, faults: Fault[]): string[] {
  const names = cells.map((cell) => cell.toLowerCase())
  names.slice(1).forEach((name, i) => {
    if (name === '' || new RegExp(`^(${namePattern}|#.*)$`).test(name)) return
    faults.push({
      where,
      message: `column ${i + 2} has the name "${cells[i + 1]}", which no param can have`,
      hint: 'Param names are small letters, digits and _. Begin the name of a column that is only a note with #.',
    })
  })
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) < i)
  if (twice !== undefined)
    faults.push({ where, message: `two columns are named "${twice}"`, hint: 'Rename one of them.' })
  return ['batch', ...names.slice(1)]
}

interface RowText {
  readonly cells: readonly string[]
  readonly columns: readonly string[]
  readonly where: string
  readonly line: string
  readonly headerless: boolean
}

type BadRow = { readonly batch: string | undefined; readonly message: string; readonly hint?: string }

function readRow({ cells, columns, where, line, headerless }: RowText): ManifestRow | BadRow {
  const name = cells[0]!
  if (!isBatchName(name)) return badName(name, line)
  while (cells.length > columns.length && cells.at(-1) === '') cells = cells.slice(0, -1)
  if (cells.length > columns.length) {
    const hint = headerless
      ? `Without a header a row is BATCH<TAB>${columns[1] === undefined ? '(no rule has a param)' : columns[1].toUpperCase()}. For more params, name them in a first line: batch<TAB>…`
      : 'Remove the extra cells, or name their columns in the header.'
    return { batch: name, message: `${cells.length} cells, ${columns.length} expected`, hint }
  }
  const params = new Map<string, string>()
  for (const [i, cell] of cells.entries()) {
    const column = columns[i]!
    if (i === 0 || column === '' || column.startsWith('#')) continue
    if (printable(cell) !== cell) {
      const message = `the value of ${column} holds a control character, which no screen shows: ${printable(cell)}`
      return { batch: name, message, hint: 'Type the value anew.' }
    }
    params.set(column, cell)
  }
  return { batch: name, params, where }
}

function badName(name: string, line: string): BadRow {
  const hint = 'A batch name is letters, digits and . _ + -, begins with a letter or digit, and has at most 128 signs.'
  if (name === '')
    return { batch: undefined, message: 'the row has no batch name', hint: 'The first column is the batch.' }
  const spaced = !line.includes('\t') && /\s/.test(line.trim())
  return {
    batch: undefined,
    message: `"${name}" is not a batch name`,
    hint: spaced ? `${hint} Columns are separated by a tab, not by spaces.` : hint,
  }
}
