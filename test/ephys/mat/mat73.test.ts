import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openMat } from '../../../src/ephys/mat/openMat.ts'
import { createMat73, type MatChannel } from '../../../src/ephys/mat/writeMat73.ts'
import { folder } from '../folder.ts'

const none: ReadonlySet<string> = new Set()
const samples = 200_001
const ramp = Int16Array.from({ length: samples }, (_, i) => ((i * 7919) % 60_000) - 30_000)

const channel: MatChannel = {
  name: 'Port_1',
  valueClass: 'int16',
  samples,
  intervalS: 1 / 20_000,
  startS: 3,
  scale: 2,
  offset: 0.5,
  units: 'mV',
  title: 'Port 1',
}

async function writeRamp(path: string): Promise<void> {
  const mat = await createMat73(path)
  mat.addChannel({ ...channel, name: 'Port_10' })
  mat.addChannel(channel)
  mat.addChannel({ ...channel, name: 'Port_2', valueClass: 'single' })
  mat.write('Port_1', 0, ramp.subarray(0, 65_536))
  mat.write('Port_1', 65_536, ramp.subarray(65_536))
  mat.write('Port_2', samples - 1, Float32Array.of(0.25))
  mat.finish()
}

test('channels come by number, with what the export tells of them', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const mat = await openMat(files.path('a.mat'), none)
  expect(mat.channels.map(({ name }) => name)).toEqual(['Port_1', 'Port_2', 'Port_10'])
  expect(mat.channels[0]).toEqual({
    name: 'Port_1',
    number: 1,
    samples,
    intervalS: 1 / 20_000,
    startS: 3,
    counts: true,
    scale: 2,
    offset: 0.5,
    units: 'mV',
    hasTimes: false,
  })
  mat.close()
})

test.each([1 << 20, 65_536, 30_000, 70_000])('steps of %i samples give the same values', async (step) => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const mat = await openMat(files.path('a.mat'), none)
  const [port] = mat.channels
  for (let from = 0; from < samples; from += step) {
    const to = Math.min(samples, from + step)
    const values = await mat.read(port!, from, to)
    expect(values.length).toBe(to - from)
    // toEqual takes a second for so many.
    expect(values.findIndex((value: number, i: number) => value !== ramp[from + i])).toBe(-1)
  }
  // And backwards again.
  expect(await mat.read(port!, 5, 8)).toEqual(ramp.subarray(5, 8))
  mat.close()
})

test('the last sample of a floating channel is there', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const mat = await openMat(files.path('a.mat'), none)
  expect(await mat.read(mat.channels[1]!, samples - 2, samples)).toEqual(Float64Array.of(0, 0.25))
  mat.close()
})

test('a plain HDF5 file without the 512 bytes before it will do', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  using bare = folder({ 'bare.mat': readFileSync(files.path('a.mat')).subarray(512) })
  const mat = await openMat(bare.path('bare.mat'), none)
  expect(mat.channels).toHaveLength(3)
  mat.close()
})

test('a file cut short is told', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const whole = readFileSync(files.path('a.mat'))
  for (const length of [600, 2000, whole.length / 2, whole.length - 1]) {
    using cut = folder({ 'cut.mat': whole.subarray(0, length) })
    await expect(openMat(cut.path('cut.mat'), none), `${length} bytes`).rejects.toMatchObject({ name: 'InputError' })
  }
})

test('a file whose bytes are damaged is a fault of the input, wherever they are', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const whole = readFileSync(files.path('a.mat'))
  let damaged = 0
  for (let at = 560; at < 6000; at += 97) {
    const bytes = Buffer.from(whole)
    bytes.fill(0xa5, at, at + 8)
    using bad = folder({ 'bad.mat': bytes })
    await openMat(bad.path('bad.mat'), none).then(
      (mat) => mat.close(),
      (error) => {
        expect(error, `at byte ${at}`).toMatchObject({ name: 'InputError', hint: expect.stringMatching(/\S/) })
        damaged++
      },
    )
  }
  expect(damaged).toBeGreaterThan(10)
})

test('a file without Port_N says what it has', async () => {
  using files = folder({})
  const mat = await createMat73(files.path('a.mat'))
  mat.addChannel({ ...channel, name: 'DigMark' })
  mat.finish()
  await expect(openMat(files.path('a.mat'), none)).rejects.toThrow('a.mat has no channel Port_N: it holds DigMark')
})

test('equal content gives equal bytes', async () => {
  using files = folder({})
  await writeRamp(files.path('a.mat'))
  const realNow = Date.now
  Date.now = () => realNow() + 86_400_000
  await writeRamp(files.path('b.mat')).finally(() => {
    Date.now = realNow
  })
  expect(readFileSync(files.path('b.mat')).equals(readFileSync(files.path('a.mat')))).toBe(true)
})
