import { existsSync, readdirSync, rmSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Claim, Claims } from '../model/inbox.ts'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { flushNames } from './flushNames.ts'
import { makeFolder } from './makeFolder.ts'
import { readOwnFile } from './ownFiles.ts'

/** A file for each drop that is being put where it belongs. */
export const claimsFolder = '.labmake/claims'

/** Claims under way, as files that outlive labmake. */
export function openClaims(root: string): Claims {
  const folder = `${root}/${claimsFolder}`
  let isFresh = true
  return {
    async write(claim) {
      const path = `${folder}/${claim.slug}.json`
      try {
        if (!existsSync(folder)) makeFolder(folder)
        const handle = await open(`${path}.new`, 'w')
        try {
          await handle.writeFile(JSON.stringify(claim))
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(`${path}.new`, path)
        // What is replaced leaves its place, and what was copied the inbox: then the claim alone knows where they are.
        for (const { from, to, replaced, copied } of claim.moves) {
          if (copied !== undefined) await flushNames(folder, dirname(`${root}/${from}`))
          if (replaced !== undefined) await flushNames(folder, dirname(`${root}/${to}`))
        }
      } catch (error) {
        throw new DiskFault('write', `${claimsFolder}/${claim.slug}.json`, describeErrno(error))
      }
    },
    async remove(slug) {
      try {
        await rm(`${folder}/${slug}.json`, { force: true })
      } catch (error) {
        throw new DiskFault('remove', `${claimsFolder}/${slug}.json`, describeErrno(error))
      }
    },
    left() {
      if (!existsSync(folder)) return []
      const names = readdirSync(folder)
      // What was never finished writing was not begun. Later such a file may be ours.
      if (isFresh) for (const name of names) if (name.endsWith('.new')) rmSync(`${folder}/${name}`)
      isFresh = false
      return names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .flatMap((name) => {
          const claim = readOwnFile<Claim>(`${folder}/${name}`, ['slug', 'folder', 'drop', 'moves', 'attic', 'record'])
          // Its drop lies in a folder of the inbox that no claim speaks of then, and is put back and looked at anew.
          if (claim === undefined) rmSync(`${folder}/${name}`)
          return claim ?? []
        })
    },
  }
}
