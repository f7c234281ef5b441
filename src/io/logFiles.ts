import { open, stat } from 'node:fs/promises'

/** What lies at a path: differs once another file lies there. */
interface LogStat {
  readonly sizeBytes: number
  readonly identity: string
}

/** Reads the logs of a workspace piece by piece; paths are relative to `root`. For who looks at them while they grow. */
export function logFiles(root: string) {
  return {
    /** Undefined if there is none. */
    async stat(path: string): Promise<LogStat | undefined> {
      try {
        const { size, dev, ino } = await stat(`${root}/${path}`)
        return { sizeBytes: size, identity: `${dev}:${ino}` }
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    /** Bytes from `offset`, fewer where the file ends before, none if it is gone. */
    async read(path: string, offset: number, length: number): Promise<Uint8Array> {
      const file = await open(`${root}/${path}`, 'r').catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      })
      if (file === undefined) return new Uint8Array()
      try {
        const bytes = Buffer.allocUnsafe(length)
        let taken = 0
        while (taken < length) {
          const { bytesRead } = await file.read(bytes, taken, length - taken, offset + taken)
          if (bytesRead === 0) break
          taken += bytesRead
        }
        return bytes.subarray(0, taken)
      } finally {
        await file.close()
      }
    },
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
