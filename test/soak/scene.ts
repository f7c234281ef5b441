import { setTimeout as wait } from 'node:timers/promises'
import type { Workspace } from '../workspace.ts'
import type { Chance } from './chance.ts'
import { type Lab, quietMs } from './lab.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { type Delivery, manners } from './manners.ts'
import { newRecording, type Recording } from './oracle.ts'
import type { Files } from './recordings.ts'

/** Where people do things, and what labmake is to have of it. */
export interface Scene {
  readonly ws: Workspace
  readonly lab: Lab
  readonly rigs: Delivery['rigs']
  readonly inbox: string
  readonly ledger: Ledger
  readonly recordings: Map<string, Recording>
  /** Names that have to lie in inbox/rejected/ in the end. */
  readonly rejected: Set<string>
  /** How often each way to drop was taken. */
  readonly told: Map<string, number>
  /** Puts files into the inbox, in one manner or another; what came to lie there. */
  deliver(name: string, files: Files, chance: Chance): Promise<Files>
  /** labmake has this recording, of what was delivered. */
  has(batch: string, delivered: Files): Recording
  untilStored(batch: string): Promise<void>
  /** A command that has to succeed. */
  command(...args: string[]): Promise<void>
  /** Goes on beside the drops that follow. */
  doLater(act: () => Promise<void>): void
  /** All that was to be done later is done. */
  rest(): Promise<void>
}

export interface SceneOptions extends Pick<Scene, 'ws' | 'lab' | 'rigs'> {
  readonly hasRsync: boolean
}

/** A person looks again after a while, and does not wait for ever. */
const lookMs = 250
const patienceMs = 150_000

export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const endMs = Date.now() + patienceMs
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`it never came true that ${what}`)
    await wait(lookMs)
  }
}

/** But for what goes elsewhere than the recording that it came with: to the attic, and to the manifests. */
export function withoutSigns(delivered: Files): Files {
  return new Map([...delivered].filter(([path]) => path !== 'READY' && path !== 'manifest.tsv'))
}

export function openScene({ ws, lab, rigs, hasRsync }: SceneOptions): Scene {
  const ledger = openLedger()
  const recordings = new Map<string, Recording>()
  const told = new Map<string, number>()
  const later: Promise<void>[] = []
  const names = Object.keys(manners).filter((name) => hasRsync || name !== 'rsync')
  const inbox = ws.path('inbox')
  return {
    ws,
    lab,
    rigs,
    inbox,
    ledger,
    recordings,
    rejected: new Set(),
    told,
    async deliver(name, files, chance) {
      const manner = chance.pick(names)
      told.set(manner, (told.get(manner) ?? 0) + 1)
      const delivered = await manners[manner]!({ name, files, inbox, rigs, quietMs, chance })
      ledger.dropped(`${name}, by ${manner}`, delivered)
      return delivered
    },
    has(batch, delivered) {
      const recording = newRecording(batch, withoutSigns(delivered))
      recordings.set(batch, recording)
      return recording
    },
    untilStored: (batch) =>
      eventually(`${batch} is stored`, () => ws.exists(`data/mat/${batch}`) && !ws.exists(`inbox/${batch}`)),
    async command(...args) {
      const { code, stdout, stderr } = await ws.labmake(...args)
      if (code !== 0) throw new Error(`labmake ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    },
    doLater(act) {
      const acting = act()
      later.push(acting)
      // It is waited for in the end, or the test has failed by then.
      acting.catch(() => {})
    },
    async rest() {
      await Promise.all(later)
    },
  }
}
