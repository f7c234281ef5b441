import { readFileSync } from 'node:fs'
import type { ProcessMark } from '../model/attempt.ts'

/** What makes a process recognisable later; undefined if it is gone already. */
export function markProcess(pid: number): ProcessMark | undefined {
  const startTime = processStartTime(pid)
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() }
}

/** Was it started since the machine was? */
export function isOfThisBoot(mark: ProcessMark): boolean {
  return mark.bootId === bootId()
}

/** Does that very process run still? A process id that was given to another one does not count. */
export function isRunning(mark: ProcessMark): boolean {
  return mark.bootId === bootId() && processStartTime(mark.pid) === mark.startTime
}

/**
 * Has nobody else its number? It keeps that also when it has ended, as long as there are processes of the group or session
 * that it led.
 */
export function hasItsNumber({ pid, startTime }: ProcessMark): boolean {
  return [undefined, startTime].includes(processStartTime(pid))
}

/**
 * As isRunning, of processes of any user: where the system hides those of others, one that is there at all counts, for
 * nobody may take it for dead.
 */
export function mayRun(mark: ProcessMark): boolean {
  if (mark.bootId !== bootId()) return false
  if (processStartTime(mark.pid) === mark.startTime) return true
  try {
    process.kill(mark.pid, 0)
    // Of our user, and so seen if it ran.
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' && isHidden(mark.pid)
  }
}

/** Does the system not tell of this process, which is there? */
function isHidden(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    readFileSync(`/proc/${pid}/stat`)
    return false
  } catch {
    return true
  }
}

/** What Linux tells of a process in a line. */
export interface ProcessLine {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Of it and of all that it waited for, user and system together. */
  readonly cpuSeconds: number
  readonly startTime: string
}

/** Times in /proc are in this unit on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Undefined if there is no such process, or only what is left of a dead one. Linux only. */
export function readProcess(pid: number): ProcessLine | undefined {
  let line: string
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = fieldsOf(line)
  const startTime = startTimeOf(line)
  if (startTime === undefined) return undefined
  const [, parent, group, session] = fields.map(Number)
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { pid, parent: parent!, group: group!, session: session!, cpuSeconds: ticks / ticksPerSecond, startTime }
}

/** Start time in the system's units; undefined if there is no such process, or only what is left of a dead one. */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') return readProcess(pid)?.startTime
  try {
    // Not imported: where there is /proc, labmake mostly starts no process.
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    return startTimeOf(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }))
  } catch {
    return undefined
  }
}

/** From the text by which the system tells of a process; undefined if it has ended. */
export function startTimeOf(told: string): string | undefined {
  if (process.platform !== 'linux') return told.trim() || undefined
  const fields = fieldsOf(told)
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

/** Fields are counted after the command name, which may itself hold spaces and brackets. */
const fieldsOf = (line: string) => line.slice(line.lastIndexOf(') ') + 2).split(' ')

let knownBootId: string | undefined

/**
 * How long ago it started, ms, by a clock that nobody sets; undefined where the system counts start times by the other one.
 * What was before this process is told by the start times of both, which are of one kind whatever the machine calls its uptime.
 */
export function ageMsOf({ startTime }: ProcessMark): number | undefined {
  if (process.platform !== 'linux') return undefined
  const ticks = Number(processStartTime(process.pid)) - Number.parseInt(startTime, 10)
  return Number.isNaN(ticks) ? undefined : Math.max(0, (ticks / ticksPerSecond) * 1000 + performance.now())
}

/** Changes with each start of the machine; empty where the system does not say. */
export function bootId(): string {
  if (knownBootId !== undefined) return knownBootId
  try {
    knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    knownBootId = ''
  }
  return knownBootId
}
