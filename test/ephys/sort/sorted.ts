import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Position } from '../../../src/ephys/sort/neighbours.ts'
import { linePositions } from '../../../src/ephys/sort/probe.ts'
import type { Recording } from '../../../src/ephys/sort/recording.ts'
import { sortRecording } from '../../../src/ephys/sort/sort.ts'

export interface NpyFile {
  readonly type: string
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** Reads what numpy would: types i4, i8, f4 and f8, rows first. */
export function readNpy(path: string): NpyFile {
  const bytes = readFileSync(path)
  const start = 10 + bytes.readUInt16LE(8)
  const header = bytes.toString('latin1', 10, start)
  const type = /'descr': '<(..)'/.exec(header)![1]!
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(',')
    .filter((text) => text.trim() !== '')
  const body = new Uint8Array(bytes.subarray(start)).buffer
  const read = {
    i4: () => [...new Int32Array(body)],
    i8: () => Array.from(new BigInt64Array(body), Number),
    f4: () => [...new Float32Array(body)],
    f8: () => [...new Float64Array(body)],
  }[type]!
  return { type, shape: shape.map(Number), values: read() }
}

/** Sorts into a folder that is removed at the end of the test. */
export function sorted(recording: Recording, options: { blockSamples?: number; positions?: readonly Position[] } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'labmake-sort-'))
  const dispose = () => rmSync(root, { recursive: true, force: true })
  const folder = join(root, 'phy')
  mkdirSync(folder)
  try {
    const positions = options.positions ?? linePositions(recording.channelNames)
    const progress = { report: () => undefined, done: () => undefined }
    const summary = sortRecording({ recording, positions, folder, progress, ...options })
    return {
      summary,
      npy: (name: string) => readNpy(join(folder, `${name}.npy`)),
      text: (name: string) => readFileSync(join(folder, name), 'utf8'),
      /** Every file's content, by name. */
      files: () => new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')])),
      /** Spike times by unit. */
      trains: () => trainsIn(folder),
      [Symbol.dispose]: dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

export function trainsIn(folder: string): number[][] {
  const times = readNpy(join(folder, 'spike_times.npy')).values
  const clusters = readNpy(join(folder, 'spike_clusters.npy')).values
  const trains: number[][] = []
  for (const [spike, cluster] of clusters.entries()) {
    trains[cluster] ??= []
    trains[cluster].push(times[spike]!)
  }
  return Array.from(trains, (train) => train ?? [])
}
