import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import type { Standing } from '../model/standing.ts'
import type { JournalMark } from './journalMark.ts'
import type { KeptRules } from './keptRules.ts'
import type { Looks } from './looks.ts'
import { makeFolder } from './makeFolder.ts'

/**
 * What the last plan of a build looked at and found. As long as all of it lies as it lay, another plan would find the same: a
 * plan knows the disk by its looks alone. It is never trusted over the disk or the journal, only against them, and whoever
 * doubts it throws it away.
 */
export interface LastLook {
  /** Of the labmake that looked: another one may judge otherwise. */
  readonly version: string
  /** When it began, in ms since the epoch. */
  readonly takenMs: number
  /** Rule files and manifests, and the folders they lie in. */
  readonly inputs: Looks
  readonly looks: Looks
  /** Where the journal ended; undefined if there was none. */
  readonly journal: JournalMark | undefined
  readonly standing: Standing
  /**
   * A digest of the rules; of rules that are text they need not be read to know that they are the same, and are kept if
   * there was nothing wrong with them.
   */
  readonly rules: { readonly digest: string; readonly areText: boolean; readonly kept: KeptRules | undefined }
  /** Batches of which all jobs were up to date, as no person edited them; `jobs` counts those of each. */
  readonly resting: { readonly batches: readonly string[]; readonly jobs: Uint16Array }
  /** All other batches: they are planned at each look. */
  readonly restless: readonly string[]
}

const path = '.labmake/look'
const sumBytes = 4

/** Many short texts are read many times quicker as one long one, in UTF-8. No path and no batch has a zero byte. */
interface Saved {
  readonly look: Omit<LastLook, 'inputs' | 'looks' | 'resting'>
  readonly inputs: Packed
  readonly looks: Packed
  readonly resting: { readonly batches: Uint8Array; readonly jobs: Uint16Array }
}
type Packed = Omit<Looks, 'paths'> & { readonly paths: Uint8Array }

const joined = (texts: readonly string[]): Uint8Array => Buffer.from(texts.join('\0'))
const split = (bytes: Uint8Array) => (bytes.length === 0 ? [] : Buffer.from(bytes).toString().split('\0'))
const pack = (looks: Looks): Packed => ({ ...looks, paths: joined(looks.paths) })
const unpack = (looks: Packed): Looks => ({ ...looks, paths: split(looks.paths) })

/** Undefined if there is none, or it is torn, or of another labmake than `version`. */
export function readLastLook(root: string, version: string): LastLook | undefined {
  try {
    const bytes = readFileSync(`${root}/${path}`)
    const body = bytes.subarray(0, -sumBytes)
    if (crc32(body) !== bytes.readUInt32LE(body.length)) return undefined
    const { look, inputs, looks, resting } = deserialize(body) as Saved
    if (look.version !== version) return undefined
    const { batches, jobs } = resting
    return { ...look, inputs: unpack(inputs), looks: unpack(looks), resting: { batches: split(batches), jobs } }
  } catch {
    return undefined
  }
}

/** Keeps a look for the next labmake. Where that cannot be written, the next one looks for itself. */
export function writeLastLook(root: string, { inputs, looks, resting, ...look }: LastLook): void {
  const { batches, jobs } = resting
  const saved: Saved = {
    look,
    inputs: pack(inputs),
    looks: pack(looks),
    resting: { batches: joined(batches), jobs },
  }
  const body = serialize(saved)
  const sum = Buffer.alloc(sumBytes)
  sum.writeUInt32LE(crc32(body))
  try {
    makeFolder(`${root}/.labmake`)
    // No care for two that write at once, nor for a power cut: the sum tells.
    writeFileSync(`${root}/${path}.new`, Buffer.concat([body, sum]))
    renameSync(`${root}/${path}.new`, `${root}/${path}`)
  } catch {
    rmSync(`${root}/${path}.new`, { force: true })
  }
}
