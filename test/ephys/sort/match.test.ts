import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/ephys/random.ts'
import { type MatchedSpike, matchTemplates } from '../../../src/ephys/sort/match.ts'
import type { Template } from '../../../src/ephys/sort/template.ts'
import type { Traces } from '../../../src/ephys/sort/traces.ts'
import { positions, template, tracesOf, windows } from './memoryTraces.ts'

const wide = template(0, 12, 6)
const narrow = template(1, 9, 2)

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

test('a cell does not fire twice within half a millisecond', () => {
  const apart = (samples: number) => [
    { sample: 1000, unit: 1, amplitude: 1 },
    { sample: 1000 + samples, unit: 1, amplitude: 1 },
  ]
  expect(match(tracesOf([wide, narrow], apart(9)), [wide, narrow])).toHaveLength(1)
  expect(match(tracesOf([wide, narrow], apart(10)), [wide, narrow])).toHaveLength(2)
})

test('the residual is what the templates leave', () => {
  const spikes = [{ sample: 1000, unit: 0, amplitude: 1 }]
  const deepest: number[] = []
  matchTemplates(tracesOf([wide], spikes), [wide], { positions, windows, blockSamples: 512 }, (spike, residual) => {
    const from = spike.sample - windows.before - residual.start
    deepest.push(...residual.channels.map((values) => Math.min(...values.subarray(from, from + windows.length))))
  })
  expect(deepest).toHaveLength(positions.length)
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
