import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** How often since its start the kernel ended a process because memory ran out; undefined where it does not say. */
export function oomKills(): number | undefined {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1')) ?? []
    return count === undefined ? undefined : Number(count)
  } catch {
    return undefined
  }
}

/** What all processes here may have together: the machine's memory, or less where labmake and its recipes are limited. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
