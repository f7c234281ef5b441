import { seededRandom } from '../../../src/ephys/random.ts'
import type { MatchedSpike } from '../../../src/ephys/sort/match.ts'
import type { Template } from '../../../src/ephys/sort/template.ts'
import type { Traces } from '../../../src/ephys/sort/traces.ts'
import { windowsAt } from '../../../src/ephys/sort/windows.ts'

export const windows = windowsAt(20_000)
export const positions = [
  [0, 0],
  [0, 50],
  [0, 100],
] as const

/** A trough at row `before`, half as deep on the channels beside, with a width of its own in samples. */
export function template(channel: number, depth: number, width: number): Template {
  const values = Float32Array.from({ length: positions.length * windows.length }, (_, at) => {
    const [on, row] = [Math.floor(at / windows.length), at % windows.length]
    return (-depth * Math.exp(-(((row - windows.before) / width) ** 2))) / 2 ** Math.abs(on - channel)
  })
  return { values, channel, depth }
}

/** What `spikes` of the templates add up to on a little noise, in memory. */
export function tracesOf(
  templates: readonly Template[],
  spikes: readonly MatchedSpike[],
  { samples = 2000 } = {},
): Traces {
  const channels = positions.length
  const random = seededRandom(2)
  const values = positions.map(() => Float32Array.from({ length: samples }, () => 0.5 * random.normal()))
  for (const { sample, unit, amplitude } of spikes) {
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 0; row < windows.length; row++) {
        const at = sample - windows.before + row
        values[channel]![at]! += amplitude * templates[unit]!.values[channel * windows.length + row]!
      }
    }
  }
  return {
    channels,
    samples,
    borders: [0, samples],
    read: (from, to, into, offset = 0) => {
      for (const [channel, column] of into.entries()) column.set(values[channel]!.subarray(from, to), offset)
    },
    close: () => undefined,
  }
}
