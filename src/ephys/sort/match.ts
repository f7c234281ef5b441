import { detectPeaks, type Peak } from './detect.ts'
import { distanceUm, neighboursWithin, type Position, REACH_UM } from './neighbours.ts'
import { liesInOneStretch } from './stretches.ts'
import { energyOf, type Template } from './template.ts'
import type { Traces, TraceWindow } from './traces.ts'
import type { Windows } from './windows.ts'

/** One spike as a template explains it. */
export interface MatchedSpike {
  readonly sample: number
  /** Index of the template. */
  readonly unit: number
  /** How large the spike is beside its template. */
  readonly amplitude: number
}

/** A spike and what its surroundings look like when all spikes but it have been taken away: the residual. */
export type SpikeVisitor = (spike: MatchedSpike, residual: TraceWindow) => void

export interface MatchOptions {
  readonly positions: readonly Position[]
  readonly windows: Windows
  /** Any number of them gives the same spikes. */
  readonly blockSamples: number
}

/**
 * Noise deviations. Lower than for finding cells: a small cell's troughs scatter around its template's, and noise alone
 * does not look like a template. With 4.5 the hard simulated recordings came out at 0.61, with 3.6 at 0.73.
 */
const THRESHOLD = 3.5
/** A template is tried on troughs this near to the channel where it is largest. */
const CANDIDATE_WITHIN_UM = 75
/** Channels on which a template stays below this many noise deviations say nothing about a spike. */
const LEAST_DEPTH = 0.8
const AMPLITUDES = { least: 0.6, most: 1.5 }
/** Spikes hidden by others come to light when those are taken away; the third pass still finds a few. */
const PASSES = 3

/** A template as it is fitted: only channels that matter. */
interface Fitter {
  readonly unit: number
  readonly channels: readonly number[]
  readonly values: readonly Float32Array[]
  readonly energy: number
}

/** Samples, `to` excluded. */
interface Range {
  readonly from: number
  readonly to: number
}

/** How far a pass has come, samples. It may only look at what the pass before it will not change any more. */
interface Pass {
  /** Troughs before this sample have been found … */
  detectedTo: number
  /** … and these not yet fitted. */
  waiting: Peak[]
  /** Troughs before this sample have been fitted, and what fitted is taken away. */
  fittedTo: number
  /** Samples of the spikes taken away that the next pass may still come near to. */
  taken: number[]
}

/**
 * Explains the recording by templates: at each trough, in the order of time, the template that takes away most is
 * subtracted; then the same again on what is left, three passes in all. The passes follow one another through the
 * recording at a distance that no spike bridges, so the result is the same as if each had run over all of it, and memory
 * does not grow with the recording. Visits the spikes in the order of time.
 */
export function matchTemplates(
  traces: Traces,
  templates: readonly Template[],
  options: MatchOptions,
  visit: SpikeVisitor,
): void {
  const { positions, windows, blockSamples } = options
  // Twice the farthest that fitting one trough reads or changes, and the exclusion time around a trough.
  const reach = 2 * (windows.length + windows.lag + windows.exclusion)
  const capacity = blockSamples + (2 * PASSES + 2) * reach
  const channels = Array.from({ length: traces.channels }, () => new Float32Array(capacity))
  let residual: TraceWindow = { start: 0, samples: 0, channels }
  const passes = Array.from({ length: PASSES }, (): Pass => ({ detectedTo: 0, waiting: [], fittedTo: 0, taken: [] }))
  const detectOptions = { threshold: THRESHOLD, neighbours: neighboursWithin(positions, REACH_UM), windows }
  const explain = templateFitter(templates, { traces, positions, windows })
  const settle = spikeSorter(templates.length, windows, visit)

  for (let readTo = 0; readTo < traces.samples; ) {
    const to = Math.min(readTo + blockSamples, traces.samples)
    traces.read(readTo, to, channels, readTo - residual.start)
    residual = { ...residual, samples: to - residual.start }
    readTo = to
    const isEnd = readTo === traces.samples
    let limit = readTo
    for (const [index, pass] of passes.entries()) {
      const detectTo = isEnd ? readTo : Math.max(pass.detectedTo, limit - reach)
      const previous = passes[index - 1]
      const unseen = { from: pass.detectedTo, to: detectTo }
      // Where nothing was taken away a trough fits no better than in the pass before.
      for (const range of previous ? rangesAround(previous.taken, reach / 2, unseen) : [unseen]) {
        pass.waiting.push(...detectPeaks(residual, range, detectOptions))
      }
      pass.detectedTo = detectTo
      const fitTo = isEnd ? readTo : Math.max(pass.fittedTo, detectTo - reach)
      const ready = pass.waiting.filter(({ sample }) => sample < fitTo)
      pass.waiting = pass.waiting.filter(({ sample }) => sample >= fitTo)
      for (const peak of ready) {
        const spike = explain(residual, peak)
        if (!spike) continue
        settle.add(spike)
        pass.taken.push(spike.sample)
      }
      pass.fittedTo = fitTo
      if (previous) previous.taken = previous.taken.filter((sample) => sample >= fitTo - reach)
      limit = fitTo
    }
    passes.at(-1)!.taken = []
    const settledTo = isEnd ? Number.POSITIVE_INFINITY : limit - reach
    settle.visitUpTo(settledTo, residual)
    residual = dropBefore(residual, settledTo - reach)
  }
}

