import { readFileSync } from 'node:fs'
import type { ProcessMark } from '../model/attempt.ts'
import { bootId, mayRun, startTimeOf } from './processes.ts'
import { writeOnce } from './succession.ts'

/** Who has shared slots: the labmake that took them, until the shim of the job has written down itself. */
export interface Grantee {
  /** Name of the file that says whose the slots are: of the shim, or nobody's. It is written once and never changed. */
  readonly id: string
  readonly labmake: ProcessMark
}

/** Put where a shim would have written down itself: the slots are given back for good, and a late shim does not start. */
const nobody = 'nobody\n'

/**
 * The shim writes down itself in one instant, before it starts the recipe: its process, and when that started. $grant is
 * the path, or empty; it fails where the slots were given back since, as its labmake died before it came to this.
 */
export const grantScript = `[ -z "$grant" ] || (umask 022; mine=$grant.$$
{ echo $$; cat /proc/$$/stat || ps -o lstart= -p $$; } >"$mine" && ln "$mine" "$grant"; kept=$?
rm -f "$mine"; exit $kept) 2>/dev/null ||
{ echo "labmake: cannot write $grant, so that its shared slots are not its own; it was not started" >>"$log"; exit 1; }`

/**
 * Are the slots still taken? Whatever was killed at whatever instant, the answer is no only if no recipe runs on them and
 * none ever will.
 */
export function isTaken(folder: string, grant: Grantee): boolean {
  if (grant.labmake.bootId !== bootId()) return false
  for (;;) {
    const shim = readShim(folder, grant.id, grant.labmake.bootId)
    if (shim !== undefined) return shim !== 'nobody' && mayRun(shim)
    if (mayRun(grant.labmake)) return true
    // Its labmake died. A shim may be about to write down itself, or never come: whichever is first decides.
    if (writeOnce(folder, grant.id, nobody)) return false
  }
}

/** Gives slots back that no shim was started for. Where one was, they are free once it has ended. */
export function giveBack(folder: string, id: string): void {
  writeOnce(folder, id, nobody)
}

/** Was there a shim, and has it ended? */
export function isShimGone(folder: string, id: string): boolean {
  const shim = readShim(folder, id, bootId())
  return shim !== undefined && shim !== 'nobody' && !mayRun(shim)
}

/** Can no shim come any more that would look for this file? */
export function isOver(folder: string, grant: Grantee, self: ProcessMark): boolean {
  const shim = readShim(folder, grant.id, grant.labmake.bootId)
  const isOwn = grant.labmake.pid === self.pid && grant.labmake.startTime === self.startTime
  return shim !== undefined && (shim !== 'nobody' || isOwn || grant.labmake.bootId !== bootId())
}

function readShim(folder: string, id: string, bootId: string): ProcessMark | 'nobody' | undefined {
  let text: string
  try {
    text = readFileSync(`${folder}/${id}`, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
  const line = text.indexOf('\n')
  const pid = Number.parseInt(text.slice(0, line), 10)
  const startTime = startTimeOf(text.slice(line + 1))
  return pid > 0 && startTime !== undefined ? { pid, startTime, bootId } : 'nobody'
}
