import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { type DenoiseOptions, denoise } from '../../../src/ephys/denoise/denoise.ts'
import { openKwd } from '../../../src/ephys/kwd.ts'
import { folder } from '../folder.ts'
import { mat5, type TestChannel } from '../matFiles.ts'

/** De-noises the files; gives each recording's rows and what was said. */
async function denoiseFiles(files: Readonly<Record<string, Buffer>>, options: Partial<DenoiseOptions> = {}) {
  using source = folder(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`B1/${name}`, bytes])))
  using out = folder({})
  const said: string[] = []
  const error = vi.spyOn(console, 'error').mockImplementation((line) => void said.push(String(line)))
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const target = out.path('B1.kwd')
    await denoise({ source: source.path('B1'), target, omit: [], method: 'none', ...options }).catch((fault) => {
      expect(existsSync(target), 'a failed run leaves no target').toBe(false)
      throw fault
    })
    const kwd = await openKwd(target)
    const recordings = kwd.recordings.map((recording) => {
      const rows = [...kwd.read(recording.index, 0, recording.samples)]
      const channel = (c: number) => rows.filter((_, i) => i % recording.channels === c)
      return { ...recording, columns: kwd.channelNames.map((_, c) => channel(c)) }
    })
    kwd.close()
    return { recordings, channelNames: kwd.channelNames, kwd, said: said.join('\n'), bytes: readFileSync(target) }
  } finally {
    error.mockRestore()
    stderr.mockRestore()
  }
}

/** Noise that is the same in every run: a linear congruential generator. */
function noise(seed: number, length: number, amplitude: number): number[] {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return Math.round((state / 2 ** 31) * amplitude)
  })
}

const channel = (values: readonly number[], more: Partial<TestChannel> = {}): TestChannel => ({ values, ...more })

test('--omit Port_2 leaves Port_20 in, and channels come by number', async () => {
  const file = mat5({
    Port_20: channel([20, -20]),
    Port_3: channel([3, -3]),
    Port_2: channel([2, -2]),
    Port_1: channel([1, -1]),
  })
  const { channelNames, recordings } = await denoiseFiles({ 'a.mat': file }, { omit: ['Port_2'] })
  expect(channelNames).toEqual(['Port_1', 'Port_3', 'Port_20'])
  expect(recordings[0]?.columns).toEqual([
    [1, -1],
    [3, -3],
    [20, -20],
  ])
})

test('a name to omit that no file has lists those there are', async () => {
  const file = mat5({ Port_1: channel([1, 2]), Port_20: channel([1, 2]) })
  await expect(denoiseFiles({ 'a.mat': file }, { omit: ['Port_2'] })).rejects.toMatchObject({
    message: 'no file has the channel to omit: Port_2',
    hint: 'The channels are Port_1, Port_20. Names are taken exactly.',
  })
})

test('every stretch keeps its last sample, and a gap in times begins a new one', async () => {
  const times = [0, 0.001, 0.002, 0.5, 0.501, 0.502, 0.503]
  const file = mat5({ Port_1: channel([10, 0, -10, 20, 1, -1, -20], { times }) })
  const { recordings } = await denoiseFiles({ 'a.mat': file })
  expect(recordings.map(({ startTimeS, columns }) => ({ startTimeS, columns }))).toEqual([
    { startTimeS: 0, columns: [[10, 0, -10]] },
    { startTimeS: 0.5, columns: [[20, 1, -1, -20]] },
  ])
})

test('a jitter of half an interval is no gap', async () => {
  const file = mat5({ Port_1: channel([1, 2, -3], { times: [0, 0.001, 0.0024] }) })
  expect((await denoiseFiles({ 'a.mat': file })).recordings).toHaveLength(1)
})

test('files follow each other in the order of their numbers, on one clock', async () => {
  const { recordings } = await denoiseFiles({
    'trial_10.mat': mat5({ Port_1: channel([5, 5]) }),
    'trial_9.mat': mat5({ Port_1: channel([-5, -5]) }),
    '._trial_9.mat': Buffer.from('a resource fork of a Mac'),
    'notes.txt': Buffer.from('not a recording'),
  })
  expect(recordings.map(({ columns, startTimeS }) => [columns[0], startTimeS])).toEqual([
    [[-5, -5], 0],
    [[5, 5], 0.002],
  ])
})

