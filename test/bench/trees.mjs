// The trees of the benchmark: for each tool and size one of its own, with everything made, written once and kept for all rows.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { peers, rules } from './peers.mjs'
import { writeMade, writeStanding } from './standing.mjs'

/** What a tool makes, and what it remembers of it. */
const madeOrRemembered = ['data/kwd', 'data/phy', '.labmake', '.ninja_log', '.ninja_deps']

/** `standing(tree, batches)`: the folder in which that tool has nothing to do. Rejects if the tool cannot be made to believe so. */
export function openTrees(folder, say) {
  const written = new Map()
  async function write(root, tree, batches) {
    say(`writing ${batches} batches for ${tree} …`)
    if (tree === 'labmake') {
      await writeStanding(root, batches, rules)
      return root
    }
    writeMade(root, batches)
    const { files, prepare } = peers.find((peer) => peer.tree === tree)
    for (const [name, text] of Object.entries(files)) writeFileSync(`${root}/${name}`, text)
    prepare?.(root, batches)
    return root
  }
  return {
    standing(tree, batches) {
      const root = `${folder}/${tree}-${batches}`
      if (!written.has(root)) written.set(root, write(root, tree, batches))
      return written.get(root)
    },
  }
}

/** Puts aside what was made: only sources are left. Gives what puts it back, whatever came into its place. */
export function asideMade(root) {
  const aside = `${root}.aside`
  mkdirSync(`${aside}/data`, { recursive: true })
  const moved = madeOrRemembered.filter((path) => {
    try {
      renameSync(`${root}/${path}`, `${aside}/${path}`)
      return true
    } catch (error) {
      if (error.code === 'ENOENT') return false
      throw error
    }
  })
  removeMade(root)
  return () => {
    for (const path of madeOrRemembered) rmSync(`${root}/${path}`, { recursive: true, force: true })
    for (const path of moved) renameSync(`${aside}/${path}`, `${root}/${path}`)
    rmSync(aside, { recursive: true })
  }
}

/** Takes away what was made. */
export function removeMade(root) {
  for (const path of madeOrRemembered) rmSync(`${root}/${path}`, { recursive: true, force: true })
  for (const sub of ['data/kwd', 'data/phy']) mkdirSync(`${root}/${sub}`)
}
