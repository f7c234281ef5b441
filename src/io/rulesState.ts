import { readdirSync, statSync } from 'node:fs'

/** Parts of rules in JavaScript lie in folders of their own; a rule file is not made of more than a few. */
const rulesDepth = 2

/** A file that was written so lately may be written again without a change of its times, which are as coarse as this. */
const coarseMs = 100

/**
 * What the disk says of all rule files: as long as that is the same, so are they. Undefined where one was written after
 * `untilMs`, or so shortly before that this does not hold. Never throws.
 */
export function rulesState(root: string, untilMs: number): string | undefined {
  const states: string[] = []
  let newestMs = 0
  const look = (folder: string, depth: number) => {
    let names: string[] = []
    try {
      names = readdirSync(`${root}/${folder}`)
    } catch (error) {
      states.push(`${folder} ${(error as NodeJS.ErrnoException).code}`)
    }
    for (const name of names.filter((name) => !name.startsWith('.') && name !== 'node_modules')) {
      const path = `${folder}/${name}`
      const stat = statSync(`${root}/${path}`, { bigint: true, throwIfNoEntry: false })
      if (stat?.isDirectory() && depth < rulesDepth) look(path, depth + 1)
      else states.push(`${path} ${stat?.ino} ${stat?.size} ${stat?.mtimeNs} ${stat?.ctimeNs}`)
      newestMs = Math.max(newestMs, Number(stat?.ctimeMs ?? 0))
    }
  }
  look('rules', 0)
  return newestMs < untilMs - coarseMs ? states.join('\n') : undefined
}
