import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { mkdir, rename, statfs, writeFile } from 'node:fs/promises'
import type { DiskSpace, NoticeState } from '../model/notice.ts'

const statePath = '.labmake/notices.json'
const logPath = '.labmake/notices.log'
/** Some thousand lines; the file before it is kept as notices.log.old. */
const logLimitBytes = 1_000_000

/** What notices keep below `root`/.labmake/. Whatever is wrong with these files, notices are sent and jobs run. */
export function openNoticeFiles(root: string) {
  const path = `${root}/${statePath}`
  return {
    read(): NoticeState | undefined {
      try {
        const state = JSON.parse(readFileSync(path, 'utf8')) as NoticeState
        return state.version === 1 ? state : undefined
      } catch {
        // Not there, or damaged: at worst something is told twice.
        return undefined
      }
    },
    async write(state: NoticeState): Promise<void> {
      try {
        await mkdir(`${root}/.labmake`, { recursive: true })
        await writeFile(`${path}.new`, JSON.stringify(state))
        await rename(`${path}.new`, path)
      } catch {
        // On a full disk, say: that is what there is to be told of, and the next write may succeed.
      }
    },
    log(line: string): void {
      const log = `${root}/${logPath}`
      try {
        mkdirSync(`${root}/.labmake`, { recursive: true })
        if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) renameSync(log, `${log}.old`)
        appendFileSync(log, `${line}\n`)
      } catch {
        // What came of a notice is also an event; a log that cannot be written must not keep the next from being sent.
      }
    },
  }
}

/** The space on the file system of `root`; undefined if it does not tell. Never rejects. */
export async function diskSpace(root: string): Promise<DiskSpace | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(root)
    return blocks === 0 ? undefined : { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return undefined
  }
}
