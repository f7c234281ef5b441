import { baseName, type DropContext, type DropMove, type Refusal, refuse, shownMember } from './dropVerdict.ts'
import { batchesNamed, parseManifest } from './manifest.ts'

export const manifestFolder = 'data/manifests'

interface ManifestContext {
  /** Recordings in the drop. */
  readonly units: number
  readonly context: DropContext
}

/** Undefined if the file is not even meant to be a manifest. */
export function manifestMove(
  drop: string,
  file: string,
  { units, context }: ManifestContext,
): DropMove | Refusal | undefined {
  const shown = shownMember(drop, file)
  const name = baseName(shown)
  const isTable = /\.tsv$/i.test(name)
  if (!isTable && !/\.txt$/i.test(name)) return undefined
  const read = context.read(file)
  if (read.status !== 'text') {
    if (!isTable) return undefined
    const problem = read.status === 'missing' ? 'it is gone' : read.problem
    return refuse(`${shown} ${problem}`, (read.status === 'unreadable' ? read.hint : undefined) ?? 'Save it as text.')
  }
  const { rows, faults } = parseManifest(read.text, { file: shown, firstParam: context.firstParam })
  // A text of prose has words that could be batches, but no columns.
  if (!isTable && rows.filter((row) => row.params.size > 0).length <= faults.length) return undefined
  if (rows.length === 0) {
    const [first] = faults
    const why = first === undefined ? 'it has no row' : `${first.where}: ${first.message}`
    return refuse(`${shown} is no manifest: ${why}`, first?.hint ?? 'A row is a batch, a tab, and its params.')
  }
  const folder = name === 'manifest.tsv' && file !== '' ? baseName(shownMember(drop, parentOf(file))) : undefined
  const named = context.as !== undefined && units === 0
  const stem = named ? context.as : (folder ?? name.replace(/\.(tsv|txt)$/i, ''))
  if (stem.startsWith('.') || /[\0-\x1f\x7f/]/.test(stem) || stem === '')
    return refuse(`"${stem}" cannot be the name of a manifest`, 'Rename it.')
  return { from: file, to: `${manifestFolder}/${stem}.tsv`, kind: 'manifest', isFolder: false, batch: undefined }
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** Batches that the manifest here names and the one that was dropped does not: somebody else's rows. */
export function lostBatches(here: string, dropped: string): string[] {
  const kept = batchesNamed(dropped)
  return [...batchesNamed(here)].filter((batch) => !kept.has(batch))
}
