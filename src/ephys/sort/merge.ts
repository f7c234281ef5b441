import { distanceUm, type Position } from './neighbours.ts'
import { likenessOf, type Unit, unitOf } from './template.ts'
import type { Traces } from './traces.ts'
import type { Windows } from './windows.ts'

/** Units whose templates are more alike than this are one cell. */
const ALIKE = 0.85
/** Farther apart than this, templates are not compared. */
const APART_UM = 120

/** Joins units whose templates are alike, until none are. Their order is that of their first spike's unit. */
export function mergeAlike(
  traces: Traces,
  units: readonly Unit[],
  on: { readonly positions: readonly Position[]; readonly windows: Windows },
): Unit[] {
  const { positions, windows } = on
  const merged = [...units]
  for (let a = 0; a < merged.length; a++) {
    for (let b = a + 1; b < merged.length; b++) {
      const [one, other] = [merged[a]!, merged[b]!]
      if (distanceUm(positions[one.template.channel]!, positions[other.template.channel]!) > APART_UM) continue
      const { similarity, lag } = likenessOf(one.template, other.template, windows)
      if (similarity <= ALIKE) continue
      const joined = unitOf(traces, joinSpikes(one, other, lag, windows), windows)
      if (joined === undefined) continue
      merged.splice(b, 1)
      merged[a] = joined
      // The joined unit may now be like one that was looked at before.
      a = -1
      break
    }
  }
  return merged
}

/** The larger unit keeps its times; a spike that both have is taken once. */
function joinSpikes(one: Unit, other: Unit, lag: number, windows: Windows): number[] {
  const [large, small, shift] = one.spikes.length >= other.spikes.length ? [one, other, lag] : [other, one, -lag]
  const spikes = [...large.spikes, ...small.spikes.map((sample) => sample + shift)].sort((a, b) => a - b)
  return spikes.filter((sample, i) => i === 0 || sample - spikes[i - 1]! >= windows.exclusion)
}
