import { readFileSync } from 'node:fs'
import type { ProcessMark } from '../model/attempt.ts'
import { bootId, mayRun, startTimeOf } from './processes.ts'
import { writeOnce } from './succession.ts'

/** Who has shared slots: the labmake that took them, until the recipe of the job has written down itself. */
export interface Grantee {
  /** Name of the file that says whose the slots are: the recipe's, or nobody's. It is written once and never changed. */
  readonly id: string
  readonly labmake: ProcessMark
}

/** Put where a recipe would have written down itself: the slots are given back for good, and a late one does not start. */
const nobody = 'nobody\n'

/**
 * The process that becomes the recipe writes down itself in one instant, before it does: $_pid, and what the system tells of
 * it, $_told. $_grant is the path; it fails where the slots were given back since, as its labmake died before it came to this.
 */
export const grantScript = `(umask 022; _mine=$_grant.$_pid
printf '%s\\n' "$_pid" "$_told" >"$_mine" && ln "$_mine" "$_grant"; _kept=$?
rm -f "$_mine"; exit $_kept) 2>/dev/null ||
{ echo "labmake: cannot write $_grant, so that its shared slots are not its own; it was not started" >>"$_log"; return 1; }`

/**
 * Are the slots still taken? Whatever was killed at whatever instant, the answer is no only if no recipe runs on them and
 * none ever will.
 */
export function isTaken(folder: string, grant: Grantee): boolean {
  if (grant.labmake.bootId !== bootId()) return false
  for (;;) {
    const recipe = readRecipe(folder, grant.id, grant.labmake.bootId)
    if (recipe !== undefined) return recipe !== 'nobody' && mayRun(recipe)
    if (mayRun(grant.labmake)) return true
    // Its labmake died. A recipe may be about to write down itself, or never come: whichever is first decides.
    if (writeOnce(folder, grant.id, nobody)) return false
  }
}

/** Gives slots back that no recipe was started for. Where one was, they are free once it has ended. */
export function giveBack(folder: string, id: string): void {
  writeOnce(folder, id, nobody)
}

/** Was there a recipe, and has it ended? */
export function isRecipeGone(folder: string, id: string): boolean {
  const recipe = readRecipe(folder, id, bootId())
  return recipe !== undefined && recipe !== 'nobody' && !mayRun(recipe)
}

/** Can no recipe come any more that would look for this file? */
export function isOver(folder: string, grant: Grantee, self: ProcessMark): boolean {
  const recipe = readRecipe(folder, grant.id, grant.labmake.bootId)
  const isOwn = grant.labmake.pid === self.pid && grant.labmake.startTime === self.startTime
  return recipe !== undefined && (recipe !== 'nobody' || isOwn || grant.labmake.bootId !== bootId())
}

function readRecipe(folder: string, id: string, bootId: string): ProcessMark | 'nobody' | undefined {
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
