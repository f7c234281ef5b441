import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UserError } from '../model/errors.ts'
import { describeErrno } from './disk.ts'

/** The workspace that `from` lies in: the nearest folder upward that has `rules/`. Throws UserError, also where one may not look. */
export function findWorkspace(from: string): string {
  const start = resolve(from)
  if (!existsSync(start)) throw new UserError(`there is no folder ${from}`, { hint: 'Check the path after -C.' })
  for (let folder = start; ; folder = dirname(folder)) {
    if (isFolder(join(folder, 'rules'))) return folder
    if (folder === dirname(folder)) break
  }
  throw new UserError(`no workspace here: neither ${start} nor a folder above it has rules/`, {
    hint: `Make one with: labmake init ${from === '.' ? '' : from}`.trim(),
  })
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (error) {
    throw new UserError(`cannot look into ${dirname(path)}: ${describeErrno(error)}`, {
      hint: 'Whoever the folder belongs to can let you in.',
    })
  }
}

/** A goal that is written as a path from where the person stands, as a path from the workspace; others as they are. */
export function goalFromWorkspace(goal: string, root: string, from: string): string {
  if (!goal.includes('/')) {
    const here = resolve(from, goal)
    return from !== root && here.startsWith(`${root}/data/`) && existsSync(here) ? relative(root, here) : goal
  }
  const path = relative(root, resolve(from, goal))
  return goal.startsWith('/') || goal.startsWith('.') || (from !== root && existsSync(resolve(from, goal)))
    ? path
    : goal
}
