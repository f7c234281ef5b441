import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { withoutAddresses } from '../core/secrets.ts'
import { findCommand, recipePath } from './commands.ts'
import { describeErrno } from './disk.ts'
import type { SendLimits } from './sending.ts'

/** Between asking a command that takes too long to end, and killing it. */
const graceMs = 2000
/** What a command said last comes right after its end; what it left running may keep its output open for ever. */
const lastWordsMs = 200
const outputKept = 2000
const wordsKept = 200

export interface ShortCommand {
  readonly words: readonly string[]
  readonly input?: Buffer
  /** Where it runs. */
  readonly root: string
  readonly limits: SendLimits
}

/** Runs a command to its end, without a shell. Undefined if it ended well, else what was wrong. Never rejects. */
export async function runShortCommand(command: ShortCommand): Promise<string | undefined> {
  const { words, input, root, limits } = command
  const [program = '', ...args] = words
  const path = findCommand(program, root)
  if (path === undefined) return `there is no command ${program} here`
  const child = execa(path, args, {
    cwd: root,
    env: { PATH: recipePath() },
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // A group of its own, so that a script is ended with what it started.
    detached: true,
    cleanup: false,
  })
  let output = ''
  child.stderr.on('data', (data: Buffer) => {
    output = (output + data.toString()).slice(-outputKept)
  })
  const limit = endInTime(child.pid, limits)
  try {
    if (child.pid !== undefined && child.exitCode === null) await Promise.race([once(child, 'exit'), child])
    const result = await Promise.race([child, wait(lastWordsMs)])
    if (child.pid === undefined) return `${program} could not be started: ${describeErrno(result?.cause ?? result)}`
  } finally {
    limit.over()
    child.stderr.destroy()
  }
  if (limit.why !== undefined)
    return limit.why === 'timeout' ? `it took longer than ${limits.timeoutMs / 1000} s` : 'labmake ended meanwhile'
  if (child.exitCode === 0) return undefined
  const ended = child.exitCode === null ? `was killed by ${child.signalCode}` : `ended with exit code ${child.exitCode}`
  const says = output.trim().split('\n').at(-1)?.trim().slice(0, wordsKept) ?? ''
  return `the command ${ended}${says === '' ? '' : `: ${withoutAddresses(says)}`}`
}

/** Ends a process group when its time is up or nobody waits any more, and tells why. */
function endInTime(pid: number | undefined, { timeoutMs, signal }: SendLimits) {
  let why: 'timeout' | 'aborted' | undefined
  let killer: NodeJS.Timeout | undefined
  const kill = (name: 'SIGTERM' | 'SIGKILL') => {
    try {
      if (pid !== undefined) process.kill(-pid, name)
    } catch (error) {
      // Gone already: what was asked for has happened.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const end = (because: 'timeout' | 'aborted') => {
    why ??= because
    kill('SIGTERM')
    killer ??= setTimeout(() => kill('SIGKILL'), graceMs)
  }
  const abort = () => end('aborted')
  const timer = setTimeout(() => end('timeout'), timeoutMs)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  return {
    get why() {
      return why
    },
    over() {
      clearTimeout(timer)
      clearTimeout(killer)
      signal.removeEventListener('abort', abort)
      // What it started and left in its group when it was ended too late.
      if (why !== undefined) kill('SIGKILL')
    },
  }
}
