import { spawnSync } from 'node:child_process'
import { until } from './workspace.ts'

/** A terminal that a test types into and looks at. */
export interface Terminal extends Disposable {
  /** What is on the screen, without colours and without the spaces at the ends of lines. */
  text(): string
  /** Presses keys, as tmux names them: `q`, `Enter`, `C-c`. */
  press(...keys: string[]): void
  resize(size: { readonly columns: number; readonly rows: number }): void
  /** Waits until the screen is as it should be; fails with `what` and the screen if it never is. */
  until(what: string, condition: (text: string) => boolean): Promise<void>
  /** How the command ended; undefined while it runs, and if a signal ended it. The screen stays as it was then. */
  exitCode(): number | undefined
}

export interface TerminalOptions {
  readonly cwd: string
  /** All of the environment but TERM, which is tmux's. */
  readonly env: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
}

/** False where there is no tmux: journeys through a terminal are left out there. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0

let count = 0

/** Runs a command, as a shell reads it, in a terminal of its own, which is gone with the command when the test is over. */
export function terminal(command: string, { cwd, env, columns = 100, rows = 28 }: TerminalOptions): Terminal {
  const socket = `labmake-test-${process.pid}-${count++}`
  const tmux = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync('tmux', ['-f', '/dev/null', '-L', socket, ...words], {
      env,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tmux ${words[0]} failed: ${stderr}`)
    return stdout
  }
  const size = ['-x', String(columns), '-y', String(rows)]
  tmux(
    ...['start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';'],
    ...['new-session', '-d', ...size, '-c', cwd, command],
  )
  const text = () => tmux('capture-pane', '-p')
  return {
    text,
    press: (...keys) => void tmux('send-keys', ...keys),
    resize: (to) => void tmux('resize-window', '-x', String(to.columns), '-y', String(to.rows)),
    until(what, condition) {
      return until(what, () => condition(text())).catch((error: Error) => {
        throw new Error(`${error.message}; the screen:\n${text()}`)
      })
    },
    exitCode() {
      // The terminal may be closed an instant before tmux knows how the command ended.
      const code = tmux('display-message', '-p', '#{pane_dead_status}').trim()
      return code === '' ? undefined : Number(code)
    },
    [Symbol.dispose]: () => void spawnSync('tmux', ['-f', '/dev/null', '-L', socket, 'kill-server'], { env }),
  }
}
