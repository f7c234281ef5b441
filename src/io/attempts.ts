import { existsSync, readdirSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AttemptState } from '../model/attempt.ts'
import { type Attempts, DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { flushNames } from './flushNames.ts'
import { isUnderWay, leaderOf } from './leader.ts'
import { makeFolder } from './makeFolder.ts'
import { readOwnFile } from './ownFiles.ts'

/** A folder for each attempt under way: its state, and what the shell that starts recipes writes. */
export const runningFolder = '.labmake/running'

/** Attempts under way, as files that outlive labmake. */
export function openAttempts(root: string): Attempts {
  const folderOf = (slug: string) => `${root}/${runningFolder}/${slug}`
  return {
    async write(state) {
      const folder = folderOf(state.slug)
      try {
        makeFolder(folder)
        const handle = await open(`${folder}/state.json.new`, 'w')
        try {
          await handle.writeFile(JSON.stringify(state))
          // Of an attempt that only runs nothing is left after the machine stops; a commit must be found again.
          if (state.committing !== undefined) await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(`${folder}/state.json.new`, `${folder}/state.json`)
        if (state.committing === undefined) return
        const places = new Set(state.targets.map(({ path }) => dirname(`${root}/${path}`)))
        for (const place of places) await flushNames(folder, place)
      } catch (error) {
        throw new DiskFault('write', `${runningFolder}/${state.slug}`, describeErrno(error))
      }
    },
    async remove(slug) {
      try {
        rmSync(folderOf(slug), { recursive: true, force: true })
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
  return ['state.json', 'pid'].some((name) => existsSync(`${folder}/${name}`))
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
    const keys = ['slug', 'job', 'attempt', 'startedMs', 'targets', 'before', 'log'] as const
    const state = readOwnFile<AttemptState>(`${folder}/state.json`, keys)
    return state === undefined ? [] : [{ ...state, process: state.process ?? leaderOf(folder)?.mark }]
  })
}
