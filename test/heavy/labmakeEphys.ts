import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The built command; `npm run test:heavy` builds it first. */
const command = `${root}dist/labmake-ephys.js`

/** Python with the packages of test/heavy/requirements.txt. */
export const python = `${root}.venv/bin/python`
export const hasPython = existsSync(python)
export const noPython = `no ${python}: python3 -m venv .venv && .venv/bin/pip install -r test/heavy/requirements.txt`

/** Recordings that lie beside the repository, where there are any. */
export const realRecordings = `${root}../shared/data/recordings`

/** Runs labmake-ephys; returns its peak of resident memory and the time from start to end. Throws with what it said. */
export function labmakeEphys(...args: readonly string[]): { readonly residentMB: number; readonly seconds: number } {
  const report = String.raw`process.on("exit", () => process.stdout.write("\n" + process.resourceUsage().maxRSS))`
  const startedMs = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${report}`, command, ...args],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`labmake-ephys ${args.join(' ')}: ${stderr}`)
  const residentMB = Number(stdout.slice(stdout.lastIndexOf('\n'))) / 1024
  return { residentMB, seconds: (performance.now() - startedMs) / 1000 }
}
