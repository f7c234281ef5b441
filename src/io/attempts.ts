import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { AttemptState } from '../model/attempt.ts'
import { type Attempts, DiskFault } from '../model/ports.ts'
import type { MadeRecord } from '../model/record.ts'
import { describeErrno } from './disk.ts'
import { flushFile, flushNames } from './flushNames.ts'
import { isUnderWay, leaderOf } from './leader.ts'
import { makeFolder } from './makeFolder.ts'
import { parseOwn } from './ownFiles.ts'
import { removeFolder } from './removeFolder.ts'

/** A folder for each attempt under way: its state, and what the shell that starts recipes writes. */
export const runningFolder = '.labmake/running'

/** Of an attempt: a line that says what it is, and one more once it is being committed. */
const stateFile = 'state.json'

/** Attempts under way, as files that outlive labmake. */
export function openAttempts(root: string): Attempts {
  const folderOf = (slug: string) => `${root}/${runningFolder}/${slug}`
  return {
    async write(state) {
      try {
        makeFolder(folderOf(state.slug))
        // In one step: what is there and cannot be read tells of an attempt that had begun.
        const path = `${folderOf(state.slug)}/${stateFile}`
        writeFileSync(`${path}.new`, JSON.stringify({ ...state, committing: undefined }))
        renameSync(`${path}.new`, path)
      } catch (error) {
        throw new DiskFault('write', `${runningFolder}/${state.slug}`, describeErrno(error))
      }
    },
    async writeIntent({ slug, targets }, record, { mustLast }) {
      const folder = folderOf(slug)
      const path = `${folder}/${stateFile}`
      try {
        // Behind what is there, whatever that is: a line that did not fit may have been begun.
        appendFileSync(path, `\n${JSON.stringify(record)}`)
        if (!mustLast) return
        await flushFile(path)
        const places = new Set(targets.map((target) => dirname(`${root}/${target.path}`)))
        for (const place of places) await flushNames(folder, place)
      } catch (error) {
        throw new DiskFault('write', `${runningFolder}/${slug}`, describeErrno(error))
      }
    },
    async remove(slug) {
      try {
        await removeAttempt(folderOf(slug))
      } catch (error) {
        throw new DiskFault('remove', `${runningFolder}/${slug}`, describeErrno(error))
      }
    },
    left() {
      for (const slug of runningSlugs(root)) {
        // Never finished writing, so it never started.
        if (!hasBegun(folderOf(slug))) rmSync(folderOf(slug), { recursive: true, force: true })
      }
      return leftAttempts(root)
    },
    torn() {
      const known = new Set(leftAttempts(root).map(({ slug }) => slug))
      const unread = runningSlugs(root).filter((slug) => !known.has(slug))
      return unread.filter((slug) => hasBegun(folderOf(slug)) && !runs(folderOf(slug)))
    },
  }
}

/** Was it written down whole, whatever is left of that? */
function hasBegun(folder: string): boolean {
  return [stateFile, 'pid'].some((name) => existsSync(`${folder}/${name}`))
}

/**
 * What an attempt leaves as a rule. Taken away by name, which costs a third of looking for what there is; its state last, for
 * what is left without one tells of no attempt that had begun.
 */
const usualFiles = ['order', 'exit', 'pid', stateFile]

async function removeAttempt(folder: string): Promise<void> {
  for (const name of usualFiles) removeFile(`${folder}/${name}`)
  await removeFolder(folder)
}

function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function runs(folder: string): boolean {
  const leader = leaderOf(folder)
  return leader !== undefined && isUnderWay(leader)
}

function runningSlugs(root: string): string[] {
  try {
    return readdirSync(`${root}/${runningFolder}`).sort()
  } catch {
    return []
  }
}

/**
 * What is written down of attempts under way; empty if none are. A state that was never finished writing never started. The
 * process is written down by itself, apart from the rest.
 */
export function leftAttempts(root: string): AttemptState[] {
  return runningSlugs(root).flatMap((slug) => {
    const folder = `${root}/${runningFolder}/${slug}`
    const [first = '', ...intents] = linesOf(`${folder}/${stateFile}`)
    const keys = ['slug', 'job', 'attempt', 'startedMs', 'targets', 'before', 'log'] as const
    const state = parseOwn<AttemptState>(first, keys)
    if (state === undefined) return []
    const intent = intents
      .flatMap((line) => parseOwn<MadeRecord>(line, ['type', 'job', 'target', 'targets']) ?? [])
      .at(-1)
    const committing = intent ?? state.committing
    return [{ ...state, committing, process: state.process ?? leaderOf(folder)?.mark }]
  })
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
