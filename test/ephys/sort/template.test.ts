import { expect, test } from 'vitest'
import { findSpikes } from '../../../src/ephys/sort/findSpikes.ts'
import { mergeAlike } from '../../../src/ephys/sort/merge.ts'
import { likenessOf, unitOf } from '../../../src/ephys/sort/template.ts'
import { positions, template, tracesOf, windows } from './memoryTraces.ts'

const wide = template(0, 12, 6)
const narrow = template(1, 9, 2)
const times = Array.from({ length: 20 }, (_, i) => 100 + 90 * i)
const firing = times.map((sample) => ({ sample, unit: 0, amplitude: 1 }))
const traces = tracesOf([wide, narrow], firing)
const earlier = (samples: number) => times.map((sample) => sample - samples)

test('a unit’s template is the mean of its spikes', () => {
  const unit = unitOf(traces, times, windows)!
  expect(unit.template.channel).toBe(0)
  expect(unit.template.depth).toBeCloseTo(12, 0)
  for (const [at, value] of unit.template.values.entries()) expect(Math.abs(value - wide.values[at]!)).toBeLessThan(0.6)
})

test('spikes counted beside their trough are moved onto it', () => {
  expect(unitOf(traces, earlier(4), windows)!.spikes).toEqual(times)
})

test('spikes whose waveform reaches over an end are left out, and without any there is no unit', () => {
  expect(unitOf(traces, [5, ...times, 1995], windows)!.spikes).toEqual(times)
  expect(unitOf(traces, [5, 1995], windows)).toBeUndefined()
})

test('a template is wholly like itself, less like a smaller one, and like a later one at a lag', () => {
  expect(likenessOf(wide, wide, windows)).toEqual({ similarity: 1, lag: 0 })
  expect(likenessOf(wide, template(0, 6, 6), windows).similarity).toBeCloseTo(0.8, 6)
  const later = { ...wide, values: wide.values.map((_, at) => (at % windows.length < 3 ? 0 : wide.values[at - 3]!)) }
  expect(likenessOf(wide, later, windows)).toEqual({ similarity: expect.closeTo(1, 2), lag: 3 })
})

test('two halves of a cell’s spikes become one unit again, each spike once', () => {
  const half = (odd: number) =>
    unitOf(
      traces,
      [...times.filter((_, i) => i % 2 === odd), times[4]!].sort((a, b) => a - b),
      windows,
    )!
  const [unit, ...others] = mergeAlike(traces, [half(0), half(1)], { positions, windows })
  expect(others).toEqual([])
  expect(unit!.spikes).toEqual(times)
})

test('cells of another shape stay apart', () => {
  const both = [...firing, ...times.map((sample) => ({ sample: sample + 45, unit: 1, amplitude: 1 }))]
  const twoCells = tracesOf([wide, narrow], both)
  const units = [unitOf(twoCells, times, windows)!, unitOf(twoCells, earlier(-45), windows)!]
  expect(mergeAlike(twoCells, units, { positions, windows })).toEqual(units)
})

test('a template that explains no spike is left out, and the others are numbered anew', () => {
  const basis = [new Float64Array(windows.length).fill(0.1)]
  const options = { positions, windows, basis, blockSamples: 512, report: () => undefined }
  const units = [narrow, wide].map((one) => ({ spikes: times, template: one }))
  const { templates, spikes } = findSpikes(traces, units, options)
  expect(templates).toEqual([wide])
  expect(spikes.samples).toEqual(times)
  expect(new Set(spikes.units)).toEqual(new Set([0]))
})
