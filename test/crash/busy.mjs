// A busy run: dozens of batches, drops, changed recordings and params, recipes that fail; and labmakes, engines and builds, up
// to two at a time, that are killed with SIGKILL at random instants and started again. Recipes are killed too, and now and
// then everything stops as when the machine does.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openDeaths } from './deaths.mjs'
import { endProcess, makeLab, processesIn, quietMs, startLabmake } from './lab.mjs'
import { judge } from './oracle.mjs'
import { watchTargets } from './readers.mjs'
import { openWorld } from './world.mjs'

/** The last builds, when nobody kills any more, are given this long. */
const patienceMs = 120_000

/** Returns what is wrong after it, in words, and what was survived; removes the workspace if all is well. */
export async function busyRun({ chance, untilMs, say }) {
  const root = makeLab()
  const world = openWorld(root, chance)
  const deaths = openDeaths(root, chance)
  const readers = watchTargets(root, chance)
  writeFileSync(join(root, 'chaos'), '')
  for (let i = 0; i < 6; i++) world.dropBatch()
  const killed = await killLabmakes({ root, chance, untilMs, world, deaths, say })
  const problems = [...killed.problems, ...(await settle(root, world))]
  problems.push(...readers.close())
  const excused = (run) => deaths.struck(run) || world.changedAround(run)
  const found = judge(root, { expected: world.batches, refused: world.refused, copies: world.copies, excused })
  // A source that changed twice under its recipe is a failure, though the target was made.
  const unstable = new Set(found.records.filter(({ cause }) => cause?.kind === 'unstable-source').map(({ job }) => job))
  problems.push(
    ...found.problems.filter((text) => ![...unstable].some((job) => text.startsWith(`${job} ran twice for`))),
  )
  for (const { pid } of processesIn(root)) endProcess(pid)
  if (problems.length > 0) problems.push(`workspace kept: ${root}`)
  else rmSync(root, { recursive: true })
  return { problems, kills: killed.kills, faults: deaths.count(), jobs: found.runs.length }
}

/** Starts labmakes and kills them. */
async function killLabmakes({ root, chance, untilMs, world, deaths, say }) {
  const problems = []
  const atWork = new Set()
  let kills = 0
  const start = () => {
    // Two of five die between two steps of their own, the others at any instant.
    const killAt = chance.bool(0.4) ? chance.upTo(chance.pick([60, 300, 1500])) : undefined
    const labmake = startLabmake(
      root,
      chance.bool(0.6) ? ['engine', 'run'] : [],
      killAt === undefined ? {} : { killAt },
    )
    const life = { labmake, endsMs: Date.now() + chance.upTo(chance.pick([300, 1500, 4000])) }
    atWork.add(life)
    void labmake.ended.then(({ code, signal, said }) => {
      atWork.delete(life)
      if (signal === 'SIGKILL') kills++
      if (code !== null && ![0, 1, 2].includes(code))
        problems.push(`${labmake.words} ended with ${code}: ${said.slice(-1500)}`)
    })
  }
  while (Date.now() < untilMs) {
    if (atWork.size === 0 ? chance.bool(0.5) : atWork.size === 1 && chance.bool(0.03)) start()
    for (const { labmake, endsMs } of atWork) if (Date.now() > endsMs) labmake.child.kill('SIGKILL')
    if (chance.bool(0.3)) world.change()
    if (chance.bool(0.08)) deaths.killRecipe()
    if (chance.bool(0.004)) {
      for (const { labmake } of atWork) labmake.child.kill('SIGKILL')
      await Promise.all([...atWork].map(({ labmake }) => labmake.ended))
      await deaths.reboot()
    }
    say({ kills, faults: deaths.count() })
    await wait(chance.upTo(60))
  }
  for (const { labmake } of atWork) labmake.child.kill('SIGKILL')
  await Promise.all([...atWork].map(({ labmake }) => labmake.ended))
  return { kills, problems }
}

/** Nobody kills any more: builds until nothing is left to do. What was failing then may fail the first of them. */
async function settle(root, world) {
  world.finish()
  rmSync(join(root, 'chaos'))
  await wait(2 * quietMs)
  const giveUpMs = Date.now() + patienceMs
  for (let builds = 1; ; builds++) {
    const last = startLabmake(root, [])
    const timer = setTimeout(() => last.child.kill('SIGKILL'), giveUpMs - Date.now())
    const { code, said } = await last.ended
    clearTimeout(timer)
    const left = existsSync(join(root, '.labmake/running')) ? readdirSync(join(root, '.labmake/running')) : []
    if (code === 0 && left.length === 0) return []
    if (builds === 3)
      return [`the last build ended with ${code}, and ${left.length} attempts left:\n${said.slice(-3000)}`]
  }
}
