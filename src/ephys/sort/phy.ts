import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../version.ts'
import type { Position } from './neighbours.ts'
import { writeNpy } from './npy.ts'
import type { SpikeTable } from './spikeTable.ts'
import { likenessOf, type Template } from './template.ts'
import type { Windows } from './windows.ts'

export const RECORDING_FILE = 'recording.dat'

/** phylib squeezes what it loads, and cannot tell one template, or one spike, from a flat array. */
const FEWEST_TEMPLATES = 2
export const FEWEST_SPIKES = 2

export interface Sorting {
  readonly sampleRateHz: number
  readonly channelNames: readonly string[]
  readonly positions: readonly Position[]
  /** A channel's noise in counts: templates are written in counts. */
  readonly deviations: Float64Array
  readonly windows: Windows
  /** Each has spikes in the table. */
  readonly templates: readonly Template[]
  readonly spikes: SpikeTable
}

/**
 * Writes the folder that phy opens (phylib's TemplateModel), but for the recording itself. Nothing in it tells when or
 * where it was made: the same recording gives the same bytes.
 */
export function writePhyFolder(folder: string, sorting: Sorting): void {
  writeSpikes(folder, sorting)
  writeTemplates(folder, sorting)
  writeChannels(folder, sorting)
  writeTexts(folder, sorting)
}

function writeSpikes(folder: string, { spikes }: Sorting): void {
  const count = spikes.count
  writeNpy(join(folder, 'spike_times.npy'), BigInt64Array.from(spikes.samples, BigInt), [count])
  writeNpy(join(folder, 'spike_templates.npy'), Int32Array.from(spikes.units), [count])
  writeNpy(join(folder, 'spike_clusters.npy'), Int32Array.from(spikes.units), [count])
  writeNpy(join(folder, 'amplitudes.npy'), Float64Array.from(spikes.amplitudes), [count])
  const { features, templateFeatures } = spikes
  writeNpy(join(folder, 'pc_features.npy'), features.toArray(), [count, features.rows, features.columns])
  writeNpy(join(folder, 'template_features.npy'), templateFeatures.toArray(), [count, templateFeatures.columns])
}

function writeTemplates(folder: string, { templates, windows, deviations, spikes }: Sorting): void {
  // A copy without spikes rather than a template of zeros: phylib divides by a template's size.
  const padded = [...templates, ...templates].slice(0, Math.max(FEWEST_TEMPLATES, templates.length))
  const channels = deviations.length
  const values = new Float32Array(padded.length * windows.length * channels)
  let at = 0
  for (const template of padded) {
    for (let row = 0; row < windows.length; row++) {
      for (let channel = 0; channel < channels; channel++) {
        values[at++] = template.values[channel * windows.length + row]! * deviations[channel]!
      }
    }
  }
  writeNpy(join(folder, 'templates.npy'), values, [padded.length, windows.length, channels])
  const similar = padded.flatMap((a) => padded.map((b) => (a === b ? 1 : likenessOf(a, b, windows).similarity)))
  writeNpy(join(folder, 'similar_templates.npy'), Float32Array.from(similar), [padded.length, padded.length])
  writeIndices(join(folder, 'pc_feature_ind.npy'), spikes.featureChannels, padded.length)
  writeIndices(join(folder, 'template_feature_ind.npy'), spikes.featureTemplates, padded.length)
}

/** A row of numbers per template; a padded template has the first one's. */
function writeIndices(path: string, rows: readonly (readonly number[])[], templates: number): void {
  const padded = Array.from({ length: templates }, (_, template) => rows[template] ?? rows[0]!)
  writeNpy(path, Int32Array.from(padded.flat()), [templates, padded[0]!.length])
}

function writeChannels(folder: string, { positions }: Sorting): void {
  const channels = positions.length
  const identity = new Float64Array(channels * channels)
  for (let channel = 0; channel < channels; channel++) identity[channel * channels + channel] = 1
  writeNpy(
    join(folder, 'channel_map.npy'),
    Int32Array.from(positions, (_, channel) => channel),
    [channels],
  )
  writeNpy(join(folder, 'channel_positions.npy'), Float32Array.from(positions.flat()), [channels, 2])
  writeNpy(join(folder, 'channel_shanks.npy'), new Int32Array(channels), [channels])
  writeNpy(join(folder, 'whitening_mat.npy'), identity, [channels, channels])
  writeNpy(join(folder, 'whitening_mat_inv.npy'), identity, [channels, channels])
}

function writeTexts(folder: string, { templates, channelNames, sampleRateHz }: Sorting): void {
  const params = `# sorter: simple (labmake-ephys ${version}). For a quick look; publish with another sorter.
dat_path = '${RECORDING_FILE}'
n_channels_dat = ${channelNames.length}
dtype = 'int16'
offset = 0
sample_rate = ${Number.isInteger(sampleRateHz) ? sampleRateHz.toFixed(1) : sampleRateHz}
hp_filtered = False
`
  const sorter = { sorter: 'simple', made_by: `labmake-ephys sort ${version}`, channels: channelNames }
  const groups = templates.map((_, cluster) => `${cluster}\tunsorted\n`).join('')
  writeFileSync(join(folder, 'params.py'), params)
  writeFileSync(join(folder, 'sorter.json'), `${JSON.stringify(sorter, null, 2)}\n`)
  writeFileSync(join(folder, 'cluster_group.tsv'), `cluster_id\tgroup\n${groups}`)
}
