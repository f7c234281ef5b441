import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workspace } from '../workspace.ts'
import { type Files, sha1 } from './recordings.ts'

/** Everything that was ever dropped, by its content: each piece has to be somewhere in the end, as often as it was dropped. */
export interface Ledger {
  dropped(what: string, files: Files): void
  /** A person changed a file that had been taken. */
  changed(before: Buffer, after: Buffer): void
  /** What is nowhere any more, in words. */
  lost(ws: Workspace): string[]
}

/** Where labmake keeps what was dropped. */
const kept = ['data/mat', 'data/manifests', 'inbox/rejected', '.labmake/attic']

export function openLedger(): Ledger {
  const pieces = new Map<string, string[]>()
  const add = (content: Buffer, name: string) => {
    const key = sha1(content)
    pieces.set(key, [...(pieces.get(key) ?? []), name])
  }
  return {
    dropped(what, files) {
      for (const [path, content] of files) add(content, `${what}: ${path}`)
    },
    changed(before, after) {
      const [name = 'a file', ...others] = pieces.get(sha1(before)) ?? []
      pieces.set(sha1(before), others)
      add(after, name)
    },
    lost(ws) {
      const found = new Map<string, number>()
      for (const path of kept.flatMap((place) => [...filesBelow(ws.path(place))])) {
        const key = sha1(readFileSync(path))
        found.set(key, (found.get(key) ?? 0) + 1)
      }
      return [...pieces].flatMap(([key, names]) =>
        (found.get(key) ?? 0) < names.length
          ? [`${names.join(', ')}: there ${found.get(key) ?? 0} times of ${names.length}`]
          : [],
      )
    },
  }
}

/** All files below a folder. */
export function* filesBelow(folder: string): Generator<string> {
  for (const entry of existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else yield path
  }
}
