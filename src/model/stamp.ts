/** A file's state: `SIZE MTIME_NS`, or `-> LINK TEXT SIZE MTIME_NS` for a symbolic link and what it points to. */
export type FileStamp = string

/** A folder's state: the stamps of its members that count, by relative path, in sorted order; or a digest of them. */
export type FolderStamp = Readonly<Record<string, FileStamp>> | { readonly '#digest': string }

export type Stamp = FileStamp | FolderStamp

/** Stamps by path (folders without a trailing slash). */
export type Stamps = Readonly<Record<string, Stamp>>

/** What lies at a path now. Times are ns since the epoch. */
export type Snapshot =
  | { readonly status: 'missing' }
  /** A folder without a member that counts. */
  | { readonly status: 'empty' }
  /** It, or something in it, may not be looked at. */
  | { readonly status: 'unreadable'; readonly problem: string }
  | {
      readonly status: 'there'
      readonly stamp: Stamp
      readonly newestNs: bigint
      readonly newestPath: string
      readonly oldestNs: bigint
      readonly sizeBytes: number
      /** A file or a folder of files alone, and none of them a link: whatever changes does so in the one folder. */
      readonly isPlain: boolean
    }
