import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { expect, test, vi } from 'vitest'
import { InputError, UsageError } from '../../../src/ephys/errors.ts'
import { createKwd } from '../../../src/ephys/kwd.ts'
import { sortCommand } from '../../../src/ephys/sort/command.ts'
import { folder } from '../folder.ts'
import { madeRecording, train } from './recordings.ts'
import { readNpy, trainsIn } from './sorted.ts'

async function sort(...args: readonly string[]): Promise<string> {
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: sortCommand.options, allowPositionals: true })
    await sortCommand.run({ options: values, positionals })
    return said.mock.calls.flat().join('\n')
  } finally {
    said.mockRestore()
  }
}

const cell = { channel: 1, depth: 300, spikes: train(500, 1170, 40) }

/** A .kwd of these stretches; channels named as given, else Port_1 and on. */
async function writeKwd(
  path: string,
  made: Parameters<typeof madeRecording>[0],
  { channelNames, rates = [] }: { channelNames?: readonly string[]; rates?: readonly number[] } = {},
): Promise<void> {
  const recording = madeRecording(made)
  const kwd = await createKwd(path, {
    name: 'B1',
    channelNames: channelNames ?? recording.channelNames,
    omitted: [],
    dead: [],
    noisy: [],
    method: 'none',
    scale: 1,
    units: 'count',
  })
  for (const [i, { samples, read }] of recording.stretches.entries()) {
    kwd.startRecording({ sampleRateHz: rates[i] ?? recording.sampleRateHz, startTimeS: i, source: 'a.mat' })
    kwd.write(read(0, samples))
  }
  kwd.finish({ clippedSamples: 0 })
}

test('a .kwd of two stretches becomes one folder for phy, its times counted through', async () => {
  using files = folder({})
  await writeKwd(files.path('B1.kwd'), { stretches: [20_000, 30_000], cells: [cell] })
  expect(await sort(files.path('B1.kwd'), files.path('B1'))).toBe(
    'sorter: simple, for a quick look: 40 spikes of 1 unit',
  )
  const [times] = trainsIn(files.path('B1'))
  expect(times).toHaveLength(40)
  for (const [i, time] of times!.entries()) expect(Math.abs(time - cell.spikes[i]!)).toBeLessThanOrEqual(3)
})

test('an omitted channel leaves its gap on the line', async () => {
  using files = folder({})
  const channelNames = ['Port_1', 'Port_2', 'Port_4', 'Port_5']
  await writeKwd(files.path('B1.kwd'), { stretches: [40_000], cells: [cell] }, { channelNames })
  await sort(files.path('B1.kwd'), files.path('B1'))
  expect(readNpy(files.path('B1', 'channel_positions.npy')).values).toEqual([0, 0, 0, 50, 0, 150, 0, 200])
})

test('a probe’s map places the channels by their names', async () => {
  const map = {
    probes: [
      {
        si_units: 'um',
        contact_positions: [
          [1, 40],
          [2, 30],
          [3, 20],
          [4, 10],
        ],
        contact_ids: ['Port_4', 'Port_3', 'Port_2', 'Port_1'],
      },
    ],
  }
  using files = folder({ 'map.json': JSON.stringify(map) })
  await writeKwd(files.path('B1.kwd'), { stretches: [40_000], cells: [cell] })
  await sort(files.path('B1.kwd'), files.path('B1'), '--probe', files.path('map.json'))
  expect(readNpy(files.path('B1', 'channel_positions.npy')).values).toEqual([4, 10, 3, 20, 2, 30, 1, 40])
})

test('no path of this machine is in what is made', async () => {
  using files = folder({})
  await writeKwd(files.path('B1.kwd'), { stretches: [40_000], cells: [cell] })
  await sort(files.path('B1.kwd'), files.path('B1'))
  for (const name of readdirSync(files.path('B1'))) {
    expect(readFileSync(files.path('B1', name), 'latin1')).not.toContain(files.root)
  }
})

test('a curated folder is left alone', async () => {
  using files = folder({ 'B1/cluster_group.tsv': 'cluster_id\tgroup\n0\tgood\n' })
  await writeKwd(files.path('B1.kwd'), { stretches: [40_000], cells: [cell] })
  await expect(sort(files.path('B1.kwd'), files.path('B1'))).rejects.toThrow('is not empty')
  expect(readFileSync(files.path('B1', 'cluster_group.tsv'), 'utf8')).toContain('good')
})

test('without spikes nothing is left behind', async () => {
  using files = folder({ 'B2/.keep': '' })
  await writeKwd(files.path('B1.kwd'), { stretches: [20_000] })
  await expect(sort(files.path('B1.kwd'), files.path('B1'))).rejects.toThrow('no spikes found')
  expect(readdirSync(files.root).sort()).toEqual(['B1.kwd', 'B2'])
})

test('stretches of different sample rates are not joined', async () => {
  using files = folder({})
  await writeKwd(files.path('B1.kwd'), { stretches: [9000, 9000] }, { rates: [20_000, 15_000] })
  const sorting = sort(files.path('B1.kwd'), files.path('B1'))
  await expect(sorting).rejects.toThrow(InputError)
  await expect(sorting).rejects.toThrow('stretches at 20000 and at 15000 Hz')
})

test('a place that cannot be written is a fault of the input', async () => {
  using files = folder({ file: '' })
  await writeKwd(files.path('B1.kwd'), { stretches: [20_000], cells: [cell] })
  await expect(sort(files.path('B1.kwd'), files.path('file', 'B1'))).rejects.toThrow(InputError)
})

test('the command takes a source and a folder', async () => {
  await expect(sort('B1.kwd')).rejects.toThrow(UsageError)
})
