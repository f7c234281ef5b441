import type { Style } from '../core/signs.ts'
import { userName } from '../io/lock.ts'
import { logFiles } from '../io/logFiles.ts'
import { showInPager } from '../io/pager.ts'
import { keepReport } from '../io/reports.ts'
import { findWorkspace } from '../io/workspace.ts'
import type { EngineLink } from '../ui/store.ts'
import { boardFollower, engineLink } from './engineLink.ts'
import { headStart } from './headStart.ts'
import { lineReporter } from './lines.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { styleOf } from './terminal.ts'

export interface WatchOptions extends CommonOptions {
  readonly jobs: number | undefined
  readonly poll: boolean
  /** Lines also on a terminal. */
  readonly plain: boolean
  /** Signs without Unicode. */
  readonly ascii: boolean
  /** Rings when a job failed for good. */
  readonly bell: boolean
}

/** `labmake watch`: shows the engine of the workspace, and starts one if none runs. Leaving ends nothing. */
export async function watchCommand(options: WatchOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  const { stdin, stdout } = process
  const isScreen = stdin.isTTY && stdout.isTTY && process.env.TERM !== 'dumb' && !options.plain && !options.json
  return isScreen ? watchOnScreen(root, options) : watchInLines(root, options)
}

async function watchOnScreen(root: string, options: WatchOptions): Promise<ExitCode> {
  const over = new AbortController()
  const link = headStart(engineLink(root, options), over.signal)
  try {
    return await showOnScreen(root, link, options)
  } finally {
    over.abort()
  }
}

async function showOnScreen(root: string, link: EngineLink, options: WatchOptions): Promise<ExitCode> {
  const [{ runWatch }, { leavingLines }] = await Promise.all([import('../ui/run.ts'), import('../ui/leaving.ts')])
  const user = userName()
  const { stdin, stdout, env } = process
  const detected = styleOf(stdout, options.color)
  const style: Style = options.ascii ? { ...detected, unicode: false } : detected
  const end = await runWatch({
    link,
    logs: logFiles(root),
    files: { keep: (text) => keepReport(root, user, text), page: (path) => showInPager(root, path) },
    stdin,
    stdout,
    env,
    style,
    user,
    bell: options.bell,
  })
  switch (end.kind) {
    case 'left':
      stdout.write(`${leavingLines(end.view, stdout.columns ?? 80).join('\n')}\n`)
      return exitCodes.fine
    case 'ended':
      return exitCodes.interrupted
    case 'broken':
      throw end.error
  }
}

/** A line for each event, until the engine is gone or the person leaves. */
async function watchInLines(root: string, options: WatchOptions): Promise<ExitCode> {
  const { stdout } = process
  const reporter = options.json
    ? { joined: () => {}, event: (event: object) => void stdout.write(`${JSON.stringify(event)}\n`), close: () => {} }
    : lineReporter(root, (text) => stdout.write(text))
  const leave = new AbortController()
  const onSignal = () => leave.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  // Whoever reads these lines may stop, as head does; there is nothing else to do then.
  stdout.on('error', onSignal)
  const hearer = boardFollower(reporter)
  const why = await engineLink(root, options).follow(hearer, leave.signal)
  reporter.close()
  if (leave.signal.aborted) return exitCodes.fine
  process.stderr.write(`The engine is gone${why === undefined ? '' : `: ${why}`}. labmake watch starts one.\n`)
  return exitCodes.unfinished
}
