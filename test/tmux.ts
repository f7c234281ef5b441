import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** How long somebody at a terminal waits to see something: far more than anything here takes. */
const patienceMs = 40_000
/** Each look is a process of its own. */
const pollMs = 40

/** A terminal that a test types into and looks at. */
export interface Terminal extends Disposable {
  /** What is on the screen, without colours and without the spaces at the ends of lines. */
  text(): string
  /** Presses keys, as tmux names them: `q`, `Enter`, `C-c`. */
  press(...keys: string[]): void
  resize(size: { readonly columns: number; readonly rows: number }): void
  /** Waits until the screen is as it should be; fails with `what` and the screen if it never is. */
  until(what: string, condition: (text: string) => boolean): Promise<void>
  /** Any other command of tmux; returns what it says. */
  tmux(...words: string[]): string
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

/** Runs a command, as a shell reads it, in a terminal of its own, which is gone with the command when the test is over. */
export function terminal(command: string, { cwd, env, columns = 100, rows = 28 }: TerminalOptions): Terminal {
  // A server of its own; tmux leaves its socket behind.
  const folder = mkdtempSync(join(tmpdir(), 'labmake-tmux-'))
  const server = ['-f', '/dev/null', '-S', join(folder, 'socket')]
  const tmux = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync('tmux', [...server, ...words], {
      env,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tmux ${words[0]} failed: ${stderr}`)
    return stdout
  }
  const size = ['-x', String(columns), '-y', String(rows)]
  tmux(
    ...['start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'status', 'off', ';'],
    ...['new-session', '-d', ...size, '-c', cwd, command],
  )
  const text = () => tmux('capture-pane', '-p')
  return {
    text,
    tmux,
    press: (...keys) => void tmux('send-keys', ...keys),
    resize: (to) => void tmux('resize-window', '-x', String(to.columns), '-y', String(to.rows)),
    async until(what, condition) {
      const deadline = Date.now() + patienceMs
      for (let shown = text(); !condition(shown); shown = text()) {
        if (Date.now() > deadline)
          throw new Error(`it was never seen that ${what}; the screen at last:\n${framed(shown)}`)
        await wait(pollMs)
      }
    },
    exitCode() {
      // The terminal may be closed an instant before tmux knows how the command ended.
      const told = tmux('display-message', '-p', '#{pane_dead_status},#{pane_dead},#{pid}')
      const [code = '', isDead, pid] = told.trim().split(',')
      // Now and then it misses that its child has ended, which stays a zombie, until it is told again.
      if (code === '' && isDead === '1') process.kill(Number(pid), 'SIGCHLD')
      return code === '' ? undefined : Number(code)
    },
    [Symbol.dispose]() {
      spawnSync('tmux', [...server, 'kill-server'], { env })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function framed(text: string): string {
  return text.replace(/\n$/, '').replace(/^/gm, '  |')
}
