import { mkdirSync } from 'node:fs'

/** Makes a folder and those above it; one that is there is fine. Throws the system's errors. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    // Node says so also where the disk is full or may not be written: the system itself is asked for the true reason.
    mkdirSync(path)
  }
}
