import { type Basis, project } from './features.ts'
import type { MatchedSpike } from './match.ts'
import { nearestFirst, neighboursWithin, type Position, REACH_UM } from './neighbours.ts'
import { energyOf, likenessOf, type Template } from './template.ts'
import type { TraceWindow } from './traces.ts'
import type { Windows } from './windows.ts'

/** Features are kept of so many channels, the nearest to a template's own. */
export const FEATURE_CHANNELS = 6
/** A spike is compared with so many templates, the most like its own. */
const FEATURE_TEMPLATES = 8

/** Rows of numbers that grows; (rows × columns) of them for a spike. */
export class GrowingTable {
  readonly rows: number
  readonly columns: number
  #values: Float32Array
  #length = 0

  constructor(rows: number, columns: number) {
    this.rows = rows
    this.columns = columns
    this.#values = new Float32Array(1024 * rows * columns)
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float32Array(2 * this.#values.length)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#length++] = value
  }

  toArray(): Float32Array {
    return this.#values.subarray(0, this.#length)
  }
}

/** All spikes found, in the order of time. */
export interface SpikeTable {
  readonly count: number
  readonly samples: readonly number[]
  readonly units: readonly number[]
  readonly amplitudes: readonly number[]
  /** (components, channels) for each spike. */
  readonly features: GrowingTable
  /** Of each template, the channels its spikes' features are of. */
  readonly featureChannels: readonly (readonly number[])[]
  /** How large the spike is along each template of `featureTemplates`. */
  readonly templateFeatures: GrowingTable
  readonly featureTemplates: readonly (readonly number[])[]
}

/** A table that takes spikes in the order of time, each with its surroundings. */
export function startSpikeTable(
  templates: readonly Template[],
  on: { readonly positions: readonly Position[]; readonly basis: Basis; readonly windows: Windows },
): SpikeTable & { add(spike: MatchedSpike, residual: TraceWindow): void } {
  const { positions, basis, windows } = on
  const order = nearestFirst(positions)
  const featureChannels = templates.map(({ channel }) => order[channel]!.slice(0, FEATURE_CHANNELS))
  const near = neighboursWithin(positions, REACH_UM)
  // Farther channels hold no more than noise of such a spike.
  const seenBy = templates.map(({ channel }, unit) => [...new Set([...near[channel]!, ...featureChannels[unit]!])])
  const featureTemplates = mostAlike(templates, windows)
  const features = new GrowingTable(basis.length, featureChannels[0]?.length ?? 0)
  const templateFeatures = new GrowingTable(1, featureTemplates[0]?.length ?? 0)
  const sizes = templates.map(({ values }) => Math.sqrt(energyOf(values)))
  const samples: number[] = []
  const units: number[] = []
  const amplitudes: number[] = []
  const waveform = new Float32Array(positions.length * windows.length)

  return {
    get count() {
      return samples.length
    },
    samples,
    units,
    amplitudes,
    features,
    featureChannels,
    templateFeatures,
    featureTemplates,
    add: (spike, residual) => {
      samples.push(spike.sample)
      units.push(spike.unit)
      amplitudes.push(spike.amplitude)
      const channels = seenBy[spike.unit]!
      restore(waveform, { spike, template: templates[spike.unit]!, residual, windows, channels })
      for (const axis of basis) {
        for (const channel of featureChannels[spike.unit]!) {
          features.push(project(waveform, channel * windows.length, axis))
        }
      }
      for (const other of featureTemplates[spike.unit]!) {
        const index = other % templates.length
        let product = 0
        for (const channel of channels) product += productOn(channel, waveform, templates[index]!, windows)
        templateFeatures.push(product / sizes[index]!)
      }
    },
  }
}

function productOn(channel: number, waveform: Float32Array, { values }: Template, { length }: Windows): number {
  let product = 0
  for (let at = channel * length; at < (channel + 1) * length; at++) product += waveform[at]! * values[at]!
  return product
}

/** The spike as it would look alone, on some channels: the residual with its own template put back. */
function restore(
  waveform: Float32Array,
  from: {
    readonly spike: MatchedSpike
    readonly template: Template
    readonly residual: TraceWindow
    readonly windows: Windows
    readonly channels: readonly number[]
  },
): void {
  const { spike, template, residual, windows } = from
  const offset = spike.sample - windows.before - residual.start
  for (const channel of from.channels) {
    const trace = residual.channels[channel]!
    for (let row = 0, at = channel * windows.length; row < windows.length; row++, at++) {
      waveform[at] = trace[offset + row]! + spike.amplitude * template.values[at]!
    }
  }
}

/** Of each template, itself and those most like it; a single one is followed by its copy, as in the folder. */
function mostAlike(templates: readonly Template[], windows: Windows): number[][] {
  if (templates.length === 1) return [[0, 1]]
  return templates.map((template) => {
    const likeness = templates.map((other) => likenessOf(template, other, windows).similarity)
    const order = templates.map((_, index) => index).sort((a, b) => likeness[b]! - likeness[a]! || a - b)
    return order.slice(0, FEATURE_TEMPLATES)
  })
}
