import type { Style } from '../core/signs.ts'
import { openDrawing } from './app.tsx'
import { copySequence } from './clipboard.ts'
import type { LogFiles } from './logFiles.ts'
import { watchSession } from './session.ts'
import { frameSink } from './sink.ts'
import type { EngineLink } from './store.ts'
import { systemTimers } from './timers.ts'
import { openTty } from './tty.ts'
import type { View } from './view.ts'

export interface WatchOptions {
  readonly link: EngineLink
  readonly logs: LogFiles
  readonly files: WatchFiles
  /** Both are a terminal. */
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly style: Style
  /** As whom this person acts. */
  readonly user: string
  /** Rings when a job failed for good. */
  readonly bell: boolean
}

/** What else of the machine is needed, as cli introduces it. Both reject with a message for the person. */
export interface WatchFiles {
  /** Keeps a text in a file; resolves with its path. */
  keep(text: string): Promise<string>
  /** Shows a log, by its path in the workspace, in a program that has the terminal until it ends. */
  page(path: string): Promise<void>
}

/** How it ended, with what was to be seen then. The terminal is as it was before. */
export type WatchEnd =
  | { readonly kind: 'left'; readonly view: View }
  /** Somebody ended it, or the terminal is gone. */
  | { readonly kind: 'ended'; readonly signal: NodeJS.Signals }
  /** A defect of labmake. */
  | { readonly kind: 'broken'; readonly error: unknown }

/** Shows an engine on a terminal until the person leaves. Never rejects. */
export async function runWatch(options: WatchOptions): Promise<WatchEnd> {
  const { link, logs, files, stdin, stdout, env, style, user } = options
  const sink = frameSink(stdout)
  const tty = openTty({ stdin, stdout, sink, timers: systemTimers })
  const drawing = openDrawing(sink)
  const hasTitle = env.TERM !== 'linux'
  const session = watchSession({
    link,
    logs,
    timers: systemTimers,
    style,
    user,
    size: sink.size(),
    shell: {
      draw: drawing.draw,
      title(text) {
        if (hasTitle) sink.title(text)
      },
      bell() {
        if (options.bell) sink.send('\x07')
      },
      leave: () => tty.end({ kind: 'left' }),
      suspend: tty.suspend,
      repaint: sink.repaint,
      openPager: (path) => tty.lend(() => files.page(path)),
      async copy(text) {
        const sequence = copySequence(text, env.TMUX !== undefined)
        if (sequence !== undefined) sink.send(sequence)
        const path = await files.keep(text)
        return sequence === undefined
          ? `Too long for the clipboard; it is in ${path}.`
          : `Copied; it is in ${path} too.`
      },
    },
  })
  tty.take({ keys: session.keys, resize: () => session.resize(sink.size()) })
  const end = await tty.ended
  const view = session.view()
  session.stop()
  await tty.close()
  await drawing.end()
  return end.kind === 'left' ? { ...end, view } : end
}
