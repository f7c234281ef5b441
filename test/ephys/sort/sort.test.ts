import { expect, test } from 'vitest'
import { InputError } from '../../../src/ephys/errors.ts'
import type { Recording } from '../../../src/ephys/sort/recording.ts'
import { score } from '../score.ts'
import { type Cell, madeRecording, train } from './recordings.ts'
import { sorted } from './sorted.ts'

const large: Cell = { channel: 0, depth: 300, widthMs: 0.1, spikes: train(500, 1170, 80) }
const small: Cell = { channel: 2, depth: 220, widthMs: 0.25, spikes: train(900, 1490, 62) }
const fiveSeconds = [100_000]

test('two cells are found, each with its spikes', () => {
  const truth = [large, small]
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: truth }))
  const found = score(
    truth.map(({ spikes }) => spikes),
    result.trains(),
    20_000,
  )
  expect(found).toMatchObject({ wellDetected: 2, spurious: 0 })
  expect(result.summary.units).toBe(2)
})

test('the same recording gives the same bytes, in blocks of any size', () => {
  const recording = madeRecording({ stretches: [33_000, 67_000], cells: [large, small] })
  using once = sorted(recording)
  using again = sorted(recording)
  using inSmallBlocks = sorted(recording, { blockSamples: 1500 })
  expect(again.files()).toEqual(once.files())
  expect(inSmallBlocks.files()).toEqual(once.files())
})

test('nothing but what phy needs is left in the folder', () => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large, small] }))
  expect([...result.files().keys()].sort()).toEqual([
    'amplitudes.npy',
    'channel_map.npy',
    'channel_positions.npy',
    'channel_shanks.npy',
    'cluster_group.tsv',
    'params.py',
    'pc_feature_ind.npy',
    'pc_features.npy',
    'recording.dat',
    'similar_templates.npy',
    'sorter.json',
    'spike_clusters.npy',
    'spike_templates.npy',
    'spike_times.npy',
    'template_feature_ind.npy',
    'template_features.npy',
    'templates.npy',
    'whitening_mat.npy',
    'whitening_mat_inv.npy',
  ])
  expect(result.text('cluster_group.tsv')).toBe('cluster_id\tgroup\n0\tunsorted\n1\tunsorted\n')
  expect(JSON.parse(result.text('sorter.json'))).toMatchObject({ sorter: 'simple' })
  expect(result.text('params.py').split('\n')).toEqual([
    expect.stringContaining('# sorter: simple'),
    "dat_path = 'recording.dat'",
    'n_channels_dat = 4',
    "dtype = 'int16'",
    'offset = 0',
    'sample_rate = 20000.0',
    'hp_filtered = False',
    '',
  ])
})

test('the arrays have the types and shapes that phylib takes', () => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large, small] }))
  const spikes = result.summary.spikes
  const layout = (name: string) => {
    const { type, shape } = result.npy(name)
    return `${type} ${shape.join('×')}`
  }
  expect(layout('spike_times')).toBe(`i8 ${spikes}`)
  expect(layout('spike_templates')).toBe(`i4 ${spikes}`)
  expect(layout('spike_clusters')).toBe(`i4 ${spikes}`)
  expect(layout('amplitudes')).toBe(`f8 ${spikes}`)
  expect(layout('templates')).toBe('f4 2×50×4')
  expect(layout('channel_map')).toBe('i4 4')
  expect(layout('channel_positions')).toBe('f4 4×2')
  expect(layout('similar_templates')).toBe('f4 2×2')
  expect(layout('pc_features')).toBe(`f4 ${spikes}×3×4`)
  expect(layout('pc_feature_ind')).toBe('i4 2×4')
  expect(layout('template_features')).toBe(`f4 ${spikes}×2`)
  expect(layout('template_feature_ind')).toBe('i4 2×2')
})

test('spike times do not decrease, and the first components are positive where the spike is', () => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large, small] }))
  const times = result.npy('spike_times').values
  expect(times).toEqual([...times].sort((a, b) => a - b))
  const { values, shape } = result.npy('pc_features')
  const [spikes, components, channels] = shape as [number, number, number]
  // A template's own channel comes first among its channels.
  for (let spike = 0; spike < spikes; spike++) expect(values[spike * components * channels]).toBeGreaterThan(0)
})

