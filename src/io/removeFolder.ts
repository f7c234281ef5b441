import { rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'

/**
 * Removes a folder with all that is in it, or a file; nothing there is fine. As a rule the folder is empty: to look for what
 * is in it would take three times as long. Throws the system's errors.
 */
export async function removeFolder(path: string): Promise<void> {
  try {
    rmdirSync(path)
  } catch {
    await rm(path, { recursive: true, force: true })
  }
}
