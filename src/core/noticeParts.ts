import type { Board } from '../model/board.ts'
import type { News, NoticeState } from '../model/notice.ts'

/** News of one kind. */
export type NewsOf<K extends News['kind']> = News & { readonly kind: K }

export interface NoticeContext {
  /** News of the kind that came beyond those that are given. */
  readonly more: number
  readonly board: Board
  readonly since: NoticeState['since']
}

/** Names that a notice lists; the rest is counted. What fits on a phone. */
export const namesListed = 5

/** What a notice says, before it is cleaned and cut. */
export interface Composed {
  readonly title: string
  readonly lines: readonly string[]
}

/** `a, b, c, d, e and 7 more`. */
export function listing(names: readonly string[], count: number): string {
  const shown = names.slice(0, namesListed)
  return `${shown.join(', ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`
}
