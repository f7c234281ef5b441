import { execFileSync } from 'node:child_process'
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

/** Start time in the system's units; undefined if there is no such process, or only what is left of a dead one. */
function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return startTimeOf(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    } catch {
      return undefined
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

/** From the text by which the system tells of a process; undefined if it has ended. */
export function startTimeOf(told: string): string | undefined {
  if (process.platform !== 'linux') return told.trim() || undefined
  // Fields are counted after the command name, which may itself hold spaces and brackets.
  const fields = told.replace(/^.*\) /s, '').split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}

/** Words that a process was started with, run together; empty if it is gone. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

let knownBootId: string | undefined

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
