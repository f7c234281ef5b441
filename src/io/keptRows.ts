import type { Batches } from '../core/batches.ts'
import type { Looks } from './looks.ts'
import { readSummed, writeSummed } from './summedFile.ts'

// A person edits a row of a manifest and says labmake: of ten thousand batches one is to be planned. Which one is told by what the
// rows said before.

const path = '.labmake/look.rows'

interface Saved {
  /** The looks that were taken before the rows were read. */
  readonly inputs: Looks
  readonly rows: Batches
}

/** Keeps what the manifests said at a look, which has these inputs. */
export function keepRows(root: string, inputs: Looks, rows: Batches): void {
  const saved: Saved = { inputs, rows }
  writeSummed(`${root}/${path}`, saved)
}

/** What they said at the look that has these inputs; undefined where that is not known. */
export function takeUpRows(root: string, inputs: Looks): Batches | undefined {
  const saved = readSummed<Saved>(`${root}/${path}`)?.value
  return saved !== undefined && areSame(saved.inputs, inputs) ? saved.rows : undefined
}

function areSame(a: Looks, b: Looks): boolean {
  const isEach = <T>(some: ArrayLike<T>, others: ArrayLike<T>) =>
    some.length === others.length && Array.from(some).every((one, i) => one === others[i])
  return isEach(a.paths, b.paths) && isEach(a.follows, b.follows) && isEach(a.marks, b.marks)
}
