import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { setFlagsFromString } from 'node:v8'

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

/**
 * Has V8 clear away what is not used any more sooner than it would, for a process that mostly rests, and for months: old objects
 * may grow by a quarter, and not fourfold, before they are gone through. To keep young ones in a megabyte, too, spares 30 MB more
 * of an engine of 20,000 jobs, and had V8 at work when nothing else was.
 */
export function saveMemory(): void {
  setFlagsFromString('--heap-growing-percent=25')
}
