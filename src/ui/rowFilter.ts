import { type Filter, matchesBatch, parseFilter } from '../core/filter.ts'
import { memo } from './memo.ts'
import type { Row } from './rows.ts'
import { allBatches } from './state.ts'
import type { View } from './view.ts'

/** Parsed once for each text, not for each picture. */
const parse = memo(
  (text: string, { board }: View) => [text, board?.rules, board?.pools],
  (text, { board }) => parseFilter(text, { rules: board?.rules ?? [], pools: board?.pools.keys() ?? [] }),
)

const everything: Filter = { words: [] }

/** Does a row fit this text? A text that names a rule which is no more hides nothing. */
export function rowFilter(text: string, view: View): (row: Row) => boolean {
  const parsed = parse(text, view)
  const filter = 'filter' in parsed ? parsed.filter : everything
  return ({ batch, jobs }) =>
    matchesBatch(filter, { batch: batch === allBatches ? undefined : batch, jobs }, view.nowMs)
}

/** Why this text cannot be read; undefined if it can. */
export function filterProblem(text: string, view: View): string | undefined {
  const parsed = parse(text, view)
  return 'fault' in parsed ? parsed.fault : undefined
}
