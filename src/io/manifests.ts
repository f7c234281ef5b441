import { readdirSync, readFileSync, statSync } from 'node:fs'
import { manifestFolder } from '../core/dropManifest.ts'
import { type Manifest, parseManifest } from '../core/manifest.ts'
import { byName, neverCounts } from '../core/names.ts'
import type { ManifestText } from '../model/inbox.ts'
import type { Rule } from '../model/rule.ts'
import { describeErrno } from './disk.ts'

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
  const read = readManifestText(`${root}/${file}`)
  if (read.status === 'text') return parseManifest(read.text, { file, firstParam })
  const { problem, hint } = read.status === 'missing' ? { problem: 'is not there', hint: undefined } : read
  const fault = { where: file, message: problem, ...(hint === undefined ? {} : { hint }) }
  return { rows: [], refused: [], faults: [fault] }
}

/** More than any lab has batches: what is larger is no table of them. */
const longestBytes = 16e6

/** The text of a manifest. Never throws. */
export function readManifestText(path: string): ManifestText {
  const saveAs = 'Save it as text in UTF-8, with tabs between the columns.'
  let bytes: Buffer
  try {
    if (statSync(path).size > longestBytes)
      return { status: 'unreadable', problem: 'is too large for a table of batches' }
    bytes = readFileSync(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing
      ? { status: 'missing' }
      : { status: 'unreadable', problem: `cannot be read: ${describeErrno(error)}` }
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    const problem = 'is UTF-16 ("Unicode text" of a spreadsheet), not UTF-8'
    return { status: 'unreadable', problem, hint: saveAs }
  }
  try {
    return { status: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { status: 'unreadable', problem: 'holds bytes that are not UTF-8 text', hint: saveAs }
  }
}
