import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { execa } from 'execa'
import { shownCommand } from '../core/recipe.ts'
import type { AttemptState, ProcessMark } from '../model/attempt.ts'
import { DiskFault, type Exit, type Launch, type Launcher, type Running } from '../model/ports.ts'
import { runningFolder } from './attempts.ts'
import { findCommand, recipePath } from './commands.ts'
import { describeErrno } from './disk.ts'
import { grantScript } from './grants.ts'
import { lastWords } from './logs.ts'
import { commandLineOf, isOfThisBoot, isRunning, markProcess } from './processes.ts'

/** Between asking a recipe to end and killing it: time to write down where it was. */
const graceMs = 10_000
/** How often a recipe that another labmake started is looked at: it is no child of ours, so nothing tells us. */
const adoptedPollMs = 200

/**
 * Runs a recipe and writes its exit status by rename, whether labmake lives or not. TERM is trapped, not ignored: the
 * recipe gets it as usual, and the shim stays to write the status. $1 is the attempt's folder, $2 the log, $3 where its
 * shared slots are written down or empty. It begins by writing down its process id where none is yet: see claimShim. Room for
 * the status is taken before the recipe starts, and written over in place: the disk may be full by the time it ends.
 */
const shim = `trap : TERM INT HUP
folder=$1; log=$2; grant=$3; shift 3
(set -C; echo $$ >"$folder/pid") 2>/dev/null || exit 1
echo '   ' >"$folder/exit.new"
${grantScript}
"$@" </dev/null >>"$log" 2>&1
status=$?
printf '%3d\\n' $status 1<>"$folder/exit.new" && mv "$folder/exit.new" "$folder/exit"
exit $status`

/** Starts recipes in the folder `root`, each leading a session and process group of its own. */
export function openLauncher(root: string, options: { readonly graceMs: number } = { graceMs }): Launcher {
  return {
    async start(launch) {
      const [command = ''] = launch.words
      if (findCommand(command, root) === undefined) return ended({ status: 'failed', cause: noCommand(command) })
      return start(launch, root, options.graceMs)
    },
    adopt: (state) => adopt(state, root, options.graceMs),
  }
}

const noCommand = (command: string) =>
  ({ kind: 'no-command', command, problem: 'there is no such command here' }) as const

function ended(exit: Exit): Running {
  return { process: undefined, exit: Promise.resolve(exit), cancel: () => {} }
}

