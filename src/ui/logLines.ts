import type { LineIndex } from './lineIndex.ts'
import type { LogFiles } from './logFiles.ts'
import { shownLine } from './logText.ts'

/** A log as it lay there at one moment: of a file that grows, the first `sizeBytes`. */
export interface LogFile {
  readonly files: LogFiles
  readonly path: string
  readonly sizeBytes: number
}

export interface HeldLines {
  /** Number of the first one. */
  readonly first: number
  readonly lines: readonly string[]
}

/** More than any screen shows. */
const heldLines = 1000
const tailBytes = 256 * 1024
/** Held above the line that was asked for, so that scrolling back needs no reading at each key. */
const heldAbove = 300
/** A line longer than this is read only at its ends. */
const longBytes = 1024 * 1024
const headBytes = 128 * 1024
/** The last state of a progress bar fits in here. */
const lastStateBytes = 8 * 1024

const newline = 10

const decoder = new TextDecoder()

/** The last lines of a log, and where the first of them begins. Where the file has no line ends, what was written last. */
export async function readTail(log: LogFile): Promise<{ readonly lines: string[]; readonly offset: number }> {
  const { files, path, sizeBytes } = log
  const start = Math.max(0, sizeBytes - tailBytes)
  const bytes = await files.read(path, start, sizeBytes - start)
  // The first line is likely to be cut, unless it is the only one.
  let from = start === 0 ? 0 : bytes.indexOf(newline) + 1
  let raw = linesIn(decoder.decode(bytes.subarray(from)))
  for (let n = raw.length; n > heldLines; n--) from = bytes.indexOf(newline, from) + 1
  raw = raw.slice(-heldLines)
  return { lines: raw.map(shownLine), offset: start + from }
}

/** Number of the line that begins at an offset which the index has passed. */
export async function lineAt({ files, path }: LogFile, index: LineIndex, offset: number): Promise<number> {
  const mark = index.markBeforeOffset(offset)
  const bytes = await files.read(path, mark.offset, offset - mark.offset)
  return mark.line + bytes.reduce((ends, byte) => ends + (byte === newline ? 1 : 0), 0)
}

/** The lines around a line, which the index has to know. */
export async function readAround(log: LogFile, index: LineIndex, line: number): Promise<HeldLines> {
  const above = Math.max(0, line - heldAbove)
  let at = index.markBefore(above)
  const first = index.mark(at)!.line
  const lines: string[] = []
  while (first + lines.length < above + heldLines) {
    const block = blockAt(index, at, 1)
    if (block === undefined) break
    const raw = await readBlock(log, block)
    if (raw.length === 0) break
    for (const text of raw) lines.push(shownLine(text))
    at++
  }
  const skipped = Math.min(above - first, lines.length)
  return { first: first + skipped, lines: lines.slice(skipped, skipped + heldLines) }
}

/** Whole lines between two marks. */
export interface Block {
  readonly firstLine: number
  readonly offset: number
  /** Undefined for the last one: to the end of the file. */
  readonly end: number | undefined
  /** Marks passed over. */
  readonly count: number
}

/** From a mark on, as many blocks as asked for, but no more than a long line's worth; undefined past the last mark. */
export function blockAt(index: LineIndex, at: number, most: number): Block | undefined {
  const mark = index.mark(at)
  if (mark === undefined) return undefined
  let count = 1
  for (let next = index.mark(at + count + 1); count < most; next = index.mark(at + count + 1)) {
    if (next === undefined || next.offset - mark.offset > longBytes) break
    count++
  }
  return { firstLine: mark.line, offset: mark.offset, end: index.mark(at + count)?.offset, count }
}

/** The lines of a block as they were written. A very long one, which is the last of its block, by its end or its head. */
export async function readBlock({ files, path, sizeBytes }: LogFile, block: Block): Promise<string[]> {
  const end = Math.min(block.end ?? sizeBytes, sizeBytes)
  const bytes = end - block.offset
  if (bytes <= 0) return []
  if (bytes <= longBytes) return linesIn(decoder.decode(await files.read(path, block.offset, bytes)))
  const head = linesIn(decoder.decode(await files.read(path, block.offset, headBytes)))
  const tail = decoder.decode(await files.read(path, end - lastStateBytes, lastStateBytes)).replace(/\n$/, '')
  return tail.includes('\r') ? [...head.slice(0, -1), tail.slice(tail.indexOf('\r'))] : head
}

function linesIn(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
