import type { Basis } from './features.ts'
import { type MatchOptions, matchTemplates } from './match.ts'
import { type SpikeTable, startSpikeTable } from './spikeTable.ts'
import type { Template, Unit } from './template.ts'
import type { Traces } from './traces.ts'

/**
 * All spikes of the units, with the templates of those that have any: matched again without the others, since phylib
 * counts templates by their spikes.
 */
export function findSpikes(
  traces: Traces,
  units: readonly Unit[],
  options: MatchOptions & {
    readonly basis: Basis
    /** Told how much is done, from 0 to 1. */
    readonly report: (done: number) => void
  },
): { readonly templates: readonly Template[]; readonly spikes: SpikeTable } {
  const templates = units.map(({ template }) => template)
  const spikes = startSpikeTable(templates, options)
  matchTemplates(traces, templates, options, (spike, residual) => {
    spikes.add(spike, residual)
    options.report(spike.sample / traces.samples)
  })
  const used = new Set(spikes.units)
  if (used.size === units.length || used.size === 0) return { templates, spikes }
  const withSpikes = units.filter((_, unit) => used.has(unit))
  return findSpikes(traces, withSpikes, options)
}
