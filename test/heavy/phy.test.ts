import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { linePositions } from '../../src/ephys/sort/probe.ts'
import { sortRecording } from '../../src/ephys/sort/sort.ts'
import { folder } from '../ephys/folder.ts'
import { madeRecording, train } from '../ephys/sort/recordings.ts'
import { trainsIn } from '../ephys/sort/sorted.ts'
import { hasPython, labmakeEphys, noPython, python, realRecordings } from './labmakeEphys.ts'

/** What phylib's model says of a folder, having asked it for all that phy's views ask. */
const look = `
import json, sys, logging
from pathlib import Path
import numpy as np
from phylib.io.model import load_model
complaints = []
class Listener(logging.Handler):
    def emit(self, record):
        if record.levelno >= logging.WARNING: complaints.append(record.getMessage())
logging.getLogger('phylib').addHandler(Listener())
model = load_model(Path(sys.argv[1]) / 'params.py')
shapes = []
for cluster in model.cluster_ids:
    spikes = model.get_cluster_spikes(cluster)
    channels = model.get_cluster_channels(cluster)
    mean = model.get_cluster_mean_waveforms(cluster)
    shapes.append([len(spikes), mean.mean_waveforms.shape[0]])
    assert np.isfinite(model.get_features(spikes, channels)).all()
    assert np.isfinite(model.get_template_features(spikes)).all()
    assert model.get_waveforms(spikes[:20], channels).shape[2] == len(channels)
amplitudes = model.get_amplitudes_true()[0]
print(json.dumps(dict(
    spikes=int(model.n_spikes), templates=int(model.n_templates), clusters=len(model.cluster_ids),
    channels=int(model.n_channels), seconds=float(model.duration), rate=float(model.sample_rate),
    positions=np.unique(model.channel_positions, axis=0).shape[0], shapes=shapes,
    depths=bool(np.isfinite(model.get_depths()).all()), amplitudes=bool((amplitudes > 0).all()),
    groups=sorted(set(model.metadata['group'].values())), complaints=complaints)))
model.close()
`

interface Look {
  readonly spikes: number
  readonly templates: number
  readonly clusters: number
  readonly channels: number
  readonly shapes: readonly (readonly [spikes: number, rows: number])[]
  readonly complaints: readonly string[]
}

function lookAt(phy: string): Look {
  return JSON.parse(execFileSync(python, ['-c', look, phy], { encoding: 'utf8' }))
}

/** What holds for every folder. The spikes' waveforms are fetched from recording.dat, which phylib remarks upon. */
const sound = { depths: true, amplitudes: true, groups: ['unsorted'] }

function complaintsOf({ complaints }: Look): readonly string[] {
  return complaints.filter((text) => !text.startsWith('Skipping spike waveforms that do not exist'))
}

test('phylib loads a simulated recording and all that phy shows of it', (ctx) => {
  if (!hasPython) return ctx.skip(noPython)
  using files = folder({})
  labmakeEphys('simulate', files.path('B1'), '--channels', '32', '--seconds', '20')
  labmakeEphys('denoise', files.path('B1'), files.path('B1.kwd'), '--omit', 'Port_7,Port_22')
  labmakeEphys('sort', files.path('B1.kwd'), files.path('phy'), '--probe', files.path('B1', 'probe.json'))
  const found = lookAt(files.path('phy'))
  expect(found).toMatchObject({ ...sound, channels: 30, positions: 30, seconds: 20, rate: 20_000 })
  expect(found.clusters).toBeGreaterThanOrEqual(8)
  expect(found.shapes.every(([, rows]) => rows === 50)).toBe(true)
  expect(complaintsOf(found)).toEqual([])
})

test.for([
  ['a single template', {}, 40],
  ['a single channel', { channels: 1 }, 40],
  ['two spikes', {}, 2],
] as const)('phylib loads %s', ([_, made, count], ctx) => {
  if (!hasPython) return ctx.skip(noPython)
  using files = folder({})
  mkdirSync(files.path('phy'))
  const cell = { channel: 0, depth: 300, spikes: train(500, 1170, count) }
  const recording = madeRecording({ stretches: [50_000], cells: [cell], ...made })
  const progress = { report: () => undefined, done: () => undefined }
  const positions = linePositions(recording.channelNames)
  sortRecording({ recording, positions, folder: files.path('phy'), progress })
  const found = lookAt(files.path('phy'))
  expect(found).toMatchObject({ ...sound, spikes: count, templates: 2, clusters: 1 })
  expect(complaintsOf(found)).toEqual([])
})

test.for([
  ['locust_trial_01', 3, 6],
  ['locust_5s_v5', 1, 5],
] as const)('a real recording of four channels, %s, has a handful of units', ([name, fewest, most], ctx) => {
  const source = join(realRecordings, name)
  if (!existsSync(source)) return ctx.skip(`no ${source}`)
  using files = folder({})
  labmakeEphys('denoise', source, files.path('B1.kwd'), '--method', 'none')
  labmakeEphys('sort', files.path('B1.kwd'), files.path('phy'))
  const trains = trainsIn(files.path('phy'))
  console.log(`${name}: ${trains.length} units of ${trains.map(({ length }) => length).join(', ')} spikes`)
  expect(trains.length).toBeGreaterThanOrEqual(fewest)
  expect(trains.length).toBeLessThanOrEqual(most)
  if (!hasPython) return console.log(noPython)
  const found = lookAt(files.path('phy'))
  expect(found).toMatchObject({ ...sound, clusters: trains.length, channels: 4, rate: 15_000 })
  expect(complaintsOf(found)).toEqual([])
})
