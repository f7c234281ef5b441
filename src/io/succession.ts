import { chmodSync, linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'

/**
 * A text that many processes change, none of which may be trusted to live on: each version is a file of its own, `state.7`
 * after `state.6`, and the highest number counts. A new one is written aside and linked to the next number, which only one
 * process can do. So there is no lock that a killed process could leave behind, and never half a version.
 */
export interface Succession {
  /** The version that counts; number 0 and no text before the first one. */
  newest(): Version
  /** Puts `text` after the version `number`. False if somebody else was quicker. */
  follow(number: number, text: string): boolean
}

export interface Version {
  readonly number: number
  readonly text: string | undefined
}

/** A listing that misses a version made meanwhile still has one of these, unless as many are made while it is read. */
const keptVersions = 16

/** In a folder that several users write and in which each can remove only files of their own. Throws what node:fs throws. */
export function openSuccession(folder: string): Succession {
  return {
    newest() {
      for (;;) {
        const number = highest(folder)
        if (number === 0) return { number, text: undefined }
        try {
          return { number, text: readFileSync(`${folder}/state.${number}`, 'utf8') }
        } catch (error) {
          // Others have gone on meanwhile, far enough that it was removed.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        }
      }
    },
    follow(number, text) {
      const next = number + 1
      if (!writeOnce(folder, `state.${next}`, text)) return false
      // The number was free because others had gone on far beyond it and removed it: what was decided is out of date.
      if (highest(folder) !== next) {
        removeOwn(`${folder}/state.${next}`)
        return false
      }
      for (const old of numbers(folder)) if (old <= next - keptVersions) removeOwn(`${folder}/state.${old}`)
      return true
    },
  }
}

function numbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => (/^state\.\d{1,15}$/.test(name) ? [Number(name.slice(6))] : []))
}

const highest = (folder: string) => numbers(folder).reduce((a, b) => Math.max(a, b), 0)

/** Makes a file whole, and readable for all. False if there is one of that name. */
export function writeOnce(folder: string, name: string, text: string): boolean {
  const aside = `${folder}/new.${process.pid}.${crypto.randomUUID()}`
  try {
    writeFileSync(aside, text, { flag: 'wx' })
    // Whatever the umask of its writer.
    chmodSync(aside, 0o644)
    linkSync(aside, `${folder}/${name}`)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    removeOwn(aside)
  }
}

/** Removes a file if it is there and ours: in a sticky folder only its owner can. */
export function removeOwn(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // What is left counts for nothing, and what was done before must not fail for it: the next one tries again.
  }
}
