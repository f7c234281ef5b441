import type { Random } from '../random.ts'
import type { Layout } from './layout.ts'
import { type BadChannels, isBad } from './noise.ts'
import { drawWaveform, type Place, type Waveform } from './waveform.ts'

export type Level = 'easy' | 'hard'

export interface SimulatedUnit {
  readonly place: Place
  readonly waveform: Waveform
  readonly rateHz: number
  /** Times of its spikes, samples, rising by at least 3 ms. */
  readonly spikes: readonly number[]
}

/** One spike of any unit. */
export interface SimulatedSpike {
  readonly sample: number
  readonly unit: number
  /** About 1: how large this spike is beside the unit's waveform. */
  readonly amplitude: number
}

type Range = readonly [from: number, to: number]

interface LevelRanges {
  /** Cells lie at least this far from one another. */
  readonly apartUm: number
  readonly offProbeUm: Range
  /** Amplitude that a contact 8 µm from the cell would see. */
  readonly amplitudeUv: Range
  readonly rateHz: Range
}

/**
 * Hard recordings have smaller and farther cells, closer to one another, that fire more, and some of them lie at a bad
 * contact, where the next good one hardly sees them. Of easy ones every cell's own contact works.
 */
const LEVELS: Readonly<Record<Level, LevelRanges>> = {
  easy: { apartUm: 40, offProbeUm: [5, 20], amplitudeUv: [110, 260], rateHz: [2, 15] },
  hard: { apartUm: 15, offProbeUm: [10, 35], amplitudeUv: [60, 180], rateHz: [2, 20] },
}

const REFRACTORY_S = 0.003
/** No spike is cut off by the recording's ends. */
const QUIET_START_S = 0.005
const QUIET_END_S = 0.01
const AMPLITUDE_JITTER = 0.06
/** Beyond this many trials the probe is too crowded to keep the cells apart, and the last trial is taken. */
const PLACEMENT_TRIALS = 2000

export function drawUnits(options: {
  readonly random: Random
  readonly layout: Layout
  readonly units: number
  readonly level: Level
  readonly bad: BadChannels
  readonly sampleRateHz: number
  readonly seconds: number
}): SimulatedUnit[] {
  const { random, layout, level, bad, sampleRateHz, seconds } = options
  const { amplitudeUv, rateHz: rates } = LEVELS[level]
  const units: SimulatedUnit[] = []
  while (units.length < options.units) {
    const place = drawPlace({ random, layout, level, bad, others: units })
    const waveform = drawWaveform({ random, layout, place, amplitudeUv: random.range(...amplitudeUv), sampleRateHz })
    const rateHz = random.range(...rates)
    units.push({ place, waveform, rateHz, spikes: drawSpikes({ random, rateHz, sampleRateHz, seconds }) })
  }
  return units
}

/** All units' spikes in the order of their times, each with its own amplitude. */
export function drawAmplitudes(random: Random, units: readonly SimulatedUnit[]): SimulatedSpike[] {
  const spikes = units.flatMap(({ spikes }, unit) =>
    spikes.map((sample) => ({ sample, unit, amplitude: 1 + AMPLITUDE_JITTER * random.normal() })),
  )
  return spikes.sort((a, b) => a.sample - b.sample || a.unit - b.unit)
}

function drawPlace(options: {
  readonly random: Random
  readonly layout: Layout
  readonly level: Level
  readonly bad: BadChannels
  readonly others: readonly SimulatedUnit[]
}): Place {
  const { random, layout, level, bad, others } = options
  const { apartUm, offProbeUm } = LEVELS[level]
  const widthUm = Math.max(...layout.map(([x]) => x))
  const lengthUm = Math.max(...layout.map(([, y]) => y))
  let place: Place = [0, 0, 0]
  for (let trial = 0; trial < PLACEMENT_TRIALS; trial++) {
    place = [random.range(-15, widthUm + 15), random.range(0, lengthUm), random.range(...offProbeUm)]
    const isSeen = level === 'hard' || !isBad(bad, nearestChannel(layout, place))
    if (isSeen && others.every((other) => distanceUm(place, other.place) > apartUm)) break
  }
  return place
}

function nearestChannel(layout: Layout, place: Place): number {
  const distances = layout.map((contact) => distanceUm(place, contact))
  return distances.indexOf(Math.min(...distances))
}

/** In the plane of the probe. */
function distanceUm(a: readonly [number, number, ...unknown[]], b: readonly [number, number, ...unknown[]]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}

/** A Poisson process with a dead time: intervals are 3 ms plus an exponential, so that the mean rate is `rateHz`. */
function drawSpikes(options: {
  readonly random: Random
  readonly rateHz: number
  readonly sampleRateHz: number
  readonly seconds: number
}): number[] {
  const { random, rateHz, sampleRateHz, seconds } = options
  const waitS = 1 / rateHz - REFRACTORY_S
  const spikes: number[] = []
  let atS = QUIET_START_S
  for (;;) {
    atS += REFRACTORY_S - waitS * Math.log(1 - random.uniform())
    if (atS >= seconds - QUIET_END_S) return spikes
    spikes.push(Math.floor(atS * sampleRateHz))
  }
}
