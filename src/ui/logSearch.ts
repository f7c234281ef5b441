import type { LineIndex } from './lineIndex.ts'
import { type Block, blockAt, type LogFile, readBlock } from './logLines.ts'
import { shownLine, withoutEscapes } from './logText.ts'

export interface LogSearch {
  /** Small letters find capitals too; with a capital in it, it is found as it is. */
  readonly text: string
  /** Line that is looked at first. */
  readonly from: number
  readonly direction: 'down' | 'up'
}

/** Blocks read at once: fewer, and reading takes longer than looking; more, and a key waits for it. */
const blocksAtOnce = 16

/**
 * Number of the next line that shows a text, going round at the end of the log; undefined if none does, or `signal` was
 * aborted. Reads a megabyte at a time, so that keys come in between.
 */
export async function searchLog(
  log: LogFile,
  index: LineIndex,
  { text, from, direction }: LogSearch,
  signal: AbortSignal,
): Promise<number | undefined> {
  const isExact = text !== text.toLowerCase()
  const folded = (line: string) => (isExact ? line : line.toLowerCase())
  const find = async (block: Block, isAsked: (line: number) => boolean) => {
    const lines = await readBlock(log, block)
    // Most blocks have nothing of it, which their text as a whole tells sooner.
    if (!folded(withoutEscapes(lines.join('\n'))).includes(text)) return undefined
    const isHit = (raw: string, at: number) => isAsked(block.firstLine + at) && folded(shownLine(raw)).includes(text)
    const at = direction === 'down' ? lines.findIndex(isHit) : lines.findLastIndex(isHit)
    return at < 0 ? undefined : block.firstLine + at
  }
  const blocks = allBlocks(index)
  const start = Math.max(
    0,
    blocks.findLastIndex(({ firstLine }) => firstLine <= from),
  )
  const isAhead = (line: number) => (direction === 'down' ? line >= from : line <= from)
  const step = direction === 'down' ? 1 : -1
  // The block that it starts in comes twice: at last with the lines that lie behind.
  for (let n = 0; n <= blocks.length; n++) {
    if (signal.aborted) return undefined
    const at = (start + n * step + blocks.length * 2) % blocks.length
    const isAsked = n === 0 ? isAhead : n === blocks.length ? (line: number) => !isAhead(line) : () => true
    const line = await find(blocks[at]!, isAsked)
    if (line !== undefined) return line
  }
  return undefined
}

function allBlocks(index: LineIndex): Block[] {
  const blocks: Block[] = []
  for (let at = 0; ; ) {
    const block = blockAt(index, at, blocksAtOnce)
    if (block === undefined) return blocks
    blocks.push(block)
    at += block.count
  }
}
