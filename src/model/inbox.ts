import type { DropRecord } from './record.ts'

/**
 * A drop as one look saw it, summed up: what must stay the same for it to be whole. Times are ns since the epoch; a member
 * that never counts (.DS_Store) is in none of it. A link counts as itself and is not followed.
 */
export interface DropPicture {
  readonly isFolder: boolean
  readonly files: number
  /** Below the drop itself. */
  readonly folders: number
  readonly bytes: number
  /** Newest modification of a file; copies keep the time of their original. */
  readonly newestNs: bigint
  /** Newest change of a file that nobody can backdate (ctime); of the drop itself where it has no file. */
  readonly changedNs: bigint
  /** The first member with a temporary name, from inside the drop; the drop's own name where it is temporary. */
  readonly temporary: string | undefined
  /** A file READY lies in the folder, and nothing in it changed later. */
  readonly ready: boolean
}

export interface SeenDrop {
  /** In `inbox/`, or in `inbox/rejected/`. */
  readonly name: string
  readonly picture: DropPicture
}

/** Everything in a drop; `path` is from inside it, empty for the drop itself. */
export type DropMember =
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'folder'; readonly path: string }
  /** `broken`: what it points to is not there. */
  | { readonly kind: 'link'; readonly path: string; readonly to: string; readonly broken: boolean }
  /** A FIFO, a socket, a device: in words. */
  | { readonly kind: 'special'; readonly path: string; readonly what: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly problem: string }

/** The text of what may be a manifest, or why there is none. */
export type ManifestText =
  | { readonly status: 'text'; readonly text: string }
  | { readonly status: 'missing' }
  | { readonly status: 'unreadable'; readonly problem: string; readonly hint?: string }

/** The first difference between what was dropped and what is here, as a path from inside both. */
export interface Difference {
  readonly path: string
  readonly how: 'size' | 'content' | 'kind' | 'only here' | 'only dropped'
}

/** What became of an attempt to put something where nothing is yet. */
export type Placing =
  | 'placed'
  /** Something is there. */
  | 'occupied'
  /** The two places lie on different file systems. */
  | 'other-disk'
  /** What was to be put there is gone. */
  | 'gone'

/**
 * The inbox's own looks and acts; paths are relative to the workspace. Nothing is followed out of a drop. What may take
 * long lets the event loop turn. Acts throw DiskFault.
 */
export interface Inbox {
  /** All that was dropped, in the order of a person's reading. Nothing if there is no inbox. */
  drops(): Promise<readonly SeenDrop[]>
  /** Names of what was refused earlier, without the texts beside. */
  rejected(): Promise<readonly string[]>
  /** One thing; undefined if nothing is there. */
  picture(path: string): Promise<DropPicture | undefined>
  /** The thing and all below it, folders before their members. Empty if nothing is there. */
  members(path: string): Promise<readonly DropMember[]>
  readManifest(path: string): ManifestText
  /**
   * Names and sizes first, then bytes. Undefined if both hold the same. Members that never count do not, nor do those that
   * `passedOver` names, on either side.
   */
  compare(dropped: string, here: string, passedOver: readonly string[]): Promise<Difference | undefined>
  /** Renames, and replaces nothing but an empty folder. The folders above `to` are there. */
  place(from: string, to: string): Promise<Placing>
  /** Copies a file, or a folder whole, with times and links as they are; `to` is not there yet. */
  copy(from: string, to: string): Promise<void>
  /** Writes a new text file; one that is there is left as it is. */
  write(path: string, text: string): Promise<void>
  /** Removes the folder and those below it, as far as they are empty. Nothing there is fine. */
  prune(path: string): Promise<void>
  /** What a file written in the inbox now would be dated, ms: the file system's clock may not be ours. */
  fileNow(): Promise<number>
}

/** One thing of a drop on its way to where it belongs. */
export interface ClaimedMove {
  /** In the claim's folder. */
  readonly from: string
  readonly to: string
  /** The batch that it is the recording of. */
  readonly batch: string | undefined
  /** The staging folder beside `to`: for a copy, and for what is replaced. */
  readonly staging: string
  /** Where in the attic what lies at `to` goes; undefined where nothing may be replaced. */
  readonly replaced: string | undefined
  /** Set when the copy in `staging` is whole and flushed: the picture of what it was copied from. */
  readonly copied: string | undefined
}

/**
 * What was decided of a drop, written down before it is done, so that the next labmake can finish it. The drop itself
 * lies in `folder` from when it was claimed: a folder without such a note was claimed and nothing more, and is put back.
 */
export interface Claim {
  readonly slug: string
  /** `inbox/.labmake-<slug>` */
  readonly folder: string
  /** Its name there, which is the one it was dropped by. */
  readonly drop: string
  readonly moves: readonly ClaimedMove[]
  /** Where in `inbox/rejected/` it goes, and what is written beside it. */
  readonly rejected: { readonly kept: string; readonly text: string } | undefined
  /** The text beside a drop that was refused earlier and is taken up again: it goes to the attic. */
  readonly oldWhy: string | undefined
  /** The folder that what is left of the drop goes to. */
  readonly attic: string
  /** What the journal will say. */
  readonly record: DropRecord
}

/** Claims under way, written down. Methods throw DiskFault. */
export interface Claims {
  /** Returns once it is on the disk itself. */
  write(claim: Claim): Promise<void>
  remove(slug: string): Promise<void>
  /** What an earlier labmake left. */
  left(): readonly Claim[]
}
