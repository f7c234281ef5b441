import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openMat } from '../../../src/ephys/mat/openMat.ts'
import { folder } from '../folder.ts'
import { mat5 } from '../matFiles.ts'

const none: ReadonlySet<string> = new Set()

/** All values of a channel, read in steps. */
async function readAll(path: string, name: string, step = 1000): Promise<number[]> {
  const mat = await openMat(path, none)
  const channel = mat.channels.find((candidate) => candidate.name === name)!
  const values: number[] = []
  for (let from = 0; from < channel.samples; from += step) {
    values.push(...(await mat.read(channel, from, Math.min(channel.samples, from + step))))
  }
  mat.close()
  return values
}

const values = [1, -2, 300, -32768, 32767, 6, 7]

test.each([
  ['little-endian', {}],
  ['big-endian', { bigEndian: true }],
  ['compressed', { compressed: true }],
  ['compressed big-endian', { compressed: true, bigEndian: true }],
])('%s: the same values come back, in steps of any length', async (_, form) => {
  using files = folder({ 'a.mat': mat5({ Port_3: { values } }, form) })
  expect(await readAll(files.path('a.mat'), 'Port_3', 7)).toEqual(values)
  expect(await readAll(files.path('a.mat'), 'Port_3', 2)).toEqual(values)
})

test('a long compressed channel is read in steps that split its pieces', async () => {
  const long = Array.from({ length: 200_001 }, (_, i) => ((i * 7919) % 60_000) - 30_000)
  using files = folder({ 'a.mat': mat5({ Port_1: { values: [0] }, Port_2: { values: long } }, { compressed: true }) })
  expect(await readAll(files.path('a.mat'), 'Port_2', 65_536)).toEqual(long)
})

test('reading backwards begins anew', async () => {
  using files = folder({ 'a.mat': mat5({ Port_1: { values } }, { compressed: true }) })
  const mat = await openMat(files.path('a.mat'), none)
  const [channel] = mat.channels
  expect([...(await mat.read(channel!, 4, 7))]).toEqual([32767, 6, 7])
  expect([...(await mat.read(channel!, 0, 2))]).toEqual([1, -2])
  mat.close()
})

test('values of four bytes or fewer stand within their tag', async () => {
  using files = folder({ 'a.mat': mat5({ Port_1: { values: [5, -6] }, Port_2: { values: [9] } }) })
  expect(await readAll(files.path('a.mat'), 'Port_1')).toEqual([5, -6])
  expect(await readAll(files.path('a.mat'), 'Port_2')).toEqual([9])
})

test.each(['int8', 'uint8', 'int16', 'uint16', 'int32', 'single'] as const)(
  'doubles that MATLAB stored as %s are doubles again, not counts',
  async (stored) => {
    const small = [1, 2, 100]
    using files = folder({ 'a.mat': mat5({ Port_1: { values: small, valueClass: 'double', stored } }) })
    const mat = await openMat(files.path('a.mat'), none)
    expect(mat.channels[0]?.counts).toBe(false)
    expect(await mat.read(mat.channels[0]!, 0, 3)).toEqual(Float64Array.from(small))
    mat.close()
  },
)

test('fields are found in any order, before and after the values', async () => {
  const fields = ['values', 'times', 'units', 'scale', 'interval']
  const channel = { values, times: values.map((_, i) => i / 1000), units: 'mV', scale: 2, fields }
  using files = folder({ 'a.mat': mat5({ Port_1: channel }, { compressed: true }) })
  const mat = await openMat(files.path('a.mat'), none)
  expect(mat.channels[0]).toMatchObject({ intervalS: 0.001, units: 'mV', scale: 2, samples: 7, hasTimes: true })
  const times: number[] = []
  for await (const piece of mat.readTimes(mat.channels[0]!)) times.push(...piece)
  expect(times).toEqual([0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006])
  mat.close()
})

test('a row of values is as good as a column', async () => {
  using files = folder({ 'a.mat': mat5({ Port_1: { values, asRow: true } }) })
  expect(await readAll(files.path('a.mat'), 'Port_1')).toEqual(values)
})

