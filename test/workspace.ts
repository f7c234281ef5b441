import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const labmakePath = fileURLToPath(new URL('../dist/bin/labmake', import.meta.url))
/** Fake recipes (`denoise`, `phy`) that a test can hold and that write down when they ran. */
const recipeFolder = fileURLToPath(new URL('recipes', import.meta.url))

/** How long a test waits for something to come true before it fails: far more than anything here takes. */
const patienceMs = 20_000
const pollMs = 10
/** Files of a new workspace are this old, so that whatever a test writes later is newer beyond doubt. */
const startAgeSeconds = 3600

/** What a labmake that has ended said. */
export interface Run {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects there.
  json(): any
}

/** A labmake that may still be at work. */
export interface Started {
  readonly pid: number
  readonly ended: Promise<Run>
  hasEnded(): boolean
  /** What it said until now. */
  stdout(): string
  stderr(): string
  signal(name: NodeJS.Signals): void
  /** Stops reading what it says, as `head` does. */
  stopReading(): void
}

/** A recipe's own word on when it started and ended. */
export interface RecipeNote {
  readonly atMs: number
  /** `denoise/B1` */
  readonly recipe: string
  readonly event: 'start' | 'end'
}

export interface Surroundings {
  /** Folder that labmake is started in, relative to the workspace. */
  readonly cwd?: string
  /** Added to a clean environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Workspace extends AsyncDisposable {
  readonly root: string
  path(relative: string): string
  /** Writes a file and the folders above it; a path with a trailing slash is an empty folder. */
  write(path: string, content: string): void
  read(path: string): string
  exists(path: string): boolean
  /** Names in a folder, sorted; empty if it is not there. */
  list(path: string): string[]
  remove(path: string): void
  /** Dates a file, or all below a folder, this long ago; a negative number is in the future. */
  age(path: string, by: { readonly seconds: number }): void
  labmake(...args: string[]): Promise<Run>
  start(...args: string[]): Started
  /** The same from another folder, or with another environment. */
  from(surroundings: Surroundings): Pick<Workspace, 'labmake' | 'start'>
  /** The fake recipe of this name (`denoise/B1`) waits once it has started, until it is released. */
  hold(...recipes: string[]): void
  release(...recipes: string[]): void
  notes(): RecipeNote[]
  /** Recipes that started since this was last asked, in order. */
  newRuns(): string[]
  /** Waits until the condition holds; fails with `what` if it never does. */
  until(what: string, condition: () => boolean): Promise<void>
  /** The recipe of this name has started. */
  untilStarted(...recipes: string[]): Promise<void>
  /** Runs `act` when the test is over, last first. */
  atEnd(act: () => void): void
  /** Keeps the folder after the test, and says where it is: for finding out why a test fails. */
  keep(): void
}

/**
 * A workspace in a folder of its own, removed with all that was started in it when the test is over:
 * `await using ws = await workspace({ 'rules/r.yaml': '…' })`.
 */
export async function workspace(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'labmake-test-')))
  const started = new Set<ChildProcess>()
  const lastActs: (() => void)[] = []
  let kept = false
  let seenRuns = 0
  const at = (path: string) => join(root, path)
  const launch = (surroundings: Surroundings, args: readonly string[]) => {
    const child = spawnLabmake(root, surroundings, args)
    started.add(child)
    child.once('close', () => started.delete(child))
    return child
  }
  const commands = (surroundings: Surroundings) => ({
    labmake: (...args: string[]) => follow(launch(surroundings, args)).ended,
    start: (...args: string[]) => follow(launch(surroundings, args)),
  })
  const ws: Workspace = {
    root,
    path: at,
    write(path, content) {
      mkdirSync(path.endsWith('/') ? at(path) : dirname(at(path)), { recursive: true })
      if (!path.endsWith('/')) writeFileSync(at(path), content)
    },
    read: (path) => readFileSync(at(path), 'utf8'),
    exists: (path) => existsSync(at(path)),
    list: (path) => (existsSync(at(path)) ? readdirSync(at(path)).sort() : []),
    remove: (path) => rmSync(at(path), { recursive: true }),
    age: (path, { seconds }) => date(at(path), Date.now() / 1000 - seconds),
    ...commands({}),
    from: commands,
    hold(...recipes) {
      for (const recipe of recipes) ws.write(`hold/${recipe}`, '')
    },
    release(...recipes) {
      for (const recipe of recipes) ws.remove(`hold/${recipe}`)
    },
    notes: () => (ws.exists('recipes.log') ? parseNotes(ws.read('recipes.log')) : []),
    newRuns() {
      const runs = startedIn(ws.notes())
      const fresh = runs.slice(seenRuns)
      seenRuns = runs.length
      return fresh
    },
    until: (what, condition) => until(what, condition, root),
    async untilStarted(...recipes) {
      await ws.until(`${recipes.join(', ')} started`, () => {
        const runs = startedIn(ws.notes())
        return recipes.every((recipe) => runs.includes(recipe))
      })
    },
    atEnd: (act) => lastActs.push(act),
    keep() {
      kept = true
      process.stderr.write(`kept: ${root}\n`)
    },
    async [Symbol.asyncDispose]() {
      for (const child of started) child.kill('SIGKILL')
      killEngine(root)
      killRecipes(root)
      for (const act of lastActs.toReversed()) act()
      if (!kept) rmSync(root, { recursive: true, force: true, maxRetries: 10 })
    },
  }
  for (const [path, content] of Object.entries(files)) ws.write(path, content)
  date(root, Date.now() / 1000 - startAgeSeconds)
  return ws
}

