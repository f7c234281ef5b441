import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTarget } from './oracle.mjs'

const everyMs = 20

/** Reads targets all the time, as a person's program does: each is whole, and never gone once it was there. */
export function watchTargets(root, chance) {
  const seen = new Set()
  const problems = []
  const look = () => {
    for (const name of existsSync(join(root, 'data/kwd')) ? readdirSync(join(root, 'data/kwd')) : []) {
      if (name.endsWith('.kwd')) seen.add(`data/kwd/${name}`)
    }
    for (const name of existsSync(join(root, 'data/phy')) ? readdirSync(join(root, 'data/phy')) : []) {
      if (!name.startsWith('.')) seen.add(`data/phy/${name}/spikes`)
    }
    for (const path of [chance.pick([...seen]), chance.pick([...seen])].filter(Boolean)) {
      try {
        if (parseTarget(readFileSync(join(root, path), 'utf8')) === undefined)
          problems.push(`${path} was read half-made`)
      } catch (error) {
        problems.push(`${path} was there, and could not be read: ${error.code}`)
      }
    }
  }
  const timer = setInterval(look, everyMs)
  return {
    close() {
      clearInterval(timer)
      return [...new Set(problems)]
    },
  }
}
