// Deaths in the lab that are not labmake's: of recipes, and of the whole machine.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endProcess, processesIn } from './lab.mjs'

/** So near to a kill of its session a recipe may have come to its end, and its shim not have told of it. */
const nearNs = 3_000_000_000n
/** No labmake was there to take note of what ended, for at most this long. */
const untoldNs = 60_000_000_000n

const nowNs = () => BigInt(Date.now()) * 1_000_000n

/** Attempts under way, with the process id of their shim, and whether it has written down an end. */
function attempts(root) {
  const folder = join(root, '.labmake/running')
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((slug) => {
    try {
      const { job } = JSON.parse(readFileSync(join(folder, slug, 'state.json'), 'utf8'))
      const shim = Number(readFileSync(join(folder, slug, 'pid'), 'utf8'))
      return shim > 1 ? [{ job, shim, hasEnded: existsSync(join(folder, slug, 'exit')) }] : []
    } catch {
      // It ended, or has not begun.
      return []
    }
  })
}

function sessionOf(pid) {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[3],
    )
  } catch {
    return undefined
  }
}

export function openDeaths(root, chance) {
  const deaths = []
  let reboots = 0
  return {
    count: () => deaths.length + reboots,
    /** Was this very run killed, or could be, so that its end was never told or is not to be believed? */
    struck: ({ job, startNs, endNs }) =>
      deaths.some((death) => death.job === job && death.atNs > startNs - nearNs && death.atNs - death.sinceNs < endNs),
    /** Kills all processes of a recipe, its shim alone, or all but its shim. */
    killRecipe() {
      const one = chance.pick(attempts(root).filter(({ hasEnded }) => !hasEnded))
      if (one === undefined) return
      const members = processesIn(root).filter(({ pid }) => sessionOf(pid) === one.shim)
      if (!members.some(({ pid }) => pid === one.shim)) return
      deaths.push({ job: one.job, atNs: nowNs(), sinceNs: nearNs })
      const how = chance.pick(['all', 'shim', 'recipe'])
      if (how === 'all') endProcess(-one.shim)
      else if (how === 'shim') endProcess(one.shim)
      else for (const { pid } of members) if (pid !== one.shim) endProcess(pid)
    },
    /** Nothing runs any more, and all that was written down of processes is of another boot. No labmake is at work. */
    async reboot() {
      reboots++
      // What had ended, and was not in the journal yet, is lost too: nobody knows what of it came to the disk.
      for (const { job } of attempts(root)) deaths.push({ job, atNs: nowNs(), sinceNs: untoldNs })
      while (processesIn(root).length > 0) {
        for (const { pid } of processesIn(root)) endProcess(pid)
        await wait(5)
      }
      const state = join(root, '.labmake')
      const paths = existsSync(state) ? readdirSync(state, { recursive: true }) : []
      for (const path of paths.filter((name) => /(state|engine)\.json/.test(name))) {
        const text = readFileSync(join(state, path), 'utf8')
        writeFileSync(join(state, path), text.replace(/"bootId":"[^"]*"/, '"bootId":"the boot before"'))
      }
    },
  }
}
