// Deaths in the lab that are not labmake's: of recipes, and of the whole machine.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endProcess, processesIn } from './lab.mjs'

/** So near to a kill of its session a recipe may have come to its end, and who waits for it not have told of it. */
const nearNs = 3_000_000_000n
/** No labmake was there to take note of what ended, for at most this long. */
const untoldNs = 60_000_000_000n

const nowNs = () => BigInt(Date.now()) * 1_000_000n

/**
 * Attempts under way: the process that leads the recipe's session, the one that waits for it, the shell that started both, and
 * whether an end was written down.
 */
function attempts(root) {
  const folder = join(root, '.labmake/running')
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((slug) => {
    try {
      const { job } = JSON.parse(readFileSync(join(folder, slug, 'state.json'), 'utf8'))
      const [numbers, , keeping = ''] = readFileSync(join(folder, slug, 'pid'), 'utf8').split('\n')
      const [leader, waiting] = numbers.split(' ').map(Number)
      const shell = Number(keeping.split(' ')[0])
      return shell > 1 ? [{ job, leader, waiting, shell, hasEnded: existsSync(join(folder, slug, 'exit')) }] : []
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
    /** Kills all processes of a recipe, its first alone, or all but that; or who waits for it, alone or with all such. */
    killRecipe() {
      const one = chance.pick(attempts(root).filter(({ hasEnded }) => !hasEnded))
      if (one === undefined) return
      const members = processesIn(root).filter(({ pid }) => sessionOf(pid) === one.leader)
      if (!members.some(({ pid }) => pid === one.leader)) return
      deaths.push({ job: one.job, atNs: nowNs(), sinceNs: nearNs })
      const how = chance.pick(['all', 'leader', 'rest', 'waiting', 'shell'])
      if (how === 'all') endProcess(-one.leader)
      else if (how === 'leader') endProcess(one.leader)
      else if (how === 'waiting') endProcess(one.waiting)
      else if (how === 'shell') this.killShell(one)
      else for (const { pid } of members) if (pid !== one.leader) endProcess(pid)
    },
    /** With all that wait for its recipes: how these end nobody will know. */
    killShell({ shell }) {
      for (const { job } of attempts(root).filter((other) => other.shell === shell)) {
        deaths.push({ job, atNs: nowNs(), sinceNs: nearNs })
      }
      endProcess(-shell)
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
      for (const path of paths.filter((name) => name.endsWith('/pid'))) {
        const text = readFileSync(join(state, path), 'utf8')
        writeFileSync(join(state, path), text.replace(/^(\d+) \S+ (?=\S+$)/m, '$1 the-boot-before '))
      }
    },
  }
}
