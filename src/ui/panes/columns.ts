/** How the width of the list is divided. */
export interface ListColumns {
  readonly name: number
  /** Columns of a cell, its gap to the right included; undefined: there is room for signs only. */
  readonly cell: number | undefined
  /** Rules that have a cell. */
  readonly rules: number
  /** 0: there is no room for a why. */
  readonly why: number
}

/** Selection, mark, gap. */
export const listMargin = 3
/** A cell with a word, and with a short word. */
const cellWidths = [13, 10] as const
const shortestWhy = 12
const signCell = 2
const shortestName = 12
/** Of the width, a name takes this at most where there is something else to show. */
const nameShare = 0.4

export interface ListNeeds {
  readonly columns: number
  readonly rules: number
  /** Columns of the longest name. */
  readonly longestName: number
  readonly wantsWhy: boolean
}

/** Names first, then cells with words, then the why; with many rules signs alone. */
export function listColumns({ columns, rules, longestName, wantsWhy }: ListNeeds): ListColumns {
  const room = columns - listMargin - 1
  const name = Math.max(shortestName, Math.min(longestName, Math.floor(columns * nameShare)))
  for (const cell of cellWidths) {
    const left = room - rules * cell - name
    if (wantsWhy && left >= shortestWhy) return { name, cell, rules, why: left }
    if (!wantsWhy && left >= 0) return { name: name + left, cell, rules, why: 0 }
  }
  const cell = cellWidths.at(-1)!
  if (room - rules * cell >= shortestName) return { name: room - rules * cell, cell, rules, why: 0 }
  const shown = Math.max(0, Math.min(rules, Math.floor((room - shortestName) / signCell)))
  const left = room - shown * signCell - name
  if (wantsWhy && left >= shortestWhy) return { name, cell: undefined, rules: shown, why: left }
  return { name: Math.max(1, room - shown * signCell), cell: undefined, rules: shown, why: 0 }
}