test('a channel that one file lacks is left out of all, and said so', async () => {
  const { channelNames, said } = await denoiseFiles({
    'a.mat': mat5({ Port_1: channel([1, -1]), Port_2: channel([1, -1]) }),
    'b.mat': mat5({ Port_2: channel([1, -1]) }),
  })
  expect(channelNames).toEqual(['Port_2'])
  expect(said).toContain('left out: Port_1 is not in 1 (b.mat)')
})

test('the mean is that of the whole recording, and its fraction counts', async () => {
  const { recordings } = await denoiseFiles({ 'a.mat': mat5({ Port_1: channel([0, 0, 1, 101]) }) })
  // The mean is 25.5; halves are rounded up, as Math.round does.
  expect(recordings[0]?.columns).toEqual([[-25, -25, -24, 76]])
})

test('cmr takes off the median, car the mean of the others', async () => {
  const file = mat5({
    Port_1: channel([10, -10, 0, 0]),
    Port_2: channel([13, -13, 0, 0]),
    Port_3: channel([20, -20, 0, 0]),
  })
  const cmr = await denoiseFiles({ 'a.mat': file }, { method: 'cmr' })
  expect(cmr.recordings[0]?.columns.map(([first]) => first)).toEqual([-3, 0, 7])
  const car = await denoiseFiles({ 'a.mat': file }, { method: 'car' })
  // 10 − 16.5, 13 − 15, 20 − 11.5; halves up.
  expect(car.recordings[0]?.columns.map(([first]) => first)).toEqual([-6, -2, 9])
})

test.each([50, 3000, 140_000])('war takes off what the others predict, at %i samples too', async (samples) => {
  const common = noise(1, samples, 3000)
  const gains = [1, 0.5, 1.5, 2]
  const own = gains.map((_, c) => noise(c + 2, samples, 20))
  const channels = gains.map((gain, c) => [
    `Port_${c + 1}`,
    channel(common.map((value, i) => Math.round(gain * value) + own[c]![i]!)),
  ])
  const file = { 'a.mat': mat5(Object.fromEntries(channels)) }
  const { recordings } = await denoiseFiles(file, { method: 'war' })
  for (const column of recordings[0]!.columns) expect(deviation(column)).toBeLessThan(30)
  // Gains that differ are what the median cannot take off: war does more than cmr.
  const cmr = await denoiseFiles(file, { method: 'cmr' })
  expect(Math.max(...cmr.recordings[0]!.columns.map(deviation))).toBeGreaterThan(500)
})

function deviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}

test('dead and very noisy channels are told, and do not touch the others', async () => {
  const common = noise(1, 5000, 500)
  const good = Object.fromEntries(
    [1, 2, 3, 4, 5].map((n) => [`Port_${n}`, channel(noise(n + 1, 5000, 30).map((value, i) => value + common[i]!))]),
  )
  const bad = {
    Port_6: channel(Array<number>(5000).fill(7)),
    Port_7: channel(noise(9, 5000, 2000).map((value, i) => value + common[i]!)),
  }
  const alone = await denoiseFiles({ 'a.mat': mat5(good) }, { method: 'cmr' })
  for (const method of ['cmr', 'car', 'war'] as const) {
    const expected = await denoiseFiles({ 'a.mat': mat5(good) }, { method })
    const { recordings, said } = await denoiseFiles({ 'a.mat': mat5({ ...good, ...bad }) }, { method })
    expect(said).toContain('dead, not in the common reference: 1 (Port_6)')
    expect(said).toContain('very noisy, not in the common reference: 1 (Port_7)')
    expect(recordings[0]?.columns.slice(0, 5)).toEqual(expected.recordings[0]?.columns)
    // A dead channel stays flat: taking the common part off would put it in.
    expect(new Set(recordings[0]?.columns[5])).toEqual(new Set([0]))
    expect(deviation(recordings[0]!.columns[6]!)).toBeGreaterThan(1000)
  }
  expect(alone.said).not.toContain('noisy')
})

