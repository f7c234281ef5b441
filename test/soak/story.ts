import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Workspace } from '../workspace.ts'
import type { Chance } from './chance.ts'
import { type Lab, quietMs } from './lab.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { type Delivery, isOtherDisk, manners } from './manners.ts'
import { changeFiles, expectedPhy, newRecording, type Recording } from './oracle.ts'
import { type Files, inFolder, makeMat, makeRecording } from './recordings.ts'

/** What people do in a lab, and what labmake is to have of it. */
export interface Story {
  readonly recordings: ReadonlyMap<string, Recording>
  readonly ledger: Ledger
  /** Names that have to lie in inbox/rejected/ in the end. */
  readonly rejected: ReadonlySet<string>
  /** How often each way to drop was taken. */
  readonly told: ReadonlyMap<string, number>
  /** Drop number `n`, with all that people do about it later. Resolves when the drop lies in the inbox. */
  drop(n: number, chance: Chance): Promise<void>
  /** All that people still do about earlier drops. */
  rest(): Promise<void>
  /** The very same recordings come once more, so many at once. */
  dropAgain(count: number): Promise<void>
}

export interface StoryOptions {
  readonly ws: Workspace
  readonly lab: Lab
  readonly rigs: Delivery['rigs']
  readonly hasRsync: boolean
}

/** A person looks again after a while, and does not wait for ever. */
const lookMs = 250
export const patienceMs = 150_000

export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const endMs = Date.now() + patienceMs
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`it never came true that ${what}`)
    await wait(lookMs)
  }
}