test('recording.dat holds the samples as they were, stretch after stretch', () => {
  const recording = madeRecording({ stretches: [33_000, 67_000], cells: [large] })
  using result = sorted(recording)
  const bytes = recording.stretches.map(({ samples, read }) =>
    Buffer.from(new Uint8Array(read(0, samples).slice().buffer)),
  )
  expect(result.files().get('recording.dat')).toBe(Buffer.concat(bytes).toString('hex'))
})

test('a single template is padded to two, and no spike is given to the second', () => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large] }))
  expect(result.summary.units).toBe(1)
  expect(result.npy('templates').shape).toEqual([2, 50, 4])
  expect(result.npy('similar_templates').shape).toEqual([2, 2])
  expect(result.npy('pc_feature_ind').shape).toEqual([2, 4])
  expect(new Set(result.npy('spike_clusters').values)).toEqual(new Set([0]))
  expect(result.text('cluster_group.tsv')).toBe('cluster_id\tgroup\n0\tunsorted\n')
})

test('a few spikes are one unit’s on their channel', () => {
  const few = { ...large, spikes: [4000, 9000, 15_000] }
  using result = sorted(madeRecording({ stretches: [20_000], cells: [few] }))
  expect(result.trains()).toEqual([few.spikes.map((sample) => expect.toSatisfy((at) => Math.abs(at - sample) <= 2))])
})

test('a spike on a join is of two moments, and is left out', () => {
  const onJoin = { ...large, spikes: [...large.spikes, 60_000].sort((a, b) => a - b) }
  using joined = sorted(madeRecording({ stretches: fiveSeconds, cells: [onJoin] }))
  using cut = sorted(madeRecording({ stretches: [60_010, 39_990], cells: [onJoin] }))
  const near = (train: readonly number[]) => train.filter((sample) => Math.abs(sample - 60_000) < 20)
  expect(near(joined.trains()[0]!)).toHaveLength(1)
  expect(near(cut.trains()[0]!)).toHaveLength(0)
})

test('a spike cut off by the recording’s start or end is left out', () => {
  const atEnds = { ...large, spikes: [14, ...large.spikes, 99_985] }
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [atEnds] }))
  expect(score([large.spikes], result.trains(), 20_000)).toMatchObject({ agreements: [1], spurious: 0 })
})

test('a step between two stretches is no spike', () => {
  const quiet = madeRecording({ stretches: [50_000, 50_000], cells: [large] })
  const lifted: Recording = {
    ...quiet,
    stretches: quiet.stretches.map((stretch, index) => ({
      samples: stretch.samples,
      read: (from, to) => stretch.read(from, to).map((value) => value + 8000 * index),
    })),
  }
  using without = sorted(quiet)
  using withStep = sorted(lifted)
  expect(withStep.trains()).toEqual(without.trains())
})

test('a flat channel is silent and breaks nothing', () => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large, small], flat: [3] }))
  expect(result.summary.units).toBe(2)
  expect(result.npy('templates').values.every(Number.isFinite)).toBe(true)
  expect(result.npy('pc_features').values.every(Number.isFinite)).toBe(true)
})

test.each([
  ['one channel', { channels: 1 }, 20_000],
  ['15 kHz', { sampleRateHz: 15_000 }, 15_000],
  ['8 kHz, where the band has no upper edge', { sampleRateHz: 8000 }, 8000],
  ['44.1 kHz', { sampleRateHz: 44_100 }, 44_100],
])('%s is sorted as well', (_, made, sampleRateHz) => {
  using result = sorted(madeRecording({ stretches: fiveSeconds, cells: [large], ...made }))
  expect(score([large.spikes], result.trains(), sampleRateHz)).toMatchObject({ wellDetected: 1, spurious: 0 })
})

test.each([
  ['noise alone', { stretches: [20_000] }],
  ['a recording shorter than a spike', { stretches: [30] }],
  ['one sample', { stretches: [1] }],
  ['nothing but flat channels', { stretches: [5000], flat: [0, 1, 2, 3] }],
])('%s has no spikes, and that is said', (_, made) => {
  const sort = () => sorted(madeRecording(made))
  expect(sort).toThrow(InputError)
  expect(sort).toThrow('no spikes found above 5 robust standard deviations of the noise')
})

test('a single spike cannot be shown by phy, and that is said', () => {
  const sort = () => sorted(madeRecording({ stretches: [20_000], cells: [{ ...large, spikes: [9000] }] }))
  expect(sort).toThrow('only one spike found')
})

test('a sample rate below the band of spikes is refused', () => {
  expect(() => sorted(madeRecording({ stretches: [1000], sampleRateHz: 500 }))).toThrow('the sample rate is 500 Hz')
})
