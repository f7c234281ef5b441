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

/** A process that had nothing to do for so long rests. */
const restMs = 1000

/**
 * Has V8 clear away what is not used any more sooner than it would, for a process that mostly rests, and for months: an engine
 * of 20,000 jobs is 30 MB smaller after its first plan, and gives back what it took for it; that plan takes a quarter longer.
 * Of what comes after a rest people wait for the end, and it would take twice as long: `busy()` says that there is something
 * to do, and V8 saves no more until the next rest.
 */
export function saveMemoryAtRest(): { busy(): void } {
  let isSaving = true
  let hasRested = false
  const save = () => setFlagsFromString('--optimize-for-size')
  save()
  const rest = setTimeout(() => {
    save()
    isSaving = true
    hasRested = true
  }, restMs).unref()
  return {
    busy() {
      rest.refresh()
      if (!hasRested || !isSaving) return
      setFlagsFromString('--no-optimize-for-size')
      isSaving = false
    },
  }
}
