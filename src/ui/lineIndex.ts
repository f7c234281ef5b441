/**
 * Where the lines of a growing file begin, without keeping each: marks 64 KB apart, so that the index of a log of 4 GB is
 * a megabyte, and any line is found by reading little. A line that is longer has a mark at its end.
 */
export interface LineIndex {
  /** Takes the bytes that follow those that were taken before. */
  take(bytes: Uint8Array): void
  /** Bytes taken. */
  bytes(): number
  /** Line ends among them. */
  ends(): number
  /** Where the last line begins that was taken. */
  lastStart(): number
  /** Marks by number, and the last one at or before a line. Blocks of whole lines lie between them. */
  mark(at: number): Mark | undefined
  markBefore(line: number): number
  /** The last mark at or before a byte. */
  markBeforeOffset(offset: number): Mark
}

/** The start of a line: its number from 0, and its place in bytes. */
export interface Mark {
  readonly line: number
  readonly offset: number
}

const marksApartBytes = 64 * 1024
const newline = 10

export function lineIndex(): LineIndex {
  const lines = [0]
  const offsets = [0]
  let bytes = 0
  let ends = 0
  let lastStart = 0

  const mark = (at: number): Mark | undefined => {
    const line = lines[at]
    return line === undefined ? undefined : { line, offset: offsets[at]! }
  }
  return {
    take(chunk) {
      // A plain loop over what may be gigabytes.
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
        ends++
        lastStart = bytes + at + 1
        if (lastStart - offsets[offsets.length - 1]! < marksApartBytes) continue
        lines.push(ends)
        offsets.push(lastStart)
      }
      bytes += chunk.length
    },
    bytes: () => bytes,
    ends: () => ends,
    lastStart: () => lastStart,
    mark,
    markBefore: (line) => lastAtMost(lines, line),
    markBeforeOffset: (offset) => mark(lastAtMost(offsets, offset))!,
  }
}

/** Place of the last value that is not more than `value`, in a list that grows and begins with 0. */
function lastAtMost(values: readonly number[], value: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (values[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}
