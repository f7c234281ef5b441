import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { expect, test } from 'vitest'
import { InputError, UsageError } from '../../../src/ephys/errors.ts'
import { openMat } from '../../../src/ephys/mat/openMat.ts'
import { simulateCommand } from '../../../src/ephys/simulate/command.ts'
import { countsOf, planRecording } from '../../../src/ephys/simulate/recording.ts'
import { readProbe } from '../../../src/ephys/sort/probe.ts'
import { folder } from '../folder.ts'

async function simulate(...args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: simulateCommand.options,
    allowPositionals: true,
  })
  await simulateCommand.run({ options: values, positionals })
}

async function readPort(path: string, name: string): Promise<number[]> {
  const mat = await openMat(path, new Set())
  try {
    const channel = mat.channels.find((port) => port.name === name)!
    return [...(await mat.read(channel, 0, channel.samples))]
  } finally {
    mat.close()
  }
}

test('a batch is a folder of .mat files, with the truth and the probe’s map beside them', async () => {
  using files = folder({})
  await simulate(files.path('B1'), '--seconds', '0.5', '--files', '2')
  expect(readdirSync(files.path('B1'))).toEqual(['B1_1.mat', 'B1_2.mat', 'probe.json', 'truth.json'])
  const truth = JSON.parse(readFileSync(files.path('B1', 'truth.json'), 'utf8'))
  expect(truth).toMatchObject({ seed: 1, sample_rate_hz: 20_000, samples: 10_000, dead: ['Port_12'], noisy: [] })
  const { cells } = planRecording({ seed: 1, channels: 16, units: 6, seconds: 0.5, level: 'easy' })
  expect(truth.units.map((unit: { spike_samples: number[] }) => unit.spike_samples)).toEqual(
    cells.map(({ spikes }) => spikes),
  )
  expect(readProbe(files.path('B1', 'probe.json'), ['Port_1', 'Port_16'])).toEqual([
    [0, 0],
    [0, 750],
  ])
})

test('the same options give the same bytes', async () => {
  using files = folder({})
  const options = ['--seconds', '0.3', '--channels', '32', '--level', 'hard', '--seed', '4']
  await simulate(files.path('one', 'B1'), ...options)
  await simulate(files.path('two', 'B1'), ...options)
  for (const name of ['B1.mat', 'probe.json', 'truth.json']) {
    expect(readFileSync(files.path('one', 'B1', name)).equals(readFileSync(files.path('two', 'B1', name)))).toBe(true)
  }
})

test('the parts of a recording join to the whole', async () => {
  using files = folder({})
  await simulate(files.path('B1'), '--seconds', '4', '--files', '3', '--units', '2')
  const recording = planRecording({ seed: 1, channels: 16, units: 2, seconds: 4, level: 'easy' })
  const expected: number[] = []
  for (const block of countsOf(recording)) expected.push(...block[4]!)
  const joined: number[] = []
  for (const part of [1, 2, 3]) joined.push(...(await readPort(files.path('B1', `B1_${part}.mat`), 'Port_5')))
  expect(joined).toEqual(expected)
})

test.each([
  [['--level', 'soft'], '--level soft: there is no such choice'],
  [['--channels', '4'], '--channels 4: there is no such choice'],
  [['--seconds', 'long'], '--seconds long: expected a number from 0.1 to 86400'],
  [['--units', '2.5'], '--units 2.5: expected a whole number from 1 to 64'],
  [['--seed', ''], '--seed : expected a whole number from 0'],
  [['--files', '0'], '--files 0: expected a whole number from 1'],
])('a wrong option is named: %s', async (args, message) => {
  using files = folder({})
  const wrong = simulate(files.path('B1'), ...args)
  await expect(wrong).rejects.toThrow(UsageError)
  await expect(wrong).rejects.toThrow(message)
  expect(existsSync(files.path('B1'))).toBe(false)
})

test('a folder with something in it is left alone', async () => {
  using files = folder({ 'B1/recorded.mat': 'mine' })
  await expect(simulate(files.path('B1'), '--seconds', '0.2')).rejects.toThrow(InputError)
  expect(readdirSync(files.path('B1'))).toEqual(['recorded.mat'])
})

test('a file where the folder should be is a fault of the input', async () => {
  using files = folder({})
  writeFileSync(files.path('B1'), '')
  await expect(simulate(files.path('B1'))).rejects.toThrow(InputError)
})