/** The parts of `within` that lie less than `distance` samples from any of the samples; rising, and apart. */
function rangesAround(samples: readonly number[], distance: number, within: Range): Range[] {
  const ranges: { from: number; to: number }[] = []
  for (const sample of [...samples].sort((a, b) => a - b)) {
    const from = Math.max(within.from, sample - distance + 1)
    const to = Math.min(within.to, sample + distance)
    const last = ranges.at(-1)
    if (from >= to) continue
    if (last && from <= last.to) last.to = to
    else ranges.push({ from, to })
  }
  return ranges
}

/** Fits the best template to a trough, subtracts it from the residual, and returns the spike; undefined if none fits. */
function templateFitter(
  templates: readonly Template[],
  on: { readonly traces: Traces; readonly positions: readonly Position[]; readonly windows: Windows },
): (residual: TraceWindow, peak: Peak) => MatchedSpike | undefined {
  const { traces, positions, windows } = on
  const near = neighboursWithin(positions, REACH_UM)
  const fitters = templates.map((template, unit) => fitterOf(unit, template, near[template.channel]!, windows))
  const candidates = positions.map((position) =>
    templates.flatMap(({ channel }, unit) =>
      distanceUm(position, positions[channel]!) <= CANDIDATE_WITHIN_UM ? [unit] : [],
    ),
  )
  return (residual, peak) => {
    let best: Fit | undefined
    for (const unit of candidates[peak.channel]!) {
      const fit = bestFit(fitters[unit]!, residual, peak, { traces, windows })
      if (fit === undefined || fit.amplitude < AMPLITUDES.least || fit.amplitude > AMPLITUDES.most) continue
      if (best === undefined || fit.gain > best.gain) best = fit
    }
    if (best === undefined) return undefined
    const { sample, unit, amplitude } = best
    subtract(fitters[unit]!, amplitude, residual, sample - windows.before)
    return { sample, unit, amplitude }
  }
}

/** A template where it takes most away. `gain` is by how much the residual's energy falls. */
interface Fit extends MatchedSpike {
  readonly gain: number
}

/** Its amplitude is judged only there: beside its best place a spike too large would look right. */
function bestFit(
  fitter: Fitter,
  residual: TraceWindow,
  peak: Peak,
  on: { readonly traces: Traces; readonly windows: Windows },
): Fit | undefined {
  const { before, after, lag } = on.windows
  let best: Fit | undefined
  for (let sample = peak.sample - lag; sample <= peak.sample + lag; sample++) {
    if (!liesInOneStretch(on.traces.borders, sample - before, sample + after)) continue
    const product = productOf(fitter, residual, sample - before)
    const amplitude = product / fitter.energy
    const gain = product * amplitude
    if (amplitude > 0 && gain > (best?.gain ?? 0)) best = { sample, unit: fitter.unit, amplitude, gain }
  }
  return best
}

function fitterOf(unit: number, template: Template, near: readonly number[], { length }: Windows): Fitter {
  const valuesOn = (channel: number) => template.values.subarray(channel * length, (channel + 1) * length)
  const channels = near.filter(
    (channel) => channel === template.channel || valuesOn(channel).some((value) => Math.abs(value) > LEAST_DEPTH),
  )
  const values = channels.map(valuesOn)
  return { unit, channels, values, energy: values.reduce((sum, part) => sum + energyOf(part), 0) }
}

function productOf({ channels, values }: Fitter, residual: TraceWindow, from: number): number {
  const offset = from - residual.start
  let product = 0
  for (let k = 0; k < channels.length; k++) {
    const trace = residual.channels[channels[k]!]!
    const template = values[k]!
    for (let row = 0; row < template.length; row++) product += trace[offset + row]! * template[row]!
  }
  return product
}

function subtract({ channels, values }: Fitter, amplitude: number, residual: TraceWindow, from: number): void {
  const offset = from - residual.start
  for (let k = 0; k < channels.length; k++) {
    const trace = residual.channels[channels[k]!]!
    const template = values[k]!
    for (let row = 0; row < template.length; row++) trace[offset + row]! -= amplitude * template[row]!
  }
}

/** Holds spikes until no earlier one can come, then visits them in order; a unit's second spike within 0.5 ms is none. */
function spikeSorter(units: number, windows: Windows, visit: SpikeVisitor) {
  let held: MatchedSpike[] = []
  const last = new Float64Array(units).fill(Number.NEGATIVE_INFINITY)
  return {
    add: (spike: MatchedSpike) => void held.push(spike),
    visitUpTo: (sample: number, residual: TraceWindow) => {
      const settled = held.filter((spike) => spike.sample < sample)
      held = held.filter((spike) => spike.sample >= sample)
      for (const spike of settled.sort((a, b) => a.sample - b.sample || a.unit - b.unit)) {
        if (spike.sample - last[spike.unit]! < windows.exclusion) continue
        last[spike.unit] = spike.sample
        visit(spike, residual)
      }
    },
  }
}

/** The window without its samples before `sample`. */
function dropBefore(window: TraceWindow, sample: number): TraceWindow {
  const dropped = Math.max(0, Math.min(window.samples, sample - window.start))
  if (dropped === 0 || !Number.isFinite(dropped)) return window
  for (const values of window.channels) values.copyWithin(0, dropped, window.samples)
  return { ...window, start: window.start + dropped, samples: window.samples - dropped }
}
