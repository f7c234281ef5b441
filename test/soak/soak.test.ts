import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { enginePid, type Workspace, workspace } from '../workspace.ts'
import { readBuilds } from './builds.ts'
import { type Chance, openChance } from './chance.ts'
import { drop, dropAgain } from './drops.ts'
import { type Gauge, gaugedEnvironment, readGauge } from './gauge.ts'
import { type Lab, openLab, quietMs } from './lab.ts'
import { isOtherDisk } from './manners.ts'
import { expectedKwd, expectedPhy, judgeBuilds, type Recording } from './oracle.ts'
import { eventually, openScene, type Scene } from './scene.ts'

const drops = 300
/** So many people drop at the same time. */
const people = 12
/** Something of the rules or the tables changes about each second. */
const changeMs = 1000

const say = (text: string) => process.stderr.write(`${text}\n`)

test('three hundred drops in any manner, while rules and tables change: each is built once per change that calls for it', async () => {
  const seed = process.env.SOAK_SEED ?? String(Date.now() % 1_000_000)
  say(`seed ${seed}: SOAK_SEED=${seed} npm run test:soak does the same again, but for its times`)
  const chance = openChance(seed)
  await using ws = await workspace({ 'inbox/': '' })
  // What it is about is a tree of files: for a look at it.
  await soak(ws, chance).catch((error: unknown) => {
    ws.keep()
    throw error
  })
})

async function soak(ws: Workspace, chance: Chance): Promise<void> {
  const rigs = openRigs(ws)
  if (chance.yes(0.5)) {
    say('recordings are kept on another file system than the inbox')
    ws.write('data/', '')
    mkdirSync(`${rigs.other}/kept`)
    symlinkSync(`${rigs.other}/kept`, ws.path('data/mat'))
  }
  const lab = openLab(ws)
  const hasRsync = spawnSync('rsync', ['--version']).status === 0
  const scene = openScene({ ws, lab, rigs, hasRsync })
  const started = await ws.from({ env: gaugedEnvironment(ws) }).labmake('engine', 'start')
  expect(started.code, started.stderr).toBe(0)
  const pid = enginePid(ws.root)!
  const gauges = await dropAll(scene, { lab, chance, gauge: () => readGauge(ws, pid) })
  lab.finish()
  await scene.rest()
  lab.finish()
  say(`${[...scene.told].map(([what, times]) => `${times} × ${what}`).join(', ')}`)
  await settled(ws, scene, lab)
  await decide(ws, scene, lab)

  const { faults, excused } = judgeBuilds(readBuilds(ws), scene.recordings, lab)
  say(
    `${readBuilds(ws).length} builds of ${scene.recordings.size} recordings, ${excused} once more since a source changed meanwhile`,
  )
  expect(faults).toEqual([])
  expect(scene.ledger.lost(ws)).toEqual([])
  expect(ws.list('inbox')).toEqual(['rejected'])
  const rejected = ws.list('inbox/rejected').filter((name) => !name.endsWith('.why.txt'))
  expect(rejected).toEqual([...scene.rejected].sort())
  expect(rejected.filter((name) => !ws.exists(`inbox/rejected/${name}.why.txt`))).toEqual([])
  expect([ws.list('.labmake/claims'), ws.list('.labmake/running')]).toEqual([[], []])

  gauges.push(await readGauge(ws, pid))
  const buildsBefore = readBuilds(ws).length
  await repeatThatChangesNothing(ws, scene, lab)
  gauges.push(await readGauge(ws, pid))
  for (const gauge of gauges) say(gaugeText(gauge))
  const [at100, , at300, quiet, again] = gauges as [Gauge, Gauge, Gauge, Gauge, Gauge]
  expect(readBuilds(ws)).toHaveLength(buildsBefore)
  expect(enginePid(ws.root)).toBe(pid)
  expect(scene.ledger.lost(ws)).toEqual([])
  // What an engine knows of a recording and its two jobs is some 25 kB; the system is slow to be given memory back.
  expect(at300.residentMb - at100.residentMb).toBeLessThan(60)
  expect(quiet.objectsMb - at100.objectsMb).toBeLessThan(12)
  // Up to 16 MB of events are kept for clients that fall behind, in slabs that are not full.
  expect(quiet.buffersMb - at100.buffersMb).toBeLessThan(35)
  // Nothing is new to it: not so much as 10 kB for each drop may be left.
  expect(again.objectsMb - quiet.objectsMb).toBeLessThan(1.5)
  expect(again.buffersMb - quiet.buffersMb).toBeLessThan(1.5)
  expect(again.openFiles - quiet.openFiles).toBeLessThan(3)
  expect(quiet.openFiles - at100.openFiles).toBeLessThan(20)
  expect(again.watches).toBe(quiet.watches)
  // One for each folder of a recording, its late/ included, and a few for the workspace.
  expect(quiet.watches).toBeLessThan(2 * scene.recordings.size + 30)
}

/** Folders that recordings come from: on the workspace's file system, and on another one where there is one. */
function openRigs(ws: Workspace): { same: string; other: string } {
  const same = mkdtempSync(`${tmpdir()}/labmake-soak-`)
  ws.atEnd(() => rmSync(same, { recursive: true }))
  if (!existsSync('/dev/shm') || !isOtherDisk('/dev/shm', same)) return { same, other: same }
  const other = mkdtempSync('/dev/shm/labmake-soak-')
  ws.atEnd(() => rmSync(other, { recursive: true }))
  return { same, other }
}

