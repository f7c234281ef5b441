import type { UiState } from './state.ts'
import type { View } from './view.ts'

/** Below this there is no room for a table: one sentence and the counts. */
const tinyColumns = 50
const tinyRows = 12
/** From here on a why stands beside the cells, and the detail below the list. */
const detailColumns = 80
const detailRows = 20
/** From here on the detail stands at the side. */
const sideColumns = 116
/** Of the width, the list takes this at the side of a detail. */
const listPercent = 58

export const headerRows = 3
/** More bars would push the list off a small screen; the last one counts the others. */
const mostBars = 2

export interface Pane {
  readonly columns: number
  readonly rows: number
}

export type Layout =
  | { readonly kind: 'tiny' }
  | {
      readonly kind: 'full'
      /** How many bars stand under the header. */
      readonly bars: number
      /** Between the line under the header and the footer. */
      readonly body: Pane
      readonly list: Pane | undefined
      readonly detail: (Pane & { readonly side: boolean }) | undefined
    }

/** How the screen is divided. Of screens without a detail the list has the whole body. */
export function layoutOf(state: UiState, view: View): Layout {
  const { columns, rows } = state
  if (columns < tinyColumns || rows < tinyRows) return { kind: 'tiny' }
  const bars = Math.min(mostBars, barCount(view))
  // Header, bars, a line under them, body, footer.
  const body = { columns, rows: rows - headerRows - bars - 2 }
  const whole = { kind: 'full', bars, body, list: body, detail: undefined } as const
  const { focus, zoom } = state.batches
  if (state.screen !== 'batches' || (view.board?.jobs.size ?? 0) === 0) return whole
  if (zoom && focus === 'list') return whole
  if (zoom) return { ...whole, list: undefined, detail: { ...body, side: false } }
  if (rows < detailRows || columns < detailColumns) return whole
  if (columns >= sideColumns) {
    const list = Math.floor((columns * listPercent) / 100)
    return {
      ...whole,
      list: { columns: list, rows: body.rows },
      detail: { columns: columns - list, rows: body.rows, side: true },
    }
  }
  const detail = Math.min(14, Math.max(7, Math.floor(body.rows * 0.42)))
  return {
    ...whole,
    list: { columns, rows: body.rows - detail - 1 },
    detail: { columns, rows: detail, side: false },
  }
}

/** Faults of rules and manifests, and what is to be said of the engine: see panes/bars. */
export function barCount({ board, link }: View): number {
  const engine = link.state === 'gone' || board?.engine.stopping === true ? 1 : 0
  return engine + (board?.faults.length ?? 0) + (board?.warnings.length ?? 0)
}
