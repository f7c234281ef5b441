import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs'
import { UserError } from '../model/errors.ts'
import { describeErrno } from './disk.ts'

/**
 * Where all labmakes of a host, of all users, find each other. It depends on nothing but the host: two that looked in
 * different places would hand out one slot twice. What lies there does not outlive a restart of the machine.
 */
export const sharedPlace = existsSync('/run/lock') ? '/run/lock/labmake' : '/tmp/labmake-slots'

/** All write there, and each removes only what is its own. */
const openToAll = 0o1777

/** Makes the folder, or sees that it serves. Throws UserError that says what to do. */
export function openPlace(place: string): void {
  const hint = `As root: install -d -m 1777 ${place}. Jobs that need shared slots wait until then.`
  try {
    if (!existsSync(place)) {
      mkdirSync(place, { recursive: true })
      chmodSync(place, openToAll)
    }
    const { mode, uid } = lstatSync(place)
    const isFolder = (mode & 0o170000) === 0o040000
    if (isFolder && (mode & openToAll) === openToAll) return
    // We, or a labmake of ours that was killed in this instant, made it.
    if (isFolder && uid === process.getuid?.()) {
      chmodSync(place, openToAll)
      return
    }
  } catch (error) {
    throw new UserError(`shared pools need the folder ${place}, which cannot be made: ${describeErrno(error)}`, {
      hint,
    })
  }
  throw new UserError(`shared pools need the folder ${place}, and not everybody can write there`, { hint })
}
