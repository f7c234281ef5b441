import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TestContext, test } from 'vitest'
import { hasTmux, type Terminal, terminal } from '../tmux.ts'
import type { Workspace } from '../workspace.ts'

const commandFolder = fileURLToPath(new URL('../../dist/bin', import.meta.url))
const recipeFolder = fileURLToPath(new URL('../recipes', import.meta.url))

/** A test in a real terminal; where there is no tmux it is skipped with a word. */
export function journey(name: string, act: (context: TestContext) => Promise<void>): void {
  test(name, async (context) => {
    if (!hasTmux) return context.skip('no tmux: apt-get install tmux')
    await act(context)
  })
}

export interface ScreenOptions {
  readonly columns?: number
  readonly rows?: number
  /** Typed into the shell at the beginning. Default: labmake watch. */
  readonly command?: string
  /** Added to a clean environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** What is to be seen: a text, a pattern, or a claim about the whole screen. */
export type Sight = string | RegExp | ((text: string) => boolean)

/** A terminal with a shell in it, in the workspace's folder. */
export interface Screen extends Disposable {
  /** Presses keys, by the names that tmux has for them (`Enter`, `Escape`, `C-z`, `Down`) or as they are. */
  keys(...names: string[]): void
  /** Types a text letter by letter. */
  type(text: string): void
  /** Types a command into the shell. */
  run(command: string): void
  /** Sends bytes as they are, each piece at once. */
  bytes(...pieces: string[]): void
  /** Pastes as a terminal does: within brackets where the program asked for them. */
  paste(text: string): void
  /** All rows, without blanks at their ends. */
  text(): string
  /** With escape sequences for colours. */
  painted(): string
  /** Waits until it is to be seen; resolves with the screen. Fails with the last screen. */
  until(sight: Sight): Promise<string>
  untilGone(sight: Sight): Promise<string>
  /** Until the shell asks for the next command; resolves with the screen. */
  untilShell(): Promise<string>
  resize(columns: number, rows: number): void
  modes(): Modes
  /** What programs called the terminal. */
  title(): string
  /** Ends the terminal, as closing its window does. */
  hangUp(): void
}

/** What a program may have changed of a terminal. */
export interface Modes {
  readonly alternateScreen: boolean
  readonly cursor: boolean
  readonly lineWrap: boolean
}

/** Opens a terminal and runs a command in its shell; it is gone when the test is over. */
export async function openScreen(ws: Workspace, options: ScreenOptions = {}): Promise<Screen> {
  const { columns = 100, rows = 30, command = 'labmake watch', env = {} } = options
  const shell = terminal('bash --norc --noprofile', {
    cwd: ws.root,
    columns,
    rows,
    env: {
      PATH: [commandFolder, recipeFolder, process.env.PATH].join(delimiter),
      HOME: ws.root,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HISTFILE: '',
      ...env,
    },
  })
  const screen = screenOf(shell)
  await screen.untilShell()
  screen.run(command)
  return screen
}

/** The last line that is not empty is a prompt, and nothing is typed yet. */
const prompt = /(^|\n)(\^C)?bash-[\d.]+[$#]\s*$/

function screenOf(shell: Terminal): Screen {
  const { tmux, text } = shell
  const seen = async (sight: Sight, wanted: boolean) => {
    let last = ''
    await shell.until(`${sight} is ${wanted ? 'there' : 'gone'}`, (shown) => {
      last = shown
      return isSeen(sight, shown) === wanted
    })
    return last
  }
  const type = (typed: string) => void tmux('send-keys', '-l', '--', typed)
  return {
    keys: shell.press,
    type,
    run(command) {
      type(command)
      shell.press('Enter')
    },
    bytes: (...pieces) => void tmux(...pieces.flatMap((piece) => ['send-keys', '-H', ...hexOf(piece), ';'])),
    paste: (pasted) => void tmux('set-buffer', '--', pasted, ';', 'paste-buffer', '-p', '-r'),
    text,
    painted: () => tmux('capture-pane', '-p', '-e'),
    until: (sight) => seen(sight, true),
    untilGone: (sight) => seen(sight, false),
    untilShell: () => seen(prompt, true),
    resize: (columns, rows) => shell.resize({ columns, rows }),
    modes() {
      const flags = tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}').split(/\s/)
      return { alternateScreen: flags[0] === '1', cursor: flags[1] === '1', lineWrap: flags[2] === '1' }
    },
    title: () => tmux('display-message', '-p', '#{pane_title}').trimEnd(),
    hangUp: () => void tmux('kill-pane'),
    [Symbol.dispose]: () => shell[Symbol.dispose](),
  }
}

const hexOf = (text: string) => [...Buffer.from(text)].map((byte) => byte.toString(16))

function isSeen(sight: Sight, text: string): boolean {
  if (typeof sight === 'function') return sight(text)
  return typeof sight === 'string' ? text.includes(sight) : sight.test(text)
}