interface Dropping {
  readonly lab: Lab
  readonly chance: Chance
  readonly gauge: () => Promise<Gauge>
}

/** Everything is dropped, while things change. What the engine held after each hundred drops. */
async function dropAll(scene: Scene, { lab, chance, gauge }: Dropping): Promise<Gauge[]> {
  const gauges: Gauge[] = []
  const numbers = chance.shuffled(Array.from({ length: drops }, (_, i) => i))
  let dropped = 0
  const person = async () => {
    for (let n = numbers.pop(); n !== undefined; n = numbers.pop()) {
      const own = chance.of(`drop ${n}`)
      await wait(own.below(quietMs * 2))
      await drop(scene, n, own)
      if (++dropped % 100 === 0) gauges.push(await gauge())
    }
  }
  const changes = chance.of('changes')
  const changing = async () => {
    while (dropped < drops) {
      await wait(changeMs * (0.5 + changes.next()))
      lab.change(changes)
    }
  }
  await Promise.all([...Array.from({ length: people }, person), changing()])
  return gauges
}

/** What is not as it has to be in the end, in words. */
function unmet(ws: Workspace, scene: Scene, lab: Lab): string[] {
  return [...scene.recordings.values()].flatMap((recording) => {
    const { batch, edit } = recording
    const phy = edit === undefined ? expectedPhy(recording, lab) : edit.madeOf
    return [
      ...differs(ws, `data/kwd/${batch}.kwd`, expectedKwd(recording, lab)),
      ...differs(ws, `data/phy/${batch}/params.py`, phy),
      ...(edit === undefined ? [] : differs(ws, `data/phy/${batch}/spike_clusters.npy`, edit.text)),
    ]
  })
}

function differs(ws: Workspace, path: string, expected: string | undefined): string[] {
  const found = ws.exists(path) ? ws.read(path) : undefined
  return found === expected ? [] : [`${path} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`]
}

/** So long nothing more may be built once all is as it has to be. */
const stillMs = 3000

async function settled(ws: Workspace, scene: Scene, lab: Lab): Promise<void> {
  await eventually('all targets are as they have to be', () => unmet(ws, scene, lab).length === 0).catch((error) => {
    throw new Error(`${error.message}: ${unmet(ws, scene, lab).slice(0, 5).join('; ')}`)
  })
  for (let seen = -1; seen !== readBuilds(ws).length; await wait(stillMs)) seen = readBuilds(ws).length
  expect(unmet(ws, scene, lab)).toEqual([])
  const { jobs } = (await ws.labmake('-n', '--json')).json() as { jobs: { id: string }[] }
  expect(jobs.map(({ id }) => id)).toEqual([])
}

async function stateOf(ws: Workspace, { batch }: Recording): Promise<string | undefined> {
  const { batches } = (await ws.labmake('status', batch, '--json')).json() as {
    batches: { jobs: { rule: string; state: string }[] }[]
  }
  return batches.flatMap(({ jobs }) => jobs).find(({ rule }) => rule === 'phy')?.state
}

/** One more recipe makes every curated folder stale: each is left, accepted or made again, as somebody says. */
async function decide(ws: Workspace, scene: Scene, lab: Lab): Promise<void> {
  lab.newEdition('phy')
  await settled(ws, scene, lab)
  const curated = [...scene.recordings.values()].filter(({ edit }) => edit !== undefined)
  const states: (string | undefined)[] = []
  for (const [i, recording] of curated.entries()) {
    states.push(await stateOf(ws, recording))
    const verb = ['leave', 'accept', 'rebuild'][i % 3]!
    if (verb === 'leave') continue
    const { code, stderr } = await ws.labmake(verb, `data/phy/${recording.batch}/`)
    expect(code, stderr).toBe(0)
    if (verb === 'accept') expect(await stateOf(ws, recording)).toBe('done')
    else {
      const attic = ws.list('.labmake/attic').map((time) => `.labmake/attic/${time}/data/phy/${recording.batch}`)
      const kept = attic.filter((path) => ws.exists(path)).map((path) => ws.read(`${path}/spike_clusters.npy`))
      expect(kept).toEqual([recording.edit!.text])
      recording.edit = undefined
    }
  }
  expect(new Set(states)).toEqual(new Set(['protected']))
  say(`${curated.length} folders were curated`)
  await settled(ws, scene, lab)
}

/** Drops of what is there already, and comments: nothing of it is worth a build, or any memory. */
async function repeatThatChangesNothing(ws: Workspace, scene: Scene, lab: Lab): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await dropAgain(scene, 60)
    for (let comments = 0; comments < 5; comments++) {
      lab.comment()
      await wait(changeMs / 2)
    }
  }
  await settled(ws, scene, lab)
}

function gaugeText({ residentMb, objectsMb, buffersMb, openFiles, watches }: Gauge): string {
  const memory = `memory ${residentMb.toFixed(1)} MB, of it ${objectsMb.toFixed(1)} MB objects, ${buffersMb.toFixed(1)} MB buffers`
  return `${memory}; ${openFiles} open files, ${watches} watches`
}
