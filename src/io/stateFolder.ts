import { chmodSync, statSync } from 'node:fs'
import { makeFolder } from './makeFolder.ts'

const groupMayAll = 0o070
const setGroupId = 0o2000

/**
 * Makes `.labmake/`. In a workspace that its group may write in, it and all that this process makes from now on are the
 * group's too, whatever the umask of who starts it: labmates could else not see, stop or take over what runs. Throws the
 * system's errors.
 */
export function makeStateFolder(root: string): void {
  const shared = isGroupsOwn(root)
  if (shared) process.umask(process.umask() & ~groupMayAll)
  const folder = `${root}/.labmake`
  makeFolder(folder)
  const { mode, uid } = statSync(folder)
  if (shared && uid === process.geteuid?.() && (mode & groupMayAll) !== groupMayAll) {
    chmodSync(folder, (mode & 0o7777) | groupMayAll)
  }
}

/** May its group write there, and do new files get that group? Another one is not let in. */
function isGroupsOwn(root: string): boolean {
  const { mode, gid } = statSync(root)
  return (mode & 0o020) !== 0 && ((mode & setGroupId) !== 0 || gid === process.getegid?.())
}
