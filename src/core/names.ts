/** A batch name, as a regular expression source: safe as a file name, a word and a value of an environment variable. */
export const batchPattern = '[A-Za-z0-9][A-Za-z0-9._+-]{0,127}'

/** Names of wildcards, params, rules and pools: as environment variables they cannot hide PATH. */
export const namePattern = '[a-z][a-z0-9_]*'

const wholeBatch = new RegExp(`^${batchPattern}$`)

export function isBatchName(text: string): boolean {
  return wholeBatch.test(text)
}

/** What labmake's own staging folders beside targets begin with. */
export const stagingPrefix = '.labmake-'

const neverCounted = /^(\.DS_Store|Thumbs\.db|desktop\.ini|\._.*|\.nfs.*|\..*\.sw[a-z]|.*~|#.*#|\.#.*)$/

/** Members that never count: what desktops, NFS and editors leave behind, and labmake's staging. */
export function neverCounts(name: string): boolean {
  return neverCounted.test(name) || name.startsWith(stagingPrefix)
}

/** Made when names are sorted: that takes milliseconds, and a run with nothing to do sorts none. */
let collator: Intl.Collator | undefined

/** The order in which a person expects names: B2 before B10; ties by code unit, so that it is total. */
export function byName(a: string, b: string): number {
  if (a === b) return 0
  collator ??= new Intl.Collator('en', { numeric: true })
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}
