import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { ProcessMark } from '../model/attempt.ts'
import { hasItsNumber, type ProcessLine, readProcess } from './processes.ts'
import { steadyMs } from './steady.ts'

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

/** A process of the recipe that this one leads, as long as it is the very same. */
interface Owned {
  readonly leader: number
  readonly startTime: string
}

/** A process of no recipe that is known. It may become known later: what started is seen before it is told of. */
interface Stranger {
  readonly parent: number
  readonly session: number
  /** What its environment says. */
  readonly attempt: string | undefined
}

/** `older`: it was there before any recipe. */
type Known = Owned | Stranger | 'older'

interface Attempt {
  readonly leader: ProcessMark
  readonly name: string
}

/** Shared looks are followed by so many times what they take in which there is none. */
const restFactor = 9
/** But not as long as they have so little of that to wait for: a build of a few jobs need not wait for any of it. */
const spareMs = 50

export function openFamilies(): Families {
  const isLinux = process.platform === 'linux'
  const attempts = new Map<number, Attempt>()
  let known = new Map<number, Known>((isLinux ? listProcesses() : []).map((pid) => [pid, 'older']))

  /** When all shared looks have had their rest. */
  let restedAtMs = 0
  let soon: Promise<void> | undefined
  const lookAfterRest = async () => {
    const restMs = restedAtMs - spareMs - steadyMs()
    // A timer takes a ms at the least.
    await (restMs > 0 ? wait(restMs) : turn())
    soon = undefined
    const startMs = steadyMs()
    families.look()
    restedAtMs = Math.max(restedAtMs, startMs) + (steadyMs() - startMs) * (1 + restFactor)
  }
  const families: Families = {
    lookSoon() {
      soon ??= lookAfterRest()
      return soon
    },
    add(leader, name) {
      attempts.set(leader.pid, { leader, name })
      // Of an earlier labmake: any of those that are there may be its.
      if (known.get(leader.pid) === 'older') known = new Map([...known].filter(([, who]) => isOwned(who)))
      else forgetFamily(leader.pid, name, known)
    },
    remove(leader) {
      attempts.delete(leader)
      for (const [pid, who] of known) if (isOwned(who) && who.leader === leader) known.set(pid, 'older')
    },
    look({ anew } = { anew: false }) {
      if (!isLinux) return
      const next = new Map<number, Known>()
      const fresh: ProcessLine[] = []
      for (const pid of listProcesses()) {
        const who = known.get(pid)
        if (who !== undefined && (isOwned(who) || !anew)) next.set(pid, who)
        else {
          const line = readProcess(pid)
          if (line !== undefined) fresh.push(line)
        }
      }
      tellApart(fresh, attempts, next)
      known = next
    },
    members(leader) {
      const members: ProcessLine[] = []
      for (const [pid, who] of known) {
        if (!isOwned(who) || who.leader !== leader) continue
        const line = readProcess(pid)
        if (line?.startTime === who.startTime) members.push(line)
      }
      return members
    },
  }
  return families
}

const isOwned = (who: Known): who is Owned => who !== 'older' && 'leader' in who

const isStranger = (who: Known): who is Stranger => who !== 'older' && 'parent' in who

/** Those that were looked at before it was told of who leads them are asked again. */
function forgetFamily(leader: number, attempt: string, known: Map<number, Known>): void {
  const strangers = [...known].flatMap(([pid, who]) => (isStranger(who) ? [{ pid, who }] : []))
  const family = new Set([leader])
  const isMember = ({ pid, who }: (typeof strangers)[number]) =>
    pid === leader || who.session === leader || who.attempt === attempt || family.has(who.parent)
  for (let size = 0; size < family.size; ) {
    size = family.size
    for (const stranger of strangers) if (isMember(stranger)) family.add(stranger.pid)
  }
  for (const pid of family) known.delete(pid)
}

/** Finds out whose these are. */
function tellApart(
  fresh: readonly ProcessLine[],
  attempts: ReadonlyMap<number, Attempt>,
  known: Map<number, Known>,
): void {
  const leads = (pid: number) => {
    const attempt = attempts.get(pid)
    return attempt !== undefined && hasItsNumber(attempt.leader)
  }
  const leaderOf = ({ pid, session, parent }: ProcessLine) => {
    const who = known.get(parent)
    return [pid, session].find(leads) ?? (who !== undefined && isOwned(who) ? who.leader : undefined)
  }
  let left = fresh
  const take = (find: (line: ProcessLine) => number | undefined) => {
    const before = left.length
    left = left.filter((line) => {
      const leader = find(line)
      if (leader !== undefined) known.set(line.pid, { leader, startTime: line.startTime })
      return leader === undefined
    })
    return left.length < before
  }
  // Again and again: a process may have a lower number than the one that started it.
  while (take(leaderOf));
  for (const { pid, parent, session, startTime } of left) {
    const who = known.get(parent)
    // What a stranger started, and no reaper took over, need not be asked: that saves most environments, a file each.
    const isTheirs = who !== undefined && isStranger(who) && who.session === session
    const name = isTheirs ? who.attempt : attemptNamedBy(pid)
    const of = name === undefined ? undefined : [...attempts.values()].find((attempt) => attempt.name === name)
    known.set(pid, of === undefined ? { parent, session, attempt: name } : { leader: of.leader.pid, startTime })
  }
}

function listProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (name.charCodeAt(0) <= 57 ? Number(name) || [] : []))
}

/** Undefined where there is none, or where the process is another user's. */
function attemptNamedBy(pid: number): string | undefined {
  let environment: string
  try {
    environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
  } catch {
    return undefined
  }
  const at = environment.indexOf(`\0${attemptVariable}=`)
  if (at < 0) return undefined
  const from = at + attemptVariable.length + 2
  return environment.slice(from, environment.indexOf('\0', from))
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
