import { rmSync } from 'node:fs'
import { exchanged, piecedNumbers, piecedTexts, placesOf, rowsOf } from '../core/sortedTexts.ts'
import type { Standing } from '../model/standing.ts'
import type { JournalMark } from './journalMark.ts'
import type { KeptRules } from './keptRules.ts'
import type { Looks } from './looks.ts'
import { exchangeInPlace, exchangeLooks } from './orderedLooks.ts'
import { readSummed, writeSummed } from './summedFile.ts'

/**
 * What the last plan of a build looked at and found. As long as all of it lies as it lay, another plan would find the same: a
 * plan knows the disk by its looks alone. It is never trusted over the disk or the journal, only against them, and whoever
 * doubts it throws it away.
 */
export interface LastLook {
  /** When it began, in ms since the epoch. */
  readonly takenMs: number
  /** Rule files and manifests, and the folders they lie in. */
  readonly inputs: Looks
  /** In order. */
  readonly looks: Looks
  /** Where the journal ended; undefined if there was none. */
  readonly journal: JournalMark | undefined
  readonly standing: Standing
  /**
   * A digest of the rules; of rules that are text they need not be read to know that they are the same, and are kept if
   * there was nothing wrong with them.
   */
  readonly rules: { readonly digest: string; readonly areText: boolean; readonly kept: KeptRules | undefined }
  readonly resting: Resting
  /** All other batches: they are planned at each look. */
  readonly restless: readonly string[]
}

/** Batches of which all jobs were up to date, as no person edited them, in order; `jobs` counts those of each. */
export interface Resting {
  readonly batches: readonly string[]
  readonly jobs: Uint16Array
}

/** A look as it was read, and what it was read from. */
export interface ReadLook extends LastLook {
  readonly whole: WholeMark
  readonly amendment: Amendment | undefined
}

/** What is not the same any more after some batches were planned, or some places looked at once more. */
export interface Amendment extends Omit<LastLook, 'rules'> {
  /** What was seen at these paths is replaced by `looks`. */
  readonly paths: readonly string[]
  /** Those of these batches that are at rest are in `resting`. */
  readonly planned: readonly string[]
}

/** Tells one whole look from another. */
interface WholeMark {
  readonly sum: number
  readonly takenMs: number
}

const wholePath = '.labmake/look'
/**
 * A build of one batch would otherwise write all of 4.5 MB again. What is in it holds for one whole look, and is of no use
 * beside another. Lost, it costs a plan of the batches it was about: the whole look is true of its time.
 */
const amendmentPath = '.labmake/look.since'
/** With more than so many paths and batches the whole is written: by then, to read both takes a ms longer. */
const mostAmended = 2000

/** Counts up when what is kept is another, or means something else. */
const form = 2

/** Many short texts are read many times quicker as one long one, in UTF-8. No path and no batch has a zero byte. */
type Packed = Omit<Looks, 'paths'> & { readonly paths: Uint8Array }
type PackedResting = { readonly batches: Uint8Array; readonly jobs: Uint16Array }
interface PackedTables {
  readonly inputs: Packed
  readonly looks: Packed
  readonly resting: PackedResting
}
type Tables = keyof PackedTables
interface SavedWhole extends PackedTables, Omit<LastLook, Tables> {
  readonly form: number
  readonly version: string
}
interface SavedAmendment extends PackedTables, Omit<Amendment, Tables> {
  readonly of: WholeMark
}

const joined = (texts: readonly string[]): Uint8Array => Buffer.from(texts.join('\0'))
const split = (bytes: Uint8Array) => (bytes.length === 0 ? [] : Buffer.from(bytes).toString().split('\0'))
const pack = (looks: Looks): Packed => ({ ...looks, paths: joined(looks.paths) })
const unpack = (looks: Packed): Looks => ({ ...looks, paths: split(looks.paths) })

const packTables = ({ inputs, looks, resting }: Pick<LastLook, Tables>): PackedTables => ({
  inputs: pack(inputs),
  looks: pack(looks),
  resting: { batches: joined(resting.batches), jobs: resting.jobs },
})
const unpackTables = ({ inputs, looks, resting }: PackedTables): Pick<LastLook, Tables> => ({
  inputs: unpack(inputs),
  looks: unpack(looks),
  resting: { batches: split(resting.batches), jobs: resting.jobs },
})

/** Undefined if there is none, or it is torn, or of another labmake than `version`: that one may judge otherwise. */
export function readLastLook(root: string, version: string): ReadLook | undefined {
  const read = readSummed<SavedWhole>(`${root}/${wholePath}`)
  if (read === undefined || read.value.form !== form || read.value.version !== version) return undefined
  const { sum, value } = read
  const look = { ...value, ...unpackTables(value) }
  const whole = { sum, takenMs: look.takenMs }
  const since = readSummed<SavedAmendment>(`${root}/${amendmentPath}`)?.value
  if (since?.of.sum !== whole.sum || since.of.takenMs !== whole.takenMs) return { ...look, whole, amendment: undefined }
  const amendment = { ...since, ...unpackTables(since) }
  return { ...amended(look, amendment, exchangeInPlace), whole, amendment }
}

/** Keeps a look for the next labmake. Where that cannot be written, the next one looks for itself. */
export function writeLastLook(root: string, version: string, look: LastLook): void {
  const saved: SavedWhole = { form, version, ...look, ...packTables(look) }
  writeSummed(`${root}/${wholePath}`, saved)
  rmSync(`${root}/${amendmentPath}`, { force: true })
}

/** Keeps what is not as `look` has it any more: beside it, or, if that has become much, as a whole. */
export function amendLastLook(root: string, version: string, look: ReadLook, change: Amendment): void {
  const { whole, amendment: before } = look
  const amendment = before === undefined ? change : joinAmendments(before, change)
  if (amendment.paths.length + amendment.planned.length > mostAmended) {
    writeLastLook(root, version, amended(look, change, exchangeLooks))
    return
  }
  const saved: SavedAmendment = { of: whole, ...amendment, ...packTables(amendment) }
  writeSummed(`${root}/${amendmentPath}`, saved)
}

function amended(
  look: LastLook,
  { paths, planned, looks, resting, ...since }: Amendment,
  exchange: typeof exchangeLooks,
): LastLook {
  return {
    rules: look.rules,
    ...since,
    looks: exchange(look.looks, paths, looks),
    resting: exchangeResting(look.resting, planned, resting),
  }
}

function joinAmendments(before: Amendment, after: Amendment): Amendment {
  return {
    ...after,
    looks: exchangeLooks(before.looks, after.paths, after.looks),
    resting: exchangeResting(before.resting, after.planned, after.resting),
    paths: [...new Set([...before.paths, ...after.paths])],
    planned: [...new Set([...before.planned, ...after.planned])],
  }
}

function exchangeResting(before: Resting, planned: readonly string[], anew: Resting): Resting {
  const pieces = exchanged(before.batches, planned, anew.batches)
  const made = new Uint16Array(rowsOf(pieces))
  return {
    batches: piecedTexts(pieces, before.batches, anew.batches),
    jobs: piecedNumbers(pieces, { before: before.jobs, anew: anew.jobs, width: 1, made }),
  }
}

/** How many jobs of other batches than these are up to date. */
export function jobsAtRest({ batches, jobs }: Resting, scope: Iterable<string>): number {
  let count = 0
  for (const batch of scope) {
    const [from, to] = placesOf(batches, batch)
    if (from < to) count -= jobs[from]!
  }
  for (let i = 0; i < jobs.length; i++) count += jobs[i]!
  return count
}
