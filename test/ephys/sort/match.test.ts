import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/ephys/random.ts'
import { type MatchedSpike, matchTemplates } from '../../../src/ephys/sort/match.ts'
import type { Template } from '../../../src/ephys/sort/template.ts'
import type { Traces } from '../../../src/ephys/sort/traces.ts'
import { windowsAt } from '../../../src/ephys/sort/windows.ts'

const windows = windowsAt(20_000)
const channels = 3
const positions = [
  [0, 0],
  [0, 50],
  [0, 100],
] as const

/** A trough at row `before`, half as deep on the channels beside, with a width of its own in samples. */
function template(channel: number, depth: number, width: number): Template {
  const values = Float32Array.from({ length: channels * windows.length }, (_, at) => {
    const [on, row] = [Math.floor(at / windows.length), at % windows.length]
    return (-depth * Math.exp(-(((row - windows.before) / width) ** 2))) / 2 ** Math.abs(on - channel)
  })
  return { values, channel, depth }
}

const wide = template(0, 12, 6)
const narrow = template(1, 9, 2)

/** What `spikes` of the templates add up to, in memory. */
function tracesOf(templates: readonly Template[], spikes: readonly MatchedSpike[], options: { samples?: number } = {}) {
  const { samples = 2000 } = options
  const random = seededRandom(2)
  const values = Array.from({ length: channels }, () =>
    Float32Array.from({ length: samples }, () => 0.5 * random.normal()),
  )
  for (const { sample, unit, amplitude } of spikes) {
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 0; row < windows.length; row++) {
        const at = sample - windows.before + row
        values[channel]![at]! += amplitude * templates[unit]!.values[channel * windows.length + row]!
      }
    }
  }
  const traces: Traces = {
    channels,
    samples,
    borders: [0, samples],
    read: (from, to, into, offset = 0) => {
      for (const [channel, column] of into.entries()) column.set(values[channel]!.subarray(from, to), offset)
    },
    close: () => undefined,
  }
  return traces
}

function match(traces: Traces, templates: readonly Template[], blockSamples = 512): MatchedSpike[] {
  const found: MatchedSpike[] = []
  matchTemplates(traces, templates, { positions, windows, blockSamples }, (spike) => void found.push(spike))
  return found
}

const timesOf = (spikes: readonly MatchedSpike[]) => spikes.map(({ sample, unit }) => [sample, unit])

test('each spike is found with its template, its time and its size', () => {
  const spikes = [
    { sample: 300, unit: 0, amplitude: 1 },
    { sample: 900, unit: 1, amplitude: 1.2 },
    { sample: 1500, unit: 0, amplitude: 0.8 },
  ]
  const found = match(tracesOf([wide, narrow], spikes), [wide, narrow])
  expect(timesOf(found)).toEqual(timesOf(spikes))
  for (const [i, { amplitude }] of found.entries()) expect(amplitude).toBeCloseTo(spikes[i]!.amplitude, 1)
})

test('a spike under a larger one comes to light when that is taken away', () => {
  const larger = template(0, 40, 6)
  const spikes = [
    { sample: 1000, unit: 0, amplitude: 1 },
    { sample: 1008, unit: 1, amplitude: 1 },
  ]
  const found = match(tracesOf([larger, narrow], spikes), [larger, narrow])
  expect(timesOf(found)).toEqual(timesOf(spikes))
})

test('what is too small or too large for every template is no spike', () => {
  const spikes = [
    { sample: 500, unit: 0, amplitude: 0.5 },
    { sample: 1000, unit: 0, amplitude: 1.7 },
  ]
  expect(match(tracesOf([wide], spikes), [wide])).toEqual([])
})

test('the residual is what the templates leave', () => {
  const spikes = [{ sample: 1000, unit: 0, amplitude: 1 }]
  const deepest: number[] = []
  matchTemplates(tracesOf([wide], spikes), [wide], { positions, windows, blockSamples: 512 }, (spike, residual) => {
    const from = spike.sample - windows.before - residual.start
    deepest.push(...residual.channels.map((values) => Math.min(...values.subarray(from, from + windows.length))))
  })
  expect(deepest).toHaveLength(channels)
  for (const value of deepest) expect(value).toBeGreaterThan(-2.5)
})

test('a spike whose waveform would reach over a join is left out', () => {
  const spikes = [{ sample: 1000, unit: 0, amplitude: 1 }]
  const traces = tracesOf([wide], spikes)
  expect(match({ ...traces, borders: [0, 1010, 2000] }, [wide])).toEqual([])
  expect(match({ ...traces, borders: [0, 1030, 2000] }, [wide])).toHaveLength(1)
})

test('the size of the blocks leaves no trace, even in spikes that overlap all the way through', () => {
  const random = seededRandom(9)
  const spikes = Array.from({ length: 260 }, (_, i) => ({
    sample: 100 + i * 15 + random.integer(12),
    unit: random.integer(2),
    amplitude: random.range(0.8, 1.2),
  }))
  const traces = tracesOf([wide, narrow], spikes, { samples: 4200 })
  const whole = match(traces, [wide, narrow], 100_000)
  expect(whole.length).toBeGreaterThan(150)
  for (const blockSamples of [100, 257, 1024]) expect(match(traces, [wide, narrow], blockSamples)).toEqual(whole)
})
