import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProcessMark } from '../model/attempt.ts'
import { hasItsNumber, type ProcessLine, readProcess } from './processes.ts'

/** Variable by which every process of an attempt can be told, wherever it went. Its value is the attempt's own name. */
export const attemptVariable = 'LABMAKE_ATTEMPT'

/**
 * Which processes belong to which recipe: all of its session, what these started though it leads a session of its own, and
 * what carries the attempt's name in its environment, though nobody knows any more who started it. Linux only; elsewhere
 * families are empty.
 */
export interface Families {
  /** `leader` leads the session of an attempt's recipe. */
  add(leader: ProcessMark, attempt: string): void
  remove(leader: number): void
  /** Looks at who is there. Only who was not there at the last look costs more than a number; `anew` asks everybody again. */
  look(options?: { readonly anew: boolean }): void
  /** A look that begins after this was called, shared by all who ask meanwhile: of short recipes dozens end between two looks. */
  lookSoon(): Promise<void>
  /** Of the last look, those that live. */
  members(leader: number): ProcessLine[]
}

/** Whose a process is: that of the recipe that this one leads, as long as it is the very same; undefined is nobody's. */
type Owner = { readonly leader: number; readonly startTime: string } | undefined

interface Attempt {
  readonly leader: ProcessMark
  readonly name: string
}

/**
 * Between two shared looks goes so many times what one takes. With longer rests the slots of short jobs stand empty: at a
 * twentieth of the time for looks, 2,000 copies in eight slots took 19 s instead of 11.
 */
const restFactor = 3

export function openFamilies(): Families {
  const isLinux = process.platform === 'linux'
  const attempts = new Map<number, Attempt>()
  // Who was there before any recipe is no recipe's.
  let owners = new Map<number, Owner>((isLinux ? listProcesses() : []).map((pid) => [pid, undefined]))

  let mayLookAtMs = 0
  let soon: Promise<void> | undefined
  const lookAfterRest = async () => {
    await wait(Math.max(0, mayLookAtMs - performance.now()))
    soon = undefined
    const startMs = performance.now()
    families.look()
    const endMs = performance.now()
    mayLookAtMs = endMs + (endMs - startMs) * restFactor
  }
  const families: Families = {
    lookSoon() {
      soon ??= lookAfterRest()
      return soon
    },
    add(leader, name) {
      attempts.set(leader.pid, { leader, name })
      // Looked at before it was known: it, and what it may have started, is asked again.
      if (owners.has(leader.pid)) owners = new Map([...owners].filter(([, owner]) => owner !== undefined))
    },
    remove(leader) {
      attempts.delete(leader)
      for (const [pid, owner] of owners) if (owner?.leader === leader) owners.set(pid, undefined)
    },
    look({ anew } = { anew: false }) {
      if (!isLinux) return
      const next = new Map<number, Owner>()
      const fresh: ProcessLine[] = []
      for (const pid of listProcesses()) {
        const owner = owners.get(pid)
        if (owner !== undefined || (owners.has(pid) && !anew)) next.set(pid, owner)
        else {
          const line = readProcess(pid)
          if (line !== undefined) fresh.push(line)
        }
      }
      for (const { pid } of adopt(fresh, attempts, next)) next.set(pid, undefined)
      owners = next
    },
    members(leader) {
      const members: ProcessLine[] = []
      for (const [pid, owner] of owners) {
        if (owner?.leader !== leader) continue
        const line = readProcess(pid)
        if (line?.startTime === owner.startTime) members.push(line)
      }
      return members
    },
  }
  return families
}

/** Finds out whose these are. Returns those that are nobody's. */
function adopt(
  fresh: readonly ProcessLine[],
  attempts: ReadonlyMap<number, Attempt>,
  owners: Map<number, Owner>,
): readonly ProcessLine[] {
  const leads = (pid: number) => {
    const attempt = attempts.get(pid)
    return attempt !== undefined && hasItsNumber(attempt.leader)
  }
  const leaderOf = ({ pid, session, parent }: ProcessLine) => [pid, session].find(leads) ?? owners.get(parent)?.leader
  let strangers = fresh
  const take = (find: (line: ProcessLine) => number | undefined) => {
    const left = strangers.filter((line) => {
      const leader = find(line)
      if (leader !== undefined) owners.set(line.pid, { leader, startTime: line.startTime })
      return leader === undefined
    })
    const found = left.length < strangers.length
    strangers = left
    return found
  }
  // Again and again: a process may have a lower number than the one that started it.
  while (take(leaderOf));
  // By its environment each costs a file more.
  take(({ pid }) => leaderByEnvironment(pid, attempts))
  return strangers
}

function listProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (name.charCodeAt(0) <= 57 ? Number(name) || [] : []))
}

/** Environments of other users' processes cannot be read, and these are nobody's here. */
function leaderByEnvironment(pid: number, attempts: ReadonlyMap<number, Attempt>): number | undefined {
  let environment: string
  try {
    environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
  } catch {
    return undefined
  }
  const at = environment.indexOf(`\0${attemptVariable}=`)
  if (at < 0) return undefined
  const from = at + attemptVariable.length + 2
  const attempt = environment.slice(from, environment.indexOf('\0', from))
  return [...attempts.values()].find(({ name }) => name === attempt)?.leader.pid
}

/** A file below a folder of this name that one of the processes has open for writing, and the name of that. Linux only. */
export function openForWriting(
  pids: readonly number[],
  folderName: string,
): { readonly name: string; readonly path: string } | undefined {
  for (const pid of pids) {
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const path = linkOf(`/proc/${pid}/fd/${descriptor}`)
      if (path?.includes(`/${folderName}/`) && isWritten(`/proc/${pid}/fdinfo/${descriptor}`))
        return { name: processName(pid), path }
    }
  }
  return undefined
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The last two bits of a descriptor's flags: 0 is reading, 1 writing, 2 both. */
function isWritten(path: string): boolean {
  try {
    const [, flags = '0'] = /^flags:\s*([0-7]+)/m.exec(readFileSync(path, 'latin1')) ?? []
    return (Number.parseInt(flags, 8) & 3) !== 0
  } catch {
    return false
  }
}

/** What a person knows a process by. */
function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return 'a process'
  }
}
