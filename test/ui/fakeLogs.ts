import type { LogFiles } from '../../src/ui/logFiles.ts'

export interface FakeLogs extends LogFiles {
  /** Another file at that path. */
  replace(path: string, text: string): void
  append(path: string, text: string): void
  /** The same file, cut short. */
  truncate(path: string, bytes: number): void
  remove(path: string): void
  /** Every look at it fails. */
  forbid(path: string): void
  /** Bytes read so far. */
  bytesRead(): number
}

/** Logs in memory. */
export function fakeLogs(texts: Readonly<Record<string, string>> = {}): FakeLogs {
  const logs = new Map<string, { bytes: Buffer; identity: string }>()
  const forbidden = new Set<string>()
  let identities = 0
  let read = 0
  const replace = (path: string, text: string) => {
    logs.set(path, { bytes: Buffer.from(text), identity: `${identities++}` })
  }
  for (const [path, text] of Object.entries(texts)) replace(path, text)
  const found = (path: string) => {
    if (forbidden.has(path)) throw new Error(`EACCES: ${path}`)
    return logs.get(path)
  }
  return {
    async stat(path) {
      const log = found(path)
      return log === undefined ? undefined : { sizeBytes: log.bytes.length, identity: log.identity }
    },
    async read(path, offset, length) {
      const bytes = found(path)?.bytes.subarray(offset, offset + length) ?? Buffer.alloc(0)
      read += bytes.length
      return bytes
    },
    replace,
    append(path, text) {
      const log = logs.get(path)!
      log.bytes = Buffer.concat([log.bytes, Buffer.from(text)])
    },
    truncate(path, bytes) {
      const log = logs.get(path)!
      log.bytes = log.bytes.subarray(0, bytes)
    },
    remove: (path) => void logs.delete(path),
    forbid: (path) => void forbidden.add(path),
    bytesRead: () => read,
  }
}
