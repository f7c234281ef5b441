import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '../errors.ts'

/** Throws InputError when the target would overwrite its own source, is a folder, or has no folder to be in. */
export function checkTarget(sourceFiles: readonly string[], target: string): void {
  const folder = dirname(target)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`there is no folder ${folder} for the target`, { hint: `Make it first: mkdir -p ${folder}` })
  }
  const there = statSync(target, { throwIfNoEntry: false })
  if (there === undefined) return
  if (there.isDirectory()) {
    throw new InputError(`the target ${target} is a folder`, { hint: 'Give the name of the .kwd file to write.' })
  }
  for (const source of sourceFiles) {
    const file = statSync(source)
    if (file.ino !== there.ino || file.dev !== there.dev) continue
    throw new InputError(`the target ${target} is its own source`, { hint: 'Give the name of another file.' })
  }
}
