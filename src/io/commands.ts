import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** PATH for recipes: the person's own, and then the folders where labmake's own commands lie, for labmake-ephys. */
export function recipePath(): string {
  const own = [join(dirname(fileURLToPath(import.meta.url)), 'bin'), dirname(resolve(process.argv[1] ?? '.'))]
  return [process.env.PATH ?? '', ...own].filter(Boolean).join(delimiter)
}

/** Finds commands again and again: as long as one is still where it was found, nothing else is looked at. */
export function commandFinder(root: string): (word: string) => string | undefined {
  const found = new Map<string, string>()
  return (word) => {
    const known = found.get(word)
    if (known !== undefined && isExecutable(known)) return known
    const command = findCommand(word, root)
    if (command !== undefined) found.set(word, command)
    return command
  }
}

/** Where a command is found, as a shell would look; undefined if nowhere. A word with a slash is taken from `root`. */
export function findCommand(word: string, root: string): string | undefined {
  const candidates = word.includes('/')
    ? [resolve(root, word)]
    : recipePath()
        .split(delimiter)
        .map((folder) => resolve(root, folder, word))
  return candidates.find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
