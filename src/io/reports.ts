import { mkdir, writeFile } from 'node:fs/promises'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'

/** Keeps what a person copied from the screen, the last one of each person. Resolves with its path in the workspace. */
export async function keepReport(root: string, user: string, text: string): Promise<string> {
  const path = `.labmake/report-${user.replace(/[^\w.-]/g, '_')}.txt`
  try {
    await mkdir(`${root}/.labmake`, { recursive: true })
    await writeFile(`${root}/${path}`, text)
    return path
  } catch (error) {
    throw new DiskFault('write', path, describeErrno(error))
  }
}
