import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Chance } from './chance.ts'
import { isOtherDisk } from './manners.ts'
import { changeFiles, expectedPhy, type Recording } from './oracle.ts'
import { makeMat, makeRecording } from './recordings.ts'
import { eventually, type Scene, withoutSigns } from './scene.ts'

// What people do about recordings that were dropped before.

/** A table comes into the inbox, as a spreadsheet writes it. */
export function dropTable(scene: Scene, name: string, batches: readonly string[], chance: Chance): void {
  const { rigs, inbox, ledger, lab } = scene
  const rows = batches.map((batch) => [batch, `t${chance.below(1e6)}`] as const)
  const table = Buffer.from(`\uFEFFbatch\tgain\r\n${rows.map((row) => `${row.join('\t')}\r\n`).join('')}`)
  writeFileSync(`${rigs.same}/${name}`, table)
  renameSync(`${rigs.same}/${name}`, `${inbox}/${name}`)
  ledger.dropped(name, new Map([[name, table]]))
  for (const [batch, gain] of rows) lab.hasRow(batch, gain)
}

/** Another recording by the name of one that is there; a person decides, or leaves it. */
export async function conflict(scene: Scene, recording: Recording, chance: Chance): Promise<void> {
  const { ws, lab, rejected } = scene
  const { batch } = recording
  const delivered = await scene.deliver(batch, makeRecording(batch, chance), chance)
  await eventually(`${batch} is in conflict`, () => ws.exists(`inbox/rejected/${batch}.why.txt`))
  const decision = chance.pick(['leave', 'replace', 'rename'])
  if (decision === 'leave') rejected.add(batch)
  else if (decision === 'replace') {
    await scene.command('inbox', 'take', batch, '--replace')
    changeFiles(recording, withoutSigns(delivered))
  } else {
    const other = `${batch}-other`
    lab.awaitRow(other)
    scene.has(other, delivered)
    await scene.command('inbox', 'take', batch, '--as', other)
  }
}

export function append({ ws, ledger }: Scene, recording: Recording, chance: Chance): void {
  const [path, before] = chance.pick([...recording.files].filter(([name]) => name.endsWith('.mat')))
  const more = chance.bytes(400)
  appendFileSync(ws.path(`data/mat/${recording.batch}/${path}`), more)
  const after = Buffer.concat([before, more])
  ledger.changed(before, after)
  changeFiles(recording, new Map([...recording.files, [path, after]]))
}

export function add({ ws, rigs }: Scene, recording: Recording, chance: Chance): void {
  const path = `later ${recording.texts.length}.mat`
  const content = makeMat(path, chance)
  const rig = isOtherDisk(rigs.same, ws.path(`data/mat/${recording.batch}`)) ? rigs.other : rigs.same
  writeFileSync(`${rig}/later of ${recording.batch}`, content)
  renameSync(`${rig}/later of ${recording.batch}`, ws.path(`data/mat/${recording.batch}/${path}`))
  changeFiles(recording, new Map([...recording.files, [path, content]]))
}

/** Once its folder for phy is there as it should be, somebody works in it. */
export async function curate({ ws, lab }: Scene, recording: Recording, chance: Chance): Promise<void> {
  const folder = `data/phy/${recording.batch}`
  const isCurrent = () => {
    const madeOf = expectedPhy(recording, lab)
    return ws.exists(`${folder}/params.py`) && ws.read(`${folder}/params.py`) === madeOf
  }
  await eventually(`phy/${recording.batch} is current`, isCurrent)
  const text = `curated ${chance.below(1e9)}`
  writeFileSync(ws.path(`${folder}/spike_clusters.npy`), text)
  recording.edit = { text, madeOf: readFileSync(ws.path(`${folder}/params.py`), 'utf8') }
}
