import type { ManifestText } from '../model/inbox.ts'
import type { Acceptance } from '../model/rule.ts'

/** What a drop is checked against. */
export interface DropContext {
  readonly acceptances: readonly Acceptance[]
  /** What the second column of a manifest without a header means. */
  readonly firstParam: string | undefined
  /** A batch that is here and whose name differs from this one by case alone. */
  twinOf(batch: string): string | undefined
  /** The text of a member of the drop. */
  read(path: string): ManifestText
  /** The name that a person gave to the one recording, or the manifest, in it. */
  readonly as: string | undefined
}

/** `from` is from inside the drop, empty for the drop itself; `to` from the workspace. */
export interface DropMove {
  readonly from: string
  readonly to: string
  readonly kind: 'recording' | 'manifest'
  readonly isFolder: boolean
  readonly batch: string | undefined
}

export interface Refusal {
  readonly status: 'refuse'
  /** A sentence without its full stop: which check, which file, which line. */
  readonly why: string
  /** What to do about it. */
  readonly hint: string
}

/** The moves are in the order that they are to be done in. */
export type DropVerdict = { readonly status: 'take'; readonly moves: readonly DropMove[] } | Refusal

export const refuse = (why: string, hint: string): Refusal => ({ status: 'refuse', why, hint })

export const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** A file in the drop as a person finds it. */
export const shownMember = (drop: string, path: string) => (path === '' ? drop : path)