test('variables that are no Port_N are passed by', async () => {
  using files = folder({ 'a.mat': mat5({ DigMark: [1, 2], Port_1: { values }, stimulus_1: { values } }) })
  const mat = await openMat(files.path('a.mat'), none)
  expect(mat.channels.map(({ name }) => name)).toEqual(['Port_1'])
  mat.close()
})

test.each([{}, { compressed: true }])('a file cut short anywhere is told, never read as shorter (%o)', async (form) => {
  const whole = mat5({ Port_1: { values }, Port_2: { values } }, form)
  for (let length = 129; length < whole.length; length += 13) {
    using files = folder({ 'cut.mat': whole.subarray(0, length) })
    await expect(openMat(files.path('cut.mat'), none), `${length} bytes`).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining('cut.mat is cut short'),
    })
  }
})

test.each([{}, { compressed: true }])('bytes that are damaged anywhere are told or do no harm (%o)', async (form) => {
  const times = values.map((_, i) => i / 1000)
  const whole = mat5({ Port_1: { values, times }, Port_2: { values, times } }, form)
  using files = folder({})
  const path = files.path('bad.mat')
  const damage = fc.record({
    at: fc.integer({ min: 128, max: whole.length - 1 }),
    byte: fc.integer({ min: 0, max: 255 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      const bytes = Buffer.from(whole)
      for (const { at, byte } of damages) bytes[at] = byte
      writeFileSync(path, bytes)
      await openMat(path, none)
        .then(async (mat) => {
          for (const channel of mat.channels) await mat.read(channel, 0, Math.min(channel.samples, 1000))
          mat.close()
        })
        .catch((error) => expect(error).toMatchObject({ name: 'InputError' }))
    }),
    { numRuns: 300 },
  )
})

test('damaged compressed bytes are told with the channel', async () => {
  const long = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 30_000)
  const bytes = mat5({ Port_1: { values: long } }, { compressed: true })
  bytes.fill(0xff, bytes.length - 5000, bytes.length - 100)
  using files = folder({ 'bad.mat': bytes })
  await expect(readAll(files.path('bad.mat'), 'Port_1')).rejects.toThrow('bad.mat is cut short or damaged: Port_1')
})

test.each([
  ['an empty file', '', 'a.mat is empty'],
  ['a text', 'Hello, I am no recording. '.repeat(10), 'a.mat is not a .mat file'],
  ['a short text', 'Hello', 'a.mat is not a .mat file'],
])('%s is no .mat file', async (_, content, message) => {
  using files = folder({ 'a.mat': content })
  await expect(openMat(files.path('a.mat'), none)).rejects.toThrow(message)
})

test('a file without Port_N says what it has', async () => {
  using files = folder({ 'a.mat': mat5({ DigMark: [1, 2] }) })
  await expect(openMat(files.path('a.mat'), none)).rejects.toThrow('a.mat has no channel Port_N: it holds DigMark')
})

test('a channel without values or interval is named, unless it is omitted', async () => {
  const broken = { Port_1: { values }, Port_2: { values, fields: ['interval', 'title'] } }
  using files = folder({
    'a.mat': mat5(broken),
    'b.mat': mat5({ Port_1: { values, fields: ['values'] } }),
    'c.mat': mat5({ Port_1: [1, 2, 3] }),
  })
  await expect(openMat(files.path('a.mat'), none)).rejects.toThrow('a.mat: in Port_2 there are no values')
  await expect(openMat(files.path('b.mat'), none)).rejects.toThrow('b.mat: in Port_1 there is no interval')
  await expect(openMat(files.path('c.mat'), none)).rejects.toThrow('c.mat: in Port_1 there is no single struct')
  const mat = await openMat(files.path('a.mat'), new Set(['Port_2']))
  expect(mat.channels.map(({ name }) => name)).toEqual(['Port_1'])
  mat.close()
})

test.skipIf(process.platform === 'win32')('a pipe among the files is refused, and not waited for', async () => {
  using files = folder({})
  execFileSync('mkfifo', [files.path('a.mat')])
  await expect(openMat(files.path('a.mat'), none)).rejects.toThrow('a.mat cannot be read: it is no file')
})
