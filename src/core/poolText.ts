import type { SharedUse } from '../model/board.ts'

/** `1/2`, and of a shared pool what others have of it: `1/2 (1 elsewhere)`. */
export function usedText(
  used: number,
  { slots, shared }: { readonly slots: number; readonly shared: SharedUse | undefined },
): string {
  const elsewhere = shared?.usedByOthers ?? 0
  return `${used}/${slots}${elsewhere === 0 ? '' : ` (${elsewhere} elsewhere)`}`
}

/** More workspaces than this are counted, not named. */
const namedHolders = 2

/** Where the slots are that others have: ` in /srv/other (ana)`; empty if nobody has any. */
export function holdersText(shared: SharedUse | undefined): string {
  const names = [...new Set((shared?.holders ?? []).map(({ root, user }) => `${root} (${user})`))]
  if (names.length === 0) return ''
  const rest = names.length - namedHolders
  const named = rest > 1 ? [...names.slice(0, namedHolders), `${rest} more workspaces`] : names
  return ` in ${named.join(' and ')}`
}