test('one good channel alone is not compared with itself', async () => {
  const { recordings, said } = await denoiseFiles({ 'a.mat': mat5({ Port_1: channel([5, -5]) }) }, { method: 'cmr' })
  expect(recordings[0]?.columns).toEqual([[5, -5]])
  expect(said).toContain('nothing was subtracted')
})

test('samples beyond int16 are clipped and counted', async () => {
  const file = mat5({
    Port_1: channel([32767, -32768, -32768, 0]),
    Port_2: channel([1, -1, 2, -2]),
  })
  const { recordings, said } = await denoiseFiles({ 'a.mat': file })
  // The mean of Port_1 is −8192.25.
  expect(recordings[0]?.columns[0]).toEqual([32767, -24576, -24576, 8192])
  expect(said).toContain('1 sample of all (13 %) clipped to 16 bits')
})

test('the gain goes along: volts of one count', async () => {
  const file = mat5({ Port_1: channel([1, -1], { scale: 6.5536, units: 'mV' }) })
  const { kwd } = await denoiseFiles({ 'a.mat': file })
  expect(kwd.channelBitVolts).toEqual([expect.closeTo(1e-6, 12)])
})

test('channels of different gain are brought to one', async () => {
  const file = mat5({
    Port_1: channel([1000, -1000, 0], { scale: 6553.6, units: 'uV' }),
    Port_2: channel([500, -500, 0], { scale: 13107.2, units: 'uV' }),
  })
  const { recordings } = await denoiseFiles({ 'a.mat': file })
  const [first, second] = recordings[0]!.columns
  expect(first).toEqual(second)
  expect(first![0]).toBeGreaterThan(100)
})

test('floating values get a scale that uses the 16 bits', async () => {
  const volts = noise(3, 4000, 1000).map((value) => value * 1e-8)
  const file = mat5({ Port_1: channel(volts, { valueClass: 'double', units: 'V' }) })
  const { recordings, kwd } = await denoiseFiles({ 'a.mat': file })
  expect(Math.max(...recordings[0]!.columns[0]!)).toBeGreaterThan(25_000)
  const [countVolts] = kwd.channelBitVolts!
  const mean = volts.reduce((sum, value) => sum + value, 0) / volts.length
  for (const i of [0, 1, 3999]) {
    expect(Math.abs(recordings[0]!.columns[0]![i]! * countVolts! - (volts[i]! - mean))).toBeLessThan(countVolts!)
  }
})

test('whole numbers saved as doubles are counts as they are', async () => {
  const { recordings } = await denoiseFiles({ 'a.mat': mat5({ Port_1: channel([7, -7], { valueClass: 'double' }) }) })
  expect(recordings[0]?.columns).toEqual([[7, -7]])
})

test('the same source gives the same bytes', async () => {
  const files = { 'a.mat': mat5({ Port_1: channel(noise(1, 999, 50)), Port_2: channel(noise(2, 999, 50)) }) }
  const [first, second] = [await denoiseFiles(files, { method: 'war' }), await denoiseFiles(files, { method: 'war' })]
  expect(second.bytes.equals(first.bytes)).toBe(true)
})

test('compressed files give the same samples, over files, gaps and blocks', async () => {
  const samples = 70_000
  const times = Array.from({ length: samples }, (_, i) => i * 0.001 + (i < 66_000 ? 0 : 5))
  const variables = {
    Port_1: channel(noise(1, samples, 900), { times }),
    Port_2: channel(noise(2, samples, 900), { fields: ['interval', 'values', 'times'], times }),
    Port_3: channel(noise(3, samples, 900)),
  }
  const last = { ...variables, Port_2: channel(noise(4, samples, 900)) }
  const packed = {
    'a.mat': mat5(variables, { compressed: true }),
    'b.mat': mat5(last),
    'c.mat': mat5(last, { compressed: true }),
  }
  const plain = { 'a.mat': mat5(variables), 'b.mat': mat5(last), 'c.mat': mat5(last) }
  const [found, expected] = [
    await denoiseFiles(packed, { method: 'cmr' }),
    await denoiseFiles(plain, { method: 'cmr' }),
  ]
  expect(found.recordings).toHaveLength(6)
  expect(found.bytes.equals(expected.bytes)).toBe(true)
})

