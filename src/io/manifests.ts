import { readdirSync, readFileSync, statSync } from 'node:fs'
import { manifestFolder } from '../core/dropManifest.ts'
import { type Manifest, parseManifest } from '../core/manifest.ts'
import { byName, neverCounts } from '../core/names.ts'
import { isSameData } from '../core/sameData.ts'
import type { ManifestText } from '../model/inbox.ts'
import type { Rule } from '../model/rule.ts'
import { describeErrno, notAText } from './disk.ts'

/** A file that was written so lately may be written again without a change of its times, which are as coarse as this. */
const coarseMs = 100

/** Reads the manifests of a workspace whenever any of them may have changed; else returns the same list again. Never throws. */
export function manifestReader(root: string): (rules: readonly Rule[]) => Manifest[] {
  let last: (Read & { readonly rules: readonly Rule[] }) | undefined
  return (rules) => {
    const beforeMs = Date.now()
    const { state, newestMs } = manifestState(root)
    const known = last?.rules === rules && last.state === state ? last : undefined
    if (known !== undefined && known.texts === undefined) return known.manifests
    const texts = readTexts(root)
    // They are read again and again while they are new, and mostly found to be the same.
    const isSame = known !== undefined && isSameData(known.texts, texts)
    const manifests = isSame ? known.manifests : parseAll(texts, rules)
    last = { rules, state, manifests, texts: newestMs < beforeMs - coarseMs ? undefined : texts }
    return manifests
  }
}

interface Read {
  readonly state: string
  readonly manifests: Manifest[]
  /** Undefined once they are as old as makes sure that another text would have another state. */
  readonly texts: readonly ReadText[] | undefined
}

/** `file`: as it is told of. */
interface ReadText {
  readonly file: string
  readonly read: ManifestText
}

/** Tells whether anything in the folder of manifests is another one. */
function manifestState(root: string): { readonly state: string; readonly newestMs: number } {
  let newestMs = 0
  const states = manifestNames(root).map((name) => {
    try {
      const { size, ino, mtimeNs, ctimeNs, ctimeMs } = statSync(`${root}/${manifestFolder}/${name}`, { bigint: true })
      newestMs = Math.max(newestMs, Number(ctimeMs))
      return `${name} ${size} ${ino} ${mtimeNs} ${ctimeNs}`
    } catch (error) {
      return `${name} ${(error as NodeJS.ErrnoException).code}`
    }
  })
  return { state: states.join('\n'), newestMs }
}

/** Reads all manifests of a workspace. Never throws: what is wrong is in their `faults`. */
export function readManifests(root: string, rules: readonly Rule[]): Manifest[] {
  return parseAll(readTexts(root), rules)
}

function readTexts(root: string): ReadText[] {
  return manifestNames(root).map((name) => {
    const file = `${manifestFolder}/${name}`
    return { file, read: readManifestText(`${root}/${file}`) }
  })
}

function parseAll(texts: readonly ReadText[], rules: readonly Rule[]): Manifest[] {
  const firstParam = rules.flatMap((rule) => [...rule.params.keys()])[0]
  return texts.map(({ file, read }) => readManifest(file, read, firstParam))
}

function manifestNames(root: string): string[] {
  try {
    const names = readdirSync(`${root}/${manifestFolder}`)
    return names.filter((name) => name.endsWith('.tsv') && !name.startsWith('.') && !neverCounts(name)).sort(byName)
  } catch {
    return []
  }
}

function readManifest(file: string, read: ManifestText, firstParam: string | undefined): Manifest {
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
    const problem = notAText(path)
    if (problem !== undefined) return { status: 'unreadable', problem: `cannot be read: ${problem}` }
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