export function openStory({ ws, lab, rigs, hasRsync }: StoryOptions): Story {
  const ledger = openLedger()
  const recordings = new Map<string, Recording>()
  const rejected = new Set<string>()
  const told = new Map<string, number>()
  const later: Promise<void>[] = []
  const doLater = (act: () => Promise<void>) => {
    const acting = act()
    later.push(acting)
    // It is waited for in the end, or the test has failed by then.
    acting.catch(() => {})
  }
  const names = Object.keys(manners).filter((name) => hasRsync || name !== 'rsync')
  const inbox = ws.path('inbox')
  const at = (batch: string) => ws.path(`data/mat/${batch}`)

  const count = (what: string) => told.set(what, (told.get(what) ?? 0) + 1)
  const isStored = (batch: string) => ws.exists(`data/mat/${batch}`) && !ws.exists(`inbox/${batch}`)

  async function deliver(name: string, files: Files, chance: Chance): Promise<Files> {
    const manner = chance.pick(names)
    count(manner)
    const delivered = await manners[manner]!({ name, files, inbox, rigs, quietMs, chance })
    ledger.dropped(`${name}, by ${manner}`, delivered)
    return delivered
  }

  /** labmake has this recording, of what was delivered: but for READY, which goes to the attic. */
  function has(batch: string, delivered: Files): Recording {
    const own = [...delivered].filter(([path]) => path !== 'READY' && path !== 'manifest.tsv')
    const recording = newRecording(batch, new Map(own))
    recordings.set(batch, recording)
    return recording
  }

  async function command(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await ws.labmake(...args)
    if (code !== 0) throw new Error(`labmake ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }

  const kinds: Record<string, (batch: string, chance: Chance) => Promise<void>> = {
    async 'a recording'(batch, chance) {
      // Its row may be there before it, or much later.
      lab.awaitRow(batch)
      has(batch, await deliver(batch, makeRecording(batch, chance), chance))
    },
    async 'with a manifest of its own'(batch, chance) {
      const gain = `own${chance.below(1e6)}`
      const manifest = Buffer.from(`batch\tgain\n${batch}\t${gain}\n`)
      const files = new Map([['manifest.tsv', manifest], ...makeRecording(batch, chance)])
      lab.hasRow(batch, gain)
      has(batch, await deliver(batch, files, chance))
    },
    async 'several in one folder'(batch, chance) {
      const batches = Array.from({ length: 2 + chance.below(3) }, (_, i) => `${batch}.${i}`)
      const gain = `day${chance.below(1e6)}`
      const rows = batches.map((name) => `${name}\t${gain}\n`).join('')
      const above = chance.pick(['', 'monday/', 'rat 7/monday/'])
      const content = batches.flatMap((name) => [...inFolder(`${above}${name}`, makeRecording(name, chance))])
      const table = Buffer.from(`batch\tgain\n${rows}`)
      const name = `session ${batch}`
      const delivered = await deliver(name, new Map([['manifest.tsv', table], ...content]), chance)
      for (const one of batches) {
        const start = `${above}${one}/`
        const own = [...delivered].filter(([path]) => path.startsWith(start))
        lab.hasRow(one, gain)
        if (own.length > 0) has(one, new Map(own.map(([path, bytes]) => [path.slice(start.length), bytes])))
      }
    },
    async 'a recipe that fails at first'(batch, chance) {
      const rule = chance.pick(['kwd', 'phy'] as const)
      ws.write(`fail/${rule}/${batch}`, '')
      lab.awaitRow(batch)
      const recording = has(batch, await deliver(batch, makeRecording(batch, chance), chance))
      doLater(async () => {
        await eventually(`${rule}/${batch} failed`, () =>
          ws.read('recipes.log').includes(`\tfailed\t${rule}/${batch}\t`),
        )
        await wait(1000 + chance.below(4000))
        recording.retries++
        ws.remove(`fail/${rule}/${batch}`)
        // It may have been tried again by then, because something it is made from changed: then there is nothing to do.
        await ws.labmake('retry', batch, rule)
      })
    },
    async 'the same once more'(batch, chance) {
      const files = makeRecording(batch, chance)
      lab.awaitRow(batch)
      const delivered = await deliver(batch, files, chance)
      has(batch, delivered)
      doLater(async () => {
        await eventually(`${batch} is stored`, () => isStored(batch))
        await deliver(batch, delivered, chance.of('again'))
      })
    },
    async 'other content by the same name'(batch, chance) {
      lab.awaitRow(batch)
      const recording = has(batch, await deliver(batch, makeRecording(batch, chance), chance))
      doLater(async () => {
        await eventually(`${batch} is stored`, () => isStored(batch))
        await conflict(recording, chance.of('other'))
      })
    },
    async 'more is recorded after it was taken'(batch, chance) {
      lab.awaitRow(batch)
      const recording = has(batch, await deliver(batch, makeRecording(batch, chance), chance))
      doLater(async () => {
        await eventually(`${batch} is stored`, () => isStored(batch))
        for (let times = 1 + chance.below(3); times > 0; times--) {
          await wait(chance.below(4000))
          if (chance.yes(0.5)) append(recording, chance)
          else add(recording, chance)
        }
      })
    },
    async 'curated by hand'(batch, chance) {
      lab.awaitRow(batch)
      const recording = has(batch, await deliver(batch, makeRecording(batch, chance), chance))
      doLater(() => curate(recording, chance))
    },
    async 'nothing that belongs here'(batch, chance) {
      const name = `${batch}.${chance.pick(['zip', 'docx', 'mat'])}`
      const content = Buffer.concat([Buffer.from(name), chance.bytes(500)])
      writeFileSync(`${rigs.same}/${name}`, content)
      renameSync(`${rigs.same}/${name}`, `${inbox}/${name}`)
      ledger.dropped(name, new Map([[name, content]]))
      rejected.add(name)
    },
    async 'a table of others, then a newer one'(batch, chance) {
      lab.awaitRow(batch)
      has(batch, await deliver(batch, makeRecording(batch, chance), chance))
      const named = [`${batch}-left`, `${batch}-right`]
      for (const name of named) has(name, await deliver(name, makeRecording(name, chance), chance))
      await dropTable(`${batch} table.tsv`, named, chance)
      doLater(async () => {
        await eventually(`${batch} table.tsv is stored`, () => ws.exists(`data/manifests/${batch} table.tsv`))
        await wait(chance.below(3000))
        await dropTable(`${batch} table.tsv`, named, chance.of('newer'))
      })
    },
  }
  const often: readonly string[] = [
    ...Array<string>(9).fill('a recording'),
    ...Array<string>(3).fill('with a manifest of its own'),
    'more is recorded after it was taken',
  ]

  async function dropTable(name: string, batches: readonly string[], chance: Chance): Promise<void> {
    const rows = batches.map((batch) => [batch, `t${chance.below(1e6)}`] as const)
    const table = Buffer.from(`\uFEFFbatch\tgain\r\n${rows.map((row) => `${row.join('\t')}\r\n`).join('')}`)
    writeFileSync(`${rigs.same}/${name}`, table)
    renameSync(`${rigs.same}/${name}`, `${inbox}/${name}`)
    ledger.dropped(name, new Map([[name, table]]))
    for (const [batch, gain] of rows) lab.hasRow(batch, gain)
  }

  /** Another recording by the name of one that is there; a person decides, or leaves it. */
  async function conflict(recording: Recording, chance: Chance): Promise<void> {
    const { batch } = recording
    const delivered = await deliver(batch, makeRecording(batch, chance), chance)
    await eventually(`${batch} is in conflict`, () => ws.exists(`inbox/rejected/${batch}.why.txt`))
    const own = new Map([...delivered].filter(([path]) => path !== 'READY'))
    const decision = chance.pick(['leave', 'replace', 'rename'])
    if (decision === 'leave') rejected.add(batch)
    else if (decision === 'replace') {
      await command('inbox', 'take', batch, '--replace')
      changeFiles(recording, own)
    } else {
      const other = `${batch}-other`
      lab.awaitRow(other)
      has(other, own)
      await command('inbox', 'take', batch, '--as', other)
    }
  }

  function append(recording: Recording, chance: Chance): void {
    const [path, before] = chance.pick([...recording.files].filter(([name]) => name.endsWith('.mat')))
    const more = chance.bytes(400)
    appendFileSync(`${at(recording.batch)}/${path}`, more)
    const after = Buffer.concat([before, more])
    ledger.changed(before, after)
    changeFiles(recording, new Map([...recording.files, [path, after]]))
  }

  function add(recording: Recording, chance: Chance): void {
    const path = `later ${recording.texts.length}.mat`
    const content = makeMat(path, chance)
    const rig = isOtherDisk(rigs.same, at(recording.batch)) ? rigs.other : rigs.same
    writeFileSync(`${rig}/later of ${recording.batch}`, content)
    renameSync(`${rig}/later of ${recording.batch}`, `${at(recording.batch)}/${path}`)
    changeFiles(recording, new Map([...recording.files, [path, content]]))
  }

  /** Once its folder for phy is there as it should be, somebody works in it. */
  async function curate(recording: Recording, chance: Chance): Promise<void> {
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

  return {
    recordings,
    ledger,
    rejected,
    told,
    async drop(n, chance) {
      const kind = chance.yes(0.55) ? chance.pick(often) : chance.pick(Object.keys(kinds))
      count(kind)
      await kinds[kind]!(`B${n}`, chance)
    },
    async rest() {
      await Promise.all(later)
    },
    async dropAgain(many) {
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
    },
  }
}
