import { EventEmitter } from 'node:events'
import { Box, render, Text } from 'ink'
import { memo } from 'react'
import type { FrameSink } from './sink.ts'

/**
 * The shell of React and Ink around frames that are painted already: each is a list of lines, cut to the width. It holds
 * no state of what is shown.
 *
 * Ink takes each line apart, character by character, at each frame, and remembers for ever every text that it measured: a
 * frame of 200×60 cost 22 ms, the first one 300 more, and a night some hundred megabytes. So it is given a short stand-in
 * for each line, the same as long as the line is, and the lines are put in their places when it has laid them out.
 */
export interface Drawing {
  /** Draws a frame; when it returns, the sink has it. */
  draw(lines: readonly string[]): void
  /** Resolves when Ink is gone. */
  end(): Promise<void>
}

export function openDrawing(sink: FrameSink): Drawing {
  const standIns = standInsOfLines()
  const stdout = Object.assign(new EventEmitter(), {
    // No terminal: then nothing but frames is written to it.
    isTTY: false,
    columns: widestStandIn,
    write(frame: string) {
      // Ink ends with an empty line of its own.
      if (frame.trim() !== '') sink.paint(frame.split('\n').map(standIns.lineOf))
      return true
    },
  })
  // In debug mode Ink writes whole frames and nothing else, also where CI is set.
  const ink = render(<Frame lines={[]} />, {
    // Ink needs of a stream only what is here.
    stdout: stdout as unknown as NodeJS.WriteStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  })
  const ended = ink.waitUntilExit()
  return {
    draw: (lines) => ink.rerender(<Frame lines={standIns.of(lines)} />),
    async end() {
      ink.unmount()
      await ended
    },
  }
}

/** One row for each line. */
export function Frame({ lines }: { readonly lines: readonly string[] }) {
  return (
    <Box flexDirection="column">
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen.
        <Line key={row} line={line} />
      ))}
    </Box>
  )
}

/** React passes over a line that is the same. */
const Line = memo(function Line({ line }: { readonly line: string }) {
  return <Text>{line}</Text>
})

/** Stand-ins are used again once their lines are gone, so that there are never more than two screens of them. */
const widestStandIn = 8

function standInsOfLines() {
  let byLine = new Map<string, string>()
  const lines = new Map<string, string>()
  const free: string[] = []
  return {
    of(frame: readonly string[]): string[] {
      const now = new Map<string, string>()
      const standIns = frame.map((line) => {
        const standIn = now.get(line) ?? byLine.get(line) ?? free.pop() ?? `#${lines.size}`
        now.set(line, standIn)
        lines.set(standIn, line)
        return standIn
      })
      for (const [line, standIn] of byLine) if (!now.has(line)) free.push(standIn)
      byLine = now
      return standIns
    },
    lineOf: (standIn: string): string => lines.get(standIn) ?? '',
  }
}
