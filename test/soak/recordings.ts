import { createHash } from 'node:crypto'
import type { Chance } from './chance.ts'

/** Files by their paths from inside a folder, as they are to be. */
export type Files = ReadonlyMap<string, Buffer>

export const sha1 = (content: Buffer | string) => createHash('sha1').update(content).digest('hex')

/** What recipes write down of a recording: a line `<sha1>  <path>` for each .mat file, as sha1sum does. */
export function sourceText(files: Files): string {
  const paths = [...files.keys()].filter((path) => path.endsWith('.mat')).sort()
  return paths.map((path) => `${sha1(files.get(path)!)}  ${path}`).join('\n')
}

const names = ['a.mat', 'b.mat', 'probe 2.mat', 'late/c.mat', 'late/d.mat'] as const

/** One to five .mat files, small but for a few; no two are alike. */
export function makeRecording(batch: string, chance: Chance): Files {
  const count = 1 + chance.below(names.length)
  const files = new Map(names.slice(0, count).map((name) => [name as string, makeMat(`${batch}/${name}`, chance)]))
  if (chance.yes(0.1)) files.set('notes.txt', Buffer.from(`lost signal in ${batch}\n`))
  if (chance.yes(0.1)) files.set('.DS_Store', Buffer.from(`window of ${batch}\n`))
  return files
}

export function makeMat(title: string, chance: Chance): Buffer {
  const size = chance.yes(0.02) ? 1_000_000 + chance.below(1_000_000) : 100 + chance.below(8000)
  return Buffer.concat([Buffer.from(`${title} ${chance.next()}\n`), chance.bytes(size)])
}

/** The same files in a folder of that name. */
export function inFolder(folder: string, files: Files): Files {
  return new Map([...files].map(([path, content]) => [`${folder}/${path}`, content]))
}
