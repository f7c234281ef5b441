import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { File, ready } from 'h5wasm/node'
import { afterAll, expect, test } from 'vitest'
import { createKwd, type KwdMaking, openKwd } from '../../src/ephys/kwd.ts'

const folder = mkdtempSync(join(tmpdir(), 'labmake-kwd-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const making: KwdMaking = {
  name: 'B1',
  channelNames: ['Port_2', 'Port_10'],
  omitted: ['Port_20'],
  dead: [],
  noisy: ['Port_10'],
  method: 'cmr',
  scale: 1,
  units: 'uV',
  channelBitVolts: [1e-6, 1e-6],
}

async function writeTwoStretches(path: string): Promise<void> {
  const kwd = await createKwd(path, making)
  kwd.startRecording({ sampleRateHz: 20_000, startTimeS: 0, source: 'a.mat' })
  kwd.write(Int16Array.of(1, 2, 3, 4))
  kwd.write(Int16Array.of(-32768, 32767))
  kwd.startRecording({ sampleRateHz: 20_000, startTimeS: 2.5, source: 'b.mat' })
  kwd.write(Int16Array.of(7, 8))
  kwd.finish({ clippedSamples: 2 })
}

test('what was written in blocks is read back in any slice', async () => {
  const path = join(folder, 'slices.kwd')
  await writeTwoStretches(path)
  const kwd = await openKwd(path)
  expect(kwd.channelNames).toEqual(['Port_2', 'Port_10'])
  expect(kwd.channelBitVolts).toEqual([1e-6, 1e-6])
  expect(kwd.recordings).toEqual([
    { index: 0, sampleRateHz: 20_000, startTimeS: 0, samples: 3, channels: 2 },
    { index: 1, sampleRateHz: 20_000, startTimeS: 2.5, samples: 1, channels: 2 },
  ])
  expect(kwd.read(0, 0, 3)).toEqual(Int16Array.of(1, 2, 3, 4, -32768, 32767))
  expect(kwd.read(0, 1, 2)).toEqual(Int16Array.of(3, 4))
  expect(kwd.read(1, 0, 1)).toEqual(Int16Array.of(7, 8))
  kwd.close()
})

test('the same recording gives the same bytes whenever it is written', async () => {
  const [first, second] = [join(folder, 'first.kwd'), join(folder, 'second.kwd')]
  const realNow = Date.now
  await writeTwoStretches(first)
  // HDF5 stamps objects with seconds: a clock a day on stands for waiting.
  Date.now = () => realNow() + 86_400_000
  await writeTwoStretches(second).finally(() => {
    Date.now = realNow
  })
  expect(readFileSync(second).equals(readFileSync(first))).toBe(true)
})

test("klusta-suite's .kwd, without what we add, is read too", async () => {
  const path = join(folder, 'klusta.kwd')
  await ready
  const file = new File(path, 'w')
  file.create_attribute('kwik_version', 2, null, '<i')
  const recordings = file.create_group('recordings')
  for (const index of ['0', '1', '10', '2']) {
    const group = recordings.create_group(index)
    group.create_attribute('sample_rate', 20_000, null, '<d')
    group.create_dataset({ name: 'data', data: Int16Array.of(Number(index), 5, 6), shape: [1, 3], dtype: '<h' })
  }
  file.close()
  const kwd = await openKwd(path)
  expect(kwd.channelNames).toEqual(['0', '1', '2'])
  expect(kwd.channelBitVolts).toBeUndefined()
  // In the order of their numbers.
  expect(kwd.recordings.map(({ index }) => kwd.read(index, 0, 1)[0])).toEqual([0, 1, 2, 10])
  kwd.close()
})

const bare = { data: [1, 2], shape: [2, 1] }
test.each<[string, (file: File) => unknown, string]>([
  ['no recordings', (file) => file.create_group('elsewhere'), 'it has no /recordings'],
  ['no data', (file) => file.create_group('recordings').create_group('0'), '/recordings/0 has no data'],
  [
    'floating data',
    (file) =>
      file
        .create_group('recordings')
        .create_group('0')
        .create_dataset({ ...bare, name: 'data', dtype: '<d' }),
    '/recordings/0/data is not int16, samples × channels',
  ],
  [
    'no sample rate',
    (file) =>
      file
        .create_group('recordings')
        .create_group('0')
        .create_dataset({ ...bare, name: 'data', dtype: '<h' }),
    '/recordings/0 does not tell its sample_rate',
  ],
])('an HDF5 file with %s is no .kwd', async (name, fill, message) => {
  const path = join(folder, `${name}.kwd`)
  await ready
  const file = new File(path, 'w')
  fill(file)
  file.close()
  await expect(openKwd(path)).rejects.toThrow(message)
})

test('a .kwd cut short is told from a whole one', async () => {
  const path = join(folder, 'whole.kwd')
  await writeTwoStretches(path)
  const cut = join(folder, 'cut.kwd')
  writeFileSync(cut, readFileSync(path).subarray(0, -1000))
  await expect(openKwd(cut)).rejects.toThrow(`${cut} is cut short`)
})

test('a file of another kind is named as such', async () => {
  const path = join(folder, 'text.kwd')
  writeFileSync(path, 'not HDF5 at all')
  await expect(openKwd(path)).rejects.toThrow(`${path} is not a .kwd file`)
})

test('a .kwd without samples is an error', async () => {
  const path = join(folder, 'empty.kwd')
  const kwd = await createKwd(path, making)
  kwd.startRecording({ sampleRateHz: 20_000, startTimeS: 0, source: 'a.mat' })
  kwd.finish({ clippedSamples: 0 })
  await expect(openKwd(path)).rejects.toThrow('holds no samples')
})

test('a target folder that is missing is named', async () => {
  await expect(createKwd(join(folder, 'no', 'such.kwd'), making)).rejects.toMatchObject({
    name: 'InputError',
    hint: 'Make the folder first.',
  })
})