function start(launch: Launch, root: string, grace: number): Running {
  const folder = `${root}/${runningFolder}/${launch.slug}`
  const log = `${root}/${launch.log}`
  try {
    appendFileSync(log, `$ ${launch.title}\n`)
  } catch (error) {
    throw new DiskFault('write', launch.log, describeErrno(error))
  }
  const child = execa('sh', ['-c', shim, 'labmake-shim', folder, log, launch.grant ?? '', ...launch.words], {
    cwd: root,
    env: { ...launch.environment, PATH: recipePath() },
    detached: true,
    cleanup: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const group = processGroup(child.pid, { timeoutMs: launch.timeoutMs, leftMs: launch.timeoutMs, grace })
  const exit = child.then((result) => {
    group.over()
    if (child.pid === undefined) return failedToStart(launch, result)
    if (result.exitCode === undefined) endOrphans(child.pid)
    // On a full disk the shim cannot write, and what it ended with tells the same.
    const told = result.exitCode === undefined ? signalled(result.signal ?? 'SIGKILL') : exitOf(result.exitCode)
    return group.exit ?? withLastWords(readExit(folder) ?? told, root, launch.log)
  })
  return { process: child.pid === undefined ? undefined : markProcess(child.pid), exit, cancel: group.cancel }
}

function failedToStart(launch: Launch, result: { originalMessage?: string | undefined }): Exit {
  const command = shownCommand(launch.words.slice(0, 1))
  return { status: 'failed', cause: { kind: 'no-command', command, problem: result.originalMessage ?? 'unknown' } }
}

const signalled = (signal: string): Exit => ({ status: 'failed', cause: { kind: 'signal', signal } })

const lost: Exit = { status: 'failed', cause: { kind: 'lost' } }

/** Nobody knows how it ended. */
function lostWith(shim: ProcessMark | undefined): Exit {
  if (shim !== undefined) endOrphans(shim.pid)
  return lost
}

/**
 * Ends what goes on of a recipe whose shim was killed: it would write on to files that are about to be moved, beside the
 * next attempt. Its process group keeps the number as long as any of it lives, so it is ours unless a process leads it.
 */
function endOrphans(shim: number): void {
  if (markProcess(shim) !== undefined) return
  try {
    process.kill(-shim, 'SIGKILL')
  } catch (error) {
    // Nothing goes on, as nearly always.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A recipe that failed by itself, with what it said last. */
function withLastWords(exit: Exit, root: string, log: string): Exit {
  if (exit.status !== 'failed' || (exit.cause.kind !== 'exit' && exit.cause.kind !== 'signal')) return exit
  const says = lastWords(root, log)
  return says === undefined ? exit : { ...exit, cause: { ...exit.cause, says } }
}

/** An attempt of an earlier labmake: watched by its process, ended by its exit file, lost if both are gone. */
function adopt(state: AttemptState, root: string, grace: number): Running | undefined {
  const folder = `${root}/${runningFolder}/${state.slug}`
  const mark = state.process ?? claimShim(folder)
  if (mark === 'never-started') return undefined
  // What it wrote, its exit too, may have come to the disk in part only.
  if (mark !== undefined && !isOfThisBoot(mark)) return ended(lost)
  const written = readExit(folder)
  if (written !== undefined) return ended(withLastWords(written, root, state.log))
  if (mark === undefined || !isRunning(mark)) {
    // It may have ended between the two looks.
    return ended(withLastWords(readExit(folder) ?? lostWith(mark), root, state.log))
  }
  const { timeoutMs, startedMs } = state
  const leftMs = timeoutMs === undefined ? undefined : Math.max(0, startedMs + timeoutMs - Date.now())
  const group = processGroup(mark.pid, { timeoutMs, leftMs, grace })
  const exit = new Promise<Exit>((resolve) => {
    const timer = setInterval(() => {
      if (isRunning(mark)) return
      clearInterval(timer)
      group.over()
      resolve(group.exit ?? withLastWords(readExit(folder) ?? lostWith(mark), root, state.log))
    }, adoptedPollMs)
  })
  return { process: mark, exit, cancel: group.cancel }
}

/** Stands where a shim would have written its process id. */
const nobody = 'nobody'

/**
 * The shim of an attempt whose labmake was killed in the instant between starting it and writing down its process. Either
 * the shim wrote its process id first, and is taken over; or we write there first, and it never starts the recipe.
 */
function claimShim(folder: string): ProcessMark | 'never-started' | undefined {
  const path = `${folder}/pid`
  try {
    writeFileSync(path, nobody, { flag: 'wx' })
    return 'never-started'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new DiskFault('write', path, describeErrno(error))
  }
  const written = readFileSync(path, 'utf8')
  // By a labmake that was killed in turn before it had cleared away.
  if (written === nobody) return 'never-started'
  const pid = Number.parseInt(written, 10)
  // Its number may have been given to another process since.
  return pid > 0 && commandLineOf(pid).includes(folder) ? markProcess(pid) : undefined
}

interface Limits {
  /** All the time it has, and what is left of it. */
  readonly timeoutMs: number | undefined
  readonly leftMs: number | undefined
  readonly grace: number
}

/** Ends a process group on request or when its time is up, and remembers why. */
function processGroup(pid: number | undefined, limits: Limits) {
  let exit: Exit | undefined
  let killTimer: NodeJS.Timeout | undefined
  const { timeoutMs, leftMs, grace } = limits
  const signal = (name: 'SIGTERM' | 'SIGKILL') => {
    try {
      if (pid !== undefined) process.kill(-pid, name)
    } catch (error) {
      // Gone already: what was asked for has happened.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const finish = (why: Exit, now: boolean) => {
    exit ??= why
    signal(now ? 'SIGKILL' : 'SIGTERM')
    killTimer ??= setTimeout(() => signal('SIGKILL'), grace)
  }
  // A timer beyond 2^31 ms would fire at once: such a timeout is as good as none.
  const timer =
    timeoutMs === undefined || leftMs === undefined || leftMs > 2 ** 31 - 1
      ? undefined
      : setTimeout(() => finish({ status: 'failed', cause: { kind: 'timeout', timeoutMs } }, false), leftMs)
  return {
    get exit() {
      return exit
    },
    cancel: ({ now }: { readonly now: boolean }) => finish({ status: 'cancelled' }, now),
    over() {
      clearTimeout(timer)
      clearTimeout(killTimer)
      // What the recipe left behind in its group would go on writing to files that are about to be moved.
      if (exit !== undefined) signal('SIGKILL')
    },
  }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

/** The exit that the shim wrote; undefined if it did not come to that. */
function readExit(folder: string): Exit | undefined {
  try {
    return exitOf(Number.parseInt(readFileSync(`${folder}/exit`, 'utf8'), 10))
  } catch {
    return undefined
  }
}

/** What a shell's exit status means: it tells of a signal as 128 + its number. */
function exitOf(code: number): Exit {
  if (code === 0) return { status: 'done' }
  const signal = code > 128 ? signalNames.get(code - 128) : undefined
  return signal === undefined ? { status: 'failed', cause: { kind: 'exit', code } } : signalled(signal)
}
