/** Is plain data the same, as JSON would have it? What is undefined counts as absent, and the order of keys for nothing. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => isSameData(one, b[i]))
  }
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  for (const key in left) if (!isSameData(left[key], ownOf(right, key))) return false
  for (const key in right) if (right[key] !== undefined && ownOf(left, key) === undefined) return false
  return true
}

/** A param may be called `valueOf`, which every object has. */
function ownOf(data: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined
}