function date(path: string, seconds: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    for (const name of readdirSync(path)) date(join(path, name), seconds)
  }
  lutimesSync(path, seconds, seconds)
}

function spawnLabmake(root: string, { cwd = '.', env = {} }: Surroundings, args: readonly string[]): ChildProcess {
  const path = [recipeFolder, process.env.PATH].join(delimiter)
  return spawn(labmakePath, args, {
    cwd: join(root, cwd),
    env: { PATH: path, HOME: root, LANG: 'C.UTF-8', TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function follow(child: ChildProcess): Started {
  const said = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const ended = new Promise<Run>((resolve, reject) => {
    child.once('error', reject)
    // Recipes have no pipe of labmake's open, or `close` would wait for them.
    child.once('close', (code) => resolve({ code, ...said, json: () => JSON.parse(said.stdout) }))
  })
  return {
    pid: child.pid!,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    signal: (name) => child.kill(name),
    stopReading: () => child.stdout!.destroy(),
  }
}

function parseNotes(log: string): RecipeNote[] {
  return log
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, seconds, recipe, event] = /^(\S+) (.*) (start|end)$/.exec(line) ?? []
      return { atMs: Number(seconds) * 1000, recipe: recipe!, event: event as RecipeNote['event'] }
    })
}

const startedIn = (notes: readonly RecipeNote[]) => notes.filter((n) => n.event === 'start').map((n) => n.recipe)

/** The most recipes that ran at the same time, of those that `of` picks; by their own notes. */
export function mostAtOnce(notes: readonly RecipeNote[], of: (recipe: string) => boolean = () => true): number {
  let running = 0
  let most = 0
  for (const { recipe, event } of notes) {
    if (!of(recipe)) continue
    running += event === 'start' ? 1 : -1
    most = Math.max(most, running)
  }
  return most
}

/** Waits until the condition holds, looking again and again; fails with `what` if it never does. */
export async function until(what: string, condition: () => boolean, where = ''): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`it never came true that ${what} ${where}`)
    await wait(pollMs)
  }
}

/** Ends an engine that was started in the background, by what it wrote down of itself. */
function killEngine(root: string): void {
  const pid = enginePid(root)
  // A test may hold the lock itself.
  if (pid === undefined || pid === process.pid) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** The process id of whoever holds the workspace's lock, or held it last. */
export function enginePid(root: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(root, '.labmake/engine.json'), 'utf8')) as { process: { pid: number } })
      .process.pid
  } catch {
    return undefined
  }
}

/** Ends the process groups of recipes that are under way, by what their shims wrote down. */
function killRecipes(root: string): void {
  const running = join(root, '.labmake/running')
  for (const slug of existsSync(running) ? readdirSync(running) : []) {
    try {
      const pid = Number.parseInt(readFileSync(join(running, slug, 'pid'), 'utf8'), 10)
      if (!existsSync(join(running, slug, 'exit')) && pid > 1) process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended already, or was never started.
    }
  }
}
