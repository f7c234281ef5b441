import { resolve } from 'node:path'
import { countStates } from '../core/board.ts'
import { formatSeconds } from '../core/durations.ts'
import { readingText } from '../core/readingText.ts'
import { plural } from '../core/sizes.ts'
import { engineLog, startEngineProcess } from '../io/engineProcess.ts'
import { runningEngine } from '../io/lock.ts'
import { saveMemory } from '../io/memory.ts'
import { findWorkspace } from '../io/workspace.ts'
import { UserError } from '../model/errors.ts'
import { say } from './act.ts'
import { type EngineHost, hostEngine } from './host.ts'
import { connect, joinEngine } from './join.ts'
import { lineReporter } from './lines.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { printable } from './terminal.ts'
import { openWorkspace } from './workspace.ts'

export interface EngineOptions extends CommonOptions {
  readonly jobs: number | undefined
  readonly poll: boolean
}

/** `labmake engine start`: in the background, unless one runs already. */
export async function engineStart(options: EngineOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  const before = runningEngine(root)
  if (before !== undefined) {
    process.stdout.write(
      `An engine runs here already: ${before.user}'s "${before.command}" (process ${before.process.pid}).\n`,
    )
    return exitCodes.fine
  }
  const pid = await startInBackground(root, options)
  process.stdout.write(
    `The engine runs in the background (process ${pid}). labmake watch shows it, labmake engine stop ends it.\n`,
  )
  return exitCodes.fine
}

/** Starts an engine and waits until it answers; returns its process id. Throws UserError with what it said if it does not. */
export async function startInBackground(
  root: string,
  { jobs, poll }: Pick<EngineOptions, 'jobs' | 'poll'>,
): Promise<number> {
  const words = ['engine', 'run', '-C', root]
  if (jobs !== undefined) words.push('-j', String(jobs))
  if (poll) words.push('--poll')
  const start = await startEngineProcess(
    root,
    words,
    async () => (await connect(root).catch(() => undefined)) !== undefined,
  )
  // Somebody else may have started one in the same instant: then theirs it is.
  const running = runningEngine(root)
  if (start.status !== 'silent' && running !== undefined) return running.process.pid
  const how = start.status === 'silent' ? 'does not answer' : 'ended at once'
  const said = start.status === 'answers' ? '' : start.said.split('\n').slice(-5).join('\n')
  throw new UserError(`the engine ${how}${said === '' ? '' : `: ${said}`}`, {
    hint: `Its own words are in ${engineLog}; labmake doctor may know more.`,
  })
}

/** `labmake engine run`: in the foreground, for systemd and for looking at it. Ends by itself only when told to. */
export async function engineRun(options: EngineOptions): Promise<ExitCode> {
  saveMemory()
  const workspace = await openWorkspace(options.directory)
  const reporter = lineReporter(workspace.root, (text) => process.stdout.write(text))
  let host: EngineHost | undefined
  let isToldToEnd = false
  // Whoever ends the engine, be it the system as it shuts down, does not end the jobs: the next one takes them over.
  const onSignal = () => {
    isToldToEnd = true
    host?.engine.leave()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  const { lockLost } = await hostEngine(workspace, {
    mode: 'watch',
    scope: 'all',
    choose: (plan) => new Set(plan.jobs.map(({ job }) => job.id)),
    maxJobs: options.jobs,
    failFast: false,
    poll: options.poll,
    onEvent: (event, board) => reporter.event(event, board),
    before: async () => {},
    onStart: (started) => {
      host = started
      if (isToldToEnd) started.engine.leave()
    },
  })
  reporter.close()
  // Jobs that go on are children of this process and would keep it; they were started so that they need it no more.
  process.exit(lockLost ? exitCodes.unfinished : exitCodes.fine)
}

/** `labmake engine stop`: jobs go on, unless `end`. */
export async function engineStop(options: CommonOptions & { readonly end: boolean }): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  // Also one of another version, which understands nothing else that we say.
  const client = await connect(root)
  if (client === undefined) {
    process.stdout.write('No engine runs here.\n')
    return exitCodes.fine
  }
  return say(await client.act({ type: 'stop', jobs: options.end ? 'end' : 'leave' }), options)
}

/** `labmake engine status`: does one run, whose is it, what is it doing. Exit code 1 if none does. */
export async function engineStatus(options: CommonOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  const holder = runningEngine(root)
  const client = await joinEngine(root)
  const reading = await client?.reading()
  const board = reading === undefined ? await client?.board() : undefined
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ running: holder !== undefined, engine: board?.engine ?? null })}\n`)
  } else if (holder === undefined)
    process.stdout.write('No engine runs here. Start one: labmake watch, or labmake engine start.\n')
  else if (reading !== undefined) {
    const far = readingText(reading)
    process.stdout.write(`${holder.user}'s engine (process ${holder.process.pid}) has begun. It ${far}.\n`)
  } else if (board === undefined) {
    process.stdout.write(
      `${holder.user}'s "${holder.command}" is at work here (process ${holder.process.pid}), and does not answer yet.\n`,
    )
  } else {
    const { engine } = board
    const { running, queued, failed } = countStates(board.jobs.values())
    const kind = engine.mode === 'build' ? 'a build, which ends when it is done' : 'an engine'
    const since = formatSeconds((Date.now() - engine.startedMs) / 1000)
    process.stdout.write(
      `${printable(
        `${engine.user}'s labmake ${engine.version} on ${engine.host} (process ${engine.pid}), ${kind}, for ${since}: ${plural(running, 'job')} running, ${queued} queued, ${failed} failed.`,
      )}\n`,
    )
  }
  return holder === undefined ? exitCodes.unfinished : exitCodes.fine
}

/** `labmake engine unit`: a systemd user unit for this workspace. */
export async function engineUnit(options: CommonOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  process.stdout.write(unitText(root, [process.execPath, resolve(process.argv[1]!)]))
  return exitCodes.fine
}

/** Percent signs and quotes are the unit file's own syntax. */
const unitWord = (word: string) =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

export function unitText(root: string, labmake: readonly string[]): string {
  const name = `labmake-${root
    .split('/')
    .at(-1)!
    .replace(/[^\w.-]/g, '_')}`
  return `# labmake engine unit > ~/.config/systemd/user/${name}.service
# systemctl --user enable --now ${name}; loginctl enable-linger  (so that it runs while nobody is logged in)
[Unit]
Description=labmake for ${root.replaceAll('%', '%%')}

[Service]
ExecStart=${[...labmake, 'engine', 'run', '-C', root].map(unitWord).join(' ')}
Restart=on-failure
RestartSec=10
# Ends the engine alone: its jobs go on, and the next engine takes them over.
KillMode=process
# The PATH on which recipes are found.
Environment=${unitWord(`PATH=${process.env.PATH ?? ''}`)}

[Install]
WantedBy=default.target
`
}
