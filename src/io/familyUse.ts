import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ProcessLine } from './processes.ts'

/** What the processes of a recipe use at one moment; of what ended before, what somebody waited for is counted. */
export interface FamilyUse {
  readonly cpuSeconds: number
  readonly readBytes: number
  readonly writtenBytes: number
  /** All of them together. Memory that several share counts several times. */
  readonly residentBytes: number
  /** The most that any of them ever had alone. */
  readonly highestBytes: number
  /** Those that are big enough for it to matter whether they share memory. */
  readonly big: readonly number[]
}

/** Programs that are smaller share mostly the C library, and that is of no account. */
const bigBytes = 16 * 1024 * 1024

export function familyUse(members: readonly ProcessLine[]): FamilyUse {
  const use = { cpuSeconds: 0, readBytes: 0, writtenBytes: 0, residentBytes: 0, highestBytes: 0 }
  const big: number[] = []
  for (const { pid, cpuSeconds } of members) {
    use.cpuSeconds += cpuSeconds
    const io = readFields(pid, 'io')
    use.readBytes += numberIn(io, 'rchar')
    use.writtenBytes += numberIn(io, 'wchar')
    const status = readFields(pid, 'status')
    const resident = numberIn(status, 'VmRSS') * 1024
    use.residentBytes += resident
    use.highestBytes = Math.max(use.highestBytes, numberIn(status, 'VmHWM') * 1024)
    if (resident >= bigBytes) big.push(pid)
  }
  return { ...use, big }
}

/**
 * Memory of these processes together, shared memory counted once. The kernel goes through all their pages for it, which
 * takes some ms for each GB; not in this thread. Undefined if it may not be asked.
 */
export async function sharedBytes(pids: readonly number[]): Promise<number | undefined> {
  let bytes = 0
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => undefined)
    if (text === undefined) return undefined
    bytes += numberIn(text, 'Pss') * 1024
  }
  return bytes
}

/** Empty if the process is gone, or another user's. */
function readFields(pid: number, file: 'io' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/** `name: 123`, with or without a unit behind it; 0 if it is not there. */
function numberIn(text: string, name: string): number {
  const at = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1
  return at === 0 && !text.startsWith(`${name}:`) ? 0 : Number.parseInt(text.slice(at + name.length + 1), 10) || 0
}
