import { readFileSync, writeFileSync } from 'node:fs'
import type { ProcessMark } from '../model/attempt.ts'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { bootId, isRunning, processStartTime, startTimeOf } from './processes.ts'

/** The process that leads the session of a recipe. */
export interface Leader {
  readonly mark: ProcessMark
  /** The process that waits for it, and writes down its exit; undefined of an attempt of an older labmake. */
  readonly waiting?: number | undefined
}

/** As the shell that starts recipes tells it: `PID WAITING` and the text by which the system tells of the process. */
export function parseLeader(numbers: string, told: string, boot = bootId()): Leader {
  const [pid, waiting] = numbers.trim().split(/ +/).map(Number)
  return { mark: { pid: pid!, startTime: startTimeOf(told) ?? '', bootId: boot }, waiting }
}

/** Does it run still, or was it not yet written down that it has ended? */
export function isUnderWay({ mark, waiting }: Leader): boolean {
  if (isRunning(mark)) return true
  if (waiting === undefined || mark.bootId !== bootId()) return false
  // A process that got the number since then is younger.
  const since = processStartTime(waiting)
  return since !== undefined && !(Number(since) > Number(mark.startTime))
}

/** Between its making and its writing goes an instant; this often, and this long between, that is waited for. */
const looks = 100
const lookMs = 10

/** Put where the process that leads an attempt would have been written down: it never begins. */
const nobody = 'nobody\n'

/** Who leads an attempt by what was written down of it; undefined if nobody did yet, or never will. */
export function leaderOf(folder: string): Leader | undefined {
  const lines = readPid(folder)?.split('\n') ?? []
  const [numbers = '', told = '', keeping = ''] = lines
  const [, boot] = keeping.split(' ')
  return boot === undefined ? undefined : parseLeader(numbers, told, boot === '-' ? '' : boot)
}

function readPid(folder: string): string | undefined {
  try {
    return readFileSync(`${folder}/pid`, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * Who leads an attempt of which nobody says that it began. Either that wrote itself down, and is taken over; or we write
 * there first, and it never begins.
 */
export function claimAttempt(folder: string): Leader | 'never-begun' {
  const path = `${folder}/pid`
  try {
    writeFileSync(path, nobody, { flag: 'wx' })
    return 'never-begun'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new DiskFault('write', path, describeErrno(error))
  }
  for (let look = 0; look < looks && readPid(folder) === ''; look++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookMs)
  }
  return leaderOf(folder) ?? 'never-begun'
}
