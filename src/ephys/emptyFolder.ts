import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from './errors.ts'

/**
 * Makes the folder if need be, then runs `fill`, which puts something into it; when that fails, leaves nothing half done
 * behind. Throws InputError when something is in the folder already: it may be somebody's work.
 */
export async function fillEmptyFolder<T>(folder: string, fill: () => Promise<T> | T): Promise<T> {
  const made = mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0) {
    throw new InputError(`${folder} is not empty`, {
      hint: 'What is in it may be somebody’s work: name a new folder, or move this one away.',
    })
  }
  try {
    return await fill()
  } catch (error) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
    if (made !== undefined) rmSync(folder, { recursive: true })
    throw error
  }
}
