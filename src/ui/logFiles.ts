/** The logs of a workspace, as cli introduces them. Paths are relative to the workspace. */
export interface LogFiles {
  /** Undefined if there is none. Rejects if it may not be looked at. */
  stat(path: string): Promise<LogStat | undefined>
  /** Bytes from `offset`, fewer where the file ends before; none if it is gone. Rejects if it cannot be read. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>
}

export interface LogStat {
  readonly sizeBytes: number
  /** Differs once another file lies at that path. */
  readonly identity: string
}
