import type { List } from './state.ts'

/** Rows between the selected one and an edge, so that one sees where one goes. */
const margin = 2

/** How a key moves in a list of rows, of which `page` are seen; undefined if it does not. */
export function movement(name: string, page: number): number | undefined {
  switch (name) {
    case 'down':
    case 'j':
      return 1
    case 'up':
    case 'k':
      return -1
    case 'pageDown':
      return Math.max(1, page - 1)
    case 'pageUp':
      return -Math.max(1, page - 1)
    case '^d':
      return Math.max(1, page >> 1)
    case '^u':
      return -Math.max(1, page >> 1)
    case 'g':
    case 'home':
      return Number.NEGATIVE_INFINITY
    case 'G':
    case 'end':
      return Number.POSITIVE_INFINITY
    default:
      return undefined
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

/** The list with another row selected, by its place. */
export function selectAt<L extends List>(list: L, index: number, names: readonly string[]): L {
  const at = clamp(index, 0, names.length - 1)
  return { ...list, index: Math.max(0, at), selected: names[at] }
}

/** What is selected is there still, or else its neighbour, and it is in sight. The same list if nothing is to be done. */
export function settleList<L extends List>(list: L, names: readonly string[], page: number): L {
  const found = list.selected === undefined ? -1 : names.indexOf(list.selected)
  const index = found >= 0 ? found : clamp(list.index, 0, Math.max(0, names.length - 1))
  const top = scrolled(list.top, index, names.length, page)
  const selected = names[index]
  if (index === list.index && top === list.top && selected === list.selected) return list
  return { ...list, index, top, selected }
}

/** Where the list begins so that row `index` is seen, not too near an edge; moved as little as can be. */
export function scrolled(top: number, index: number, count: number, page: number): number {
  const space = Math.min(margin, Math.max(0, (page - 1) >> 1))
  const lowest = Math.min(index - space, count - page)
  const highest = index + space - page + 1
  return Math.max(0, Math.min(Math.max(top, highest), lowest))
}
