import { Box, render, Text, Transform } from 'ink'
import { memo } from 'react'
import type { FrameSink } from './sink.ts'

/**
 * The shell of React and Ink around frames that are painted already: each is a list of lines, cut to the width. It holds
 * no state.
 */
export interface Drawing {
  /** Draws a frame; returns when the sink has it. */
  draw(lines: readonly string[]): void
  /** Resolves when Ink has let go of the screen. */
  end(): Promise<void>
}

export function openDrawing({ stdout }: FrameSink): Drawing {
  // In debug mode Ink writes whole frames and nothing else, also where CI is set.
  const ink = render(<Frame lines={[]} columns={stdout.columns} />, {
    stdout,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  })
  const ended = ink.waitUntilExit()
  return {
    draw: (lines) => ink.rerender(<Frame lines={lines} columns={stdout.columns} />),
    async end() {
      ink.unmount()
      await ended
    },
  }
}

/** One row for each line. */
export function Frame({ lines, columns }: { readonly lines: readonly string[]; readonly columns: number }) {
  return (
    <Box flexDirection="column" width={columns} height={lines.length}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen.
        <Line key={row} line={line} />
      ))}
    </Box>
  )
}

/**
 * A line as it is, which React passes over when it is the same. Ink measures the text of an element, and remembers for ever
 * each text that it has measured: here that is one blank, and the line is put in its place afterwards.
 */
const Line = memo(function Line({ line }: { readonly line: string }) {
  return (
    <Transform transform={() => line}>
      <Text> </Text>
    </Transform>
  )
})
