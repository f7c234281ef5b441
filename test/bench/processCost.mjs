// What another process costs, by the word of the system (Linux).
import { readFileSync } from 'node:fs'

/** Clock ticks a second, as /proc counts them: 100 on every Linux that Node runs on. */
const ticks = 100

/** Processor time that a process has used, of its own and for the system. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticks
}

export function residentMegabytes(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000
}
