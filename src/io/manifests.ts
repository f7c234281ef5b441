import { readdirSync, readFileSync } from 'node:fs'
import { type Manifest, parseManifest } from '../core/manifest.ts'
import { byName, neverCounts } from '../core/names.ts'
import type { Rule } from '../model/rule.ts'
import { describeErrno } from './disk.ts'

export const manifestFolder = 'data/manifests'

/** Reads all manifests of a workspace. Never throws: what is wrong is in their `faults`. */
export function readManifests(root: string, rules: readonly Rule[]): Manifest[] {
  let names: string[]
  try {
    names = readdirSync(`${root}/${manifestFolder}`)
  } catch {
    return []
  }
  const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
  return names
    .filter((name) => name.endsWith('.tsv') && !name.startsWith('.') && !neverCounts(name))
    .sort(byName)
    .map((name) => readManifest(root, `${manifestFolder}/${name}`, firstParam))
}

function readManifest(root: string, file: string, firstParam: string | undefined): Manifest {
  const refused = (message: string, hint?: string): Manifest => {
    return { rows: [], refused: [], faults: [{ where: file, message, ...(hint === undefined ? {} : { hint }) }] }
  }
  let bytes: Buffer
  try {
    bytes = readFileSync(`${root}/${file}`)
  } catch (error) {
    return refused(`cannot be read: ${describeErrno(error)}`)
  }
  const saveAs = 'Save it as text in UTF-8, with tabs between the columns.'
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return refused('is UTF-16 ("Unicode text" of a spreadsheet), not UTF-8', saveAs)
  }
  try {
    return parseManifest(new TextDecoder('utf-8', { fatal: true }).decode(bytes), { file, firstParam })
  } catch (error) {
    if (error instanceof TypeError) return refused('holds bytes that are not UTF-8 text', saveAs)
    throw error
  }
}