const two = { Port_1: channel([1, 2]), Port_2: channel([1, 2]) }
const faults: [string, Record<string, Buffer>, string][] = [
  ['no .mat file', { 'a.txt': Buffer.from('x') }, 'has no .mat file'],
  [
    'other lengths',
    { 'a.mat': mat5({ ...two, Port_2: channel([1]) }) },
    'a.mat: in Port_2 there are 1 samples; expected 2',
  ],
  [
    'other rates',
    { 'a.mat': mat5({ ...two, Port_2: channel([1, 2], { interval: 0.002 }) }) },
    'a.mat: in Port_2 the rate is 500 Hz; expected 1000 Hz',
  ],
  [
    'other rates of files',
    { 'a.mat': mat5(two), 'b.mat': mat5({ Port_1: channel([1, 2], { interval: 0.002 }) }) },
    'b.mat was recorded at 500 Hz; expected 1000 Hz as in a.mat',
  ],
  [
    'other units',
    { 'a.mat': mat5({ ...two, Port_2: channel([1, 2], { units: 'degC' }) }) },
    "a.mat: Port_2 is in 'degC'",
  ],
  ['no samples', { 'a.mat': mat5({ Port_1: channel([]) }) }, 'a.mat: in Port_1 there are no samples'],
  [
    'times that do not rise',
    { 'a.mat': mat5({ Port_1: channel([1, 2], { times: [1, 1] }) }) },
    'a.mat: in Port_1 times go from 1 to 1 s',
  ],
  [
    'fewer times than samples',
    { 'a.mat': mat5({ Port_1: channel([1, 2], { times: [1] }) }) },
    'a.mat: in Port_1 there are 1 times for 2 samples',
  ],
  [
    'a value that is no number',
    { 'a.mat': mat5({ Port_1: channel([1, 2, Number.NaN], { valueClass: 'double' }) }) },
    'a.mat: sample 2 of Port_1 is NaN',
  ],
  [
    'no channel in common',
    { 'a.mat': mat5({ Port_1: channel([1]) }), 'b.mat': mat5({ Port_2: channel([1]) }) },
    'no channel is in every file',
  ],
]
test.each(faults)('%s: a fault of the input', async (_, files, message) => {
  await expect(denoiseFiles(files)).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringContaining(message),
    hint: expect.stringMatching(/\S/),
  })
})

test('a fault of one channel is got round by omitting it', async () => {
  const file = mat5({ ...two, Port_3: channel([1], { interval: 5 }) })
  expect((await denoiseFiles({ 'a.mat': file }, { omit: ['Port_3'] })).channelNames).toEqual(['Port_1', 'Port_2'])
})

test('a target that is its own source is refused, and the source stays', async () => {
  using source = folder({ 'a.mat': mat5(two) })
  const before = readFileSync(source.path('a.mat'))
  const options = { source: source.root, target: source.path('a.mat'), omit: [], method: 'cmr' } as const
  await expect(denoise(options)).rejects.toThrow('is its own source')
  expect(readFileSync(source.path('a.mat')).equals(before)).toBe(true)
})

test('a target without a folder to be in is refused, as is a folder', async () => {
  using source = folder({ 'a.mat': mat5(two) })
  const options = { source: source.root, omit: [], method: 'cmr' } as const
  await expect(denoise({ ...options, target: source.path('no', 'x.kwd') })).rejects.toThrow('there is no folder')
  await expect(denoise({ ...options, target: source.root })).rejects.toThrow('is a folder')
})

test('a target that was there is replaced', async () => {
  using source = folder({ 'a.mat': mat5(two) })
  writeFileSync(source.path('x.kwd'), 'an older target')
  const error = vi.spyOn(console, 'error').mockReturnValue()
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await denoise({ source: source.path('a.mat'), target: source.path('x.kwd'), omit: [], method: 'cmr' })
  error.mockRestore()
  stderr.mockRestore()
  const kwd = await openKwd(source.path('x.kwd'))
  expect(kwd.recordings[0]?.samples).toBe(2)
  kwd.close()
})
