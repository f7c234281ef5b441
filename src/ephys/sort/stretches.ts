/**
 * Is every sample from `from` to `to` (excluded) in one stretch? `borders` holds where stretches begin, rising, and last
 * of all where the recording ends. A spike over a join would be made of two moments.
 */
export function liesInOneStretch(borders: readonly number[], from: number, to: number): boolean {
  if (from < 0) return false
  let low = 0
  let high = borders.length
  // The first border after `from`.
  while (low < high) {
    const middle = (low + high) >> 1
    if (borders[middle]! > from) high = middle
    else low = middle + 1
  }
  const end = borders[low]
  return end !== undefined && to <= end
}

/** Up to `count` of the items, spread evenly over all of them, in their order. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}
