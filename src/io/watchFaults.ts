import { readFileSync } from 'node:fs'
import type { Fault } from '../model/errors.ts'
import { describeErrno } from './disk.ts'
import type { LimitCode } from './folderWatch.ts'

/** What kernels with much memory allow anyway; a watch costs about a kilobyte. */
const enoughWatches = 524_288
const enoughInstances = 1024

/** A limit of inotify; undefined where there is none. */
export function inotifyLimit(
  name: 'max_user_watches' | 'max_user_instances' | 'max_queued_events',
): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8'), 10)
  } catch {
    // Another system: it has limits of its own, or none.
    return undefined
  }
}

const meanwhile = 'Until then, what is not watched is looked at every few seconds.'

/** The system allows no more watches. `limitOf` is asked for the limit as it is now. */
export function limitFault(code: LimitCode, limitOf = inotifyLimit): Fault {
  const isWatches = code === 'ENOSPC'
  const name = isWatches ? 'max_user_watches' : 'max_user_instances'
  const limit = limitOf(name)
  if (limit === undefined || code === 'ENFILE' || code === 'ENOMEM') {
    const hint = `Let labmake open more files (ulimit -n 65536), or end other programs. ${meanwhile}`
    return { where: 'this machine', message: `no more folders can be watched: ${describeErrno({ code })}`, hint }
  }
  const setting = `fs.inotify.${name}=${Math.max(isWatches ? enoughWatches : enoughInstances, 2 * limit)}`
  const raise = `sudo sysctl ${setting}; to keep it: echo ${setting} | sudo tee /etc/sysctl.d/60-labmake.conf.`
  return {
    where: `fs.inotify.${name}`,
    message: isWatches
      ? `no more folders can be watched: one person's programs may watch ${limit} together`
      : `no more folders can be watched: one person's programs may open ${limit} lists of watches, or this one no more files`,
    hint: `Raise it: ${raise}${isWatches ? '' : ' Or let labmake open more files: ulimit -n 65536.'} ${meanwhile}`,
  }
}

export function tooManyFault(count: number): Fault {
  return {
    where: 'rules/',
    message: `the rules read from more than ${count} folders: no more are watched`,
    hint: 'Do sources with ** or a trailing slash hold more than recordings? What is not watched is looked at every ten minutes.',
  }
}

export function goneFault(root: string): Fault {
  return {
    where: root,
    message: 'the folder of the workspace is gone: renamed, removed, or its disk is not there',
    hint: 'Put it back, and labmake goes on; or end this engine, and start one where the workspace is now.',
  }
}

export function unwatchedFault(path: string, error: unknown): Fault {
  return {
    where: `${path}/`,
    message: `cannot be watched: ${describeErrno(error)}`,
    hint: 'Mend what stands in the way. Until then it is looked at every ten minutes.',
  }
}
