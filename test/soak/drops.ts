import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { add, append, conflict, curate, dropTable } from './deeds.ts'
import { inFolder, makeRecording } from './recordings.ts'
import { eventually, type Scene } from './scene.ts'

/** What may be dropped, and what people do about it later. Each resolves when the last of it lies in the inbox. */
const kinds: Readonly<Record<string, (scene: Scene, batch: string, chance: Chance) => Promise<void>>> = {
  async 'a recording'(scene, batch, chance) {
    // Its row may be there before it, or much later.
    scene.lab.awaitRow(batch)
    scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
  },
  async 'with a manifest of its own'(scene, batch, chance) {
    const gain = `own${chance.below(1e6)}`
    const manifest = Buffer.from(`batch\tgain\n${batch}\t${gain}\n`)
    const files = new Map([['manifest.tsv', manifest], ...makeRecording(batch, chance)])
    scene.lab.hasRow(batch, gain)
    scene.has(batch, await scene.deliver(batch, files, chance))
  },
  async 'several in one folder'(scene, batch, chance) {
    const batches = Array.from({ length: 2 + chance.below(3) }, (_, i) => `${batch}.${i}`)
    const gain = `day${chance.below(1e6)}`
    const rows = batches.map((name) => `${name}\t${gain}\n`).join('')
    const above = chance.pick(['', 'monday/', 'rat 7/monday/'])
    const content = batches.flatMap((name) => [...inFolder(`${above}${name}`, makeRecording(name, chance))])
    const table = Buffer.from(`batch\tgain\n${rows}`)
    const name = `session ${batch}`
    const delivered = await scene.deliver(name, new Map([['manifest.tsv', table], ...content]), chance)
    for (const one of batches) {
      const start = `${above}${one}/`
      const own = [...delivered].filter(([path]) => path.startsWith(start))
      scene.lab.hasRow(one, gain)
      if (own.length > 0) scene.has(one, new Map(own.map(([path, bytes]) => [path.slice(start.length), bytes])))
    }
  },
  async 'a recipe that fails at first'(scene, batch, chance) {
    const rule = chance.pick(['kwd', 'phy'] as const)
    scene.ws.write(`fail/${rule}/${batch}`, '')
    scene.lab.awaitRow(batch)
    const recording = scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    scene.doLater(async () => {
      await eventually(`${rule}/${batch} failed`, () =>
        scene.ws.read('recipes.log').includes(`\tfailed\t${rule}/${batch}\t`),
      )
      await wait(1000 + chance.below(4000))
      recording.retries++
      scene.ws.remove(`fail/${rule}/${batch}`)
      // It may have been tried again by then, because something it is made from changed: then there is nothing to do.
      await scene.ws.labmake('retry', batch, rule)
    })
  },
  async 'the same once more'(scene, batch, chance) {
    const files = makeRecording(batch, chance)
    scene.lab.awaitRow(batch)
    const delivered = await scene.deliver(batch, files, chance)
    scene.has(batch, delivered)
    scene.doLater(async () => {
      await scene.untilStored(batch)
      await scene.deliver(batch, delivered, chance.of('again'))
    })
  },
  async 'other content by the same name'(scene, batch, chance) {
    scene.lab.awaitRow(batch)
    const recording = scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    scene.doLater(async () => {
      await scene.untilStored(batch)
      await conflict(scene, recording, chance.of('other'))
    })
  },
  async 'more is recorded after it was taken'(scene, batch, chance) {
    scene.lab.awaitRow(batch)
    const recording = scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    scene.doLater(async () => {
      await scene.untilStored(batch)
      for (let times = 1 + chance.below(3); times > 0; times--) {
        await wait(chance.below(4000))
        if (chance.yes(0.5)) append(scene, recording, chance)
        else add(scene, recording, chance)
      }
    })
  },
  async 'more is recorded while it is being made'(scene, batch, chance) {
    scene.ws.write(`slow/${batch}`, '')
    scene.lab.awaitRow(batch)
    const recording = scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    scene.doLater(async () => {
      await eventually(`kwd/${batch} runs`, () => scene.ws.read('recipes.log').includes(`\tstart\tkwd/${batch}\t`))
      await wait(chance.below(1000))
      append(scene, recording, chance)
      scene.ws.remove(`slow/${batch}`)
    })
  },
  async 'curated by hand'(scene, batch, chance) {
    scene.lab.awaitRow(batch)
    const recording = scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    scene.doLater(() => curate(scene, recording, chance))
  },
  async 'nothing that belongs here'(scene, batch, chance) {
    const name = `${batch}.${chance.pick(['zip', 'docx', 'mat'])}`
    const content = Buffer.concat([Buffer.from(name), chance.bytes(500)])
    writeFileSync(`${scene.rigs.same}/${name}`, content)
    renameSync(`${scene.rigs.same}/${name}`, `${scene.inbox}/${name}`)
    scene.ledger.dropped(name, new Map([[name, content]]))
    scene.rejected.add(name)
  },
  async 'a table of others, then a newer one'(scene, batch, chance) {
    scene.lab.awaitRow(batch)
    scene.has(batch, await scene.deliver(batch, makeRecording(batch, chance), chance))
    const named = [`${batch}-left`, `${batch}-right`]
    for (const name of named) scene.has(name, await scene.deliver(name, makeRecording(name, chance), chance))
    dropTable(scene, `${batch} table.tsv`, named, chance)
    scene.doLater(async () => {
      await eventually(`${batch} table.tsv is stored`, () => scene.ws.exists(`data/manifests/${batch} table.tsv`))
      await wait(chance.below(3000))
      dropTable(scene, `${batch} table.tsv`, named, chance.of('newer'))
    })
  },
}
const often: readonly string[] = [
  ...Array<string>(9).fill('a recording'),
  ...Array<string>(3).fill('with a manifest of its own'),
  'more is recorded after it was taken',
]

/** Drop number `n`. */
export async function drop(scene: Scene, n: number, chance: Chance): Promise<void> {
  const kind = chance.yes(0.55) ? chance.pick(often) : chance.pick(Object.keys(kinds))
  scene.told.set(kind, (scene.told.get(kind) ?? 0) + 1)
  await kinds[kind]!(scene, `B${n}`, chance)
}

/** The very same recordings come once more, so many at once. */
export async function dropAgain({ ws, rigs, inbox, recordings, ledger }: Scene, many: number): Promise<void> {
  const untouched = [...recordings.values()].filter(({ changedMs }) => changedMs.length === 0).slice(0, many)
  for (const { batch, files } of untouched) {
    for (const [path, content] of files) {
      mkdirSync(dirname(`${rigs.same}/${batch}/${path}`), { recursive: true })
      writeFileSync(`${rigs.same}/${batch}/${path}`, content)
    }
    renameSync(`${rigs.same}/${batch}`, `${inbox}/${batch}`)
    ledger.dropped(`${batch}, again`, files)
  }
  await eventually('the inbox is empty', () => untouched.every(({ batch }) => !ws.exists(`inbox/${batch}`)))
}
