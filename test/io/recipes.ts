import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { openLauncher } from '../../src/io/launcher.ts'
import { markProcess } from '../../src/io/processes.ts'
import type { AttemptState } from '../../src/model/attempt.ts'
import type { Launcher, Running } from '../../src/model/ports.ts'
import type { Workspace } from '../workspace.ts'

/** The one attempt of a test. Tests at the same time have others: its name is how what forks away from its recipe is found. */
export const one = `one-${randomUUID().slice(0, 8)}`
export const folderOfOne = `.labmake/running/${one}`

export interface Limits {
  readonly graceMs?: number
  readonly timeoutMs?: number
}

/** Starts a bash script through a launcher of a workspace, as the attempt `one`; what it writes goes to the file `log`. */
export function startScript(
  ws: Workspace,
  script: string,
  { graceMs = 50, timeoutMs, launcher = openLauncher(ws.root, { graceMs }) }: Limits & { launcher?: Launcher } = {},
): Promise<Running> {
  mkdirSync(ws.path(folderOfOne), { recursive: true })
  return launcher.start({
    slug: one,
    words: ['bash', '-c', script],
    environment: { greeting: 'hello $HOME' },
    log: 'log',
    title: 'the recipe',
    timeoutMs,
  })
}

/** What a labmake wrote down of that attempt, for the next one. */
export const stateOfOne: AttemptState = {
  slug: one,
  job: 'copy/a',
  attempt: 1,
  startedMs: Date.now(),
  timeoutMs: undefined,
  process: undefined,
  targets: [],
  expects: [],
  ignore: [],
  pools: {},
  log: 'log',
  before: { sources: {}, uses: {}, targets: {}, recipe: '', params: {} },
  sourceBytes: 0,
  committing: undefined,
}

export const isAlive = (pid: number) => markProcess(pid) !== undefined

/** The process id that a recipe wrote into a file. */
export async function pidIn(ws: Workspace, file: string): Promise<number> {
  await ws.until(`a process id is in ${file}`, () => ws.exists(file) && ws.read(file).endsWith('\n'))
  return Number(ws.read(file))
}
