import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { DiskFault } from '../model/ports.ts'
import { runningFolder } from './attempts.ts'
import { recipePath } from './commands.ts'
import { describeErrno } from './disk.ts'
import { claimAttempt, type Leader, parseLeader } from './leader.ts'
import { startScript } from './startScript.ts'

/** A recipe to start. */
export interface Order {
  /** Of the attempt, whose folder there is. */
  readonly slug: string
  /** Relative to the workspace. */
  readonly log: string
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Where its shared slots are written down; empty if it has none. */
  readonly grant: string
}

export type Begun =
  /** `status`: as a shell tells it. Never resolves where whoever would tell it was killed. */
  | { readonly status: 'begun'; readonly leader: Leader; readonly exitStatus: Promise<string> }
  /** It does not run, and never will. */
  | { readonly status: 'not-begun'; readonly problem: string }

/**
 * Starts recipes by way of one small shell that stays. To start a process is to copy the tables of the memory of who starts
 * it: of an engine that knows ten thousand batches that takes several ms, in which nothing else goes on; of the shell a tenth
 * of one. A shell that was ended is replaced at the next start; what it had started goes on, and tells its end all the same.
 */
export interface StartShell {
  /** Starts the shell itself, so that it is there by the first order. */
  open(): void
  /** Throws DiskFault if the order cannot be written down. */
  begin(order: Order): Promise<Begun>
}

/** On the busiest machine a process starts within this time; a shell that somebody stopped never does. */
const patienceMs = 30_000

export function openStartShell(root: string): StartShell {
  let shell: Shell | undefined
  const opened = () => {
    shell ??= openShell(root, () => {
      shell = undefined
    })
    return shell
  }
  return {
    open() {
      try {
        opened()
      } catch {
        // The first order tries again, and tells of it.
      }
    },
    async begin(order) {
      writeOrder(root, order)
      return opened().begin(order.slug)
    },
  }
}

interface Pending {
  readonly begun: (leader: Leader) => void
  readonly ended: (status: string) => void
  /** Finds out whether it ever began, when nobody will say so any more. */
  readonly giveUp: (problem: string) => void
}

/** The shell itself. */
interface Shell {
  /** Starts what the order of this attempt says. */
  begin(slug: string): Promise<Begun>
}

function openShell(root: string, onGone: () => void): Shell {
  const pending = new Map<string, Pending>()
  // Not by execa: where no more files can be opened it throws, and what the system said would end labmake.
  const child = spawn('sh', ['-s'], {
    cwd: root,
    env: { ...process.env, PATH: recipePath() },
    // A session of its own, so that no terminal ends it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  })
  const gone = (problem: string) => {
    onGone()
    for (const { giveUp } of pending.values()) giveUp(problem)
  }
  child.once('error', (error) => gone(describeErrno(error)))
  child.once('exit', () => gone('the shell that starts recipes was ended'))
  // Where no more files can be opened there is none of these.
  const input = child.stdin as Socket | undefined
  const told = child.stdio?.[3] as Socket | undefined
  // labmake ends when nothing is left to be done, and the shell with it: neither keeps it.
  for (const handle of [child, input, told]) handle?.unref()
  // That it cannot be written to any more is told by its exit.
  input?.on('error', () => {})
  const hear = (line: string) => {
    const [what, slug = '', ...rest] = line.split(' ')
    const order = pending.get(slug)
    if (what === 'gone') gone('the shell that starts recipes could not go on')
    else if (what === 'began') order?.begun(parseLeader(rest.slice(0, 2).join(' '), rest.slice(2).join(' ')))
    else {
      pending.delete(slug)
      order?.ended(rest[0] ?? '')
    }
  }
  if (told !== undefined) eachLine(told, hear)
  input?.write(startScript)

  return {
    begin: (slug) =>
      new Promise((resolve) => {
        let tellStatus: (status: string) => void = () => {}
        const exitStatus = new Promise<string>((told) => {
          tellStatus = told
        })
        const begun = (leader: Leader) => {
          clearTimeout(timer)
          resolve({ status: 'begun', leader, exitStatus })
        }
        const giveUp = (problem: string) => {
          clearTimeout(timer)
          const leader = claimAttempt(`${root}/${runningFolder}/${slug}`)
          if (leader !== 'never-begun') return begun(leader)
          pending.delete(slug)
          resolve({ status: 'not-begun', problem })
        }
        const timer = setTimeout(() => {
          giveUp('the shell that starts recipes does not answer')
          onGone()
        }, patienceMs)
        pending.set(slug, { begun, ended: tellStatus, giveUp })
        input?.write(`go ${slug}\n`)
      }),
  }
}

/** Below this the room that an order takes would not do for what is written over it at the end. */
const leastOrderBytes = 256

/** An order as a few words of shell: whatever is in them is quoted, and never read as anything but a word. */
function writeOrder(root: string, { slug, log, grant, words, environment }: Order): void {
  const values = Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`))
  const exported = values.length === 0 ? '' : `export ${values.join(' ')}\n`
  const text = `${exported}start ${[log, grant, ...words].map(quoted).join(' ')}\n`
  const path = `${runningFolder}/${slug}/order`
  try {
    writeFileSync(`${root}/${path}`, text.padEnd(leastOrderBytes, '\n'))
  } catch (error) {
    throw new DiskFault('write', path, describeErrno(error))
  }
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

function eachLine(stream: Socket, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
  })
  // It was closed on the other side.
  stream.on('error', () => {})
}
