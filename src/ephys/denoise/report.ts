// What a person is told about a batch, line by line.
import type { KwdMaking } from '../kwd.ts'
import type { Batch } from '../mat/batch.ts'

/** A common median or mean of fewer channels takes much of each spike off with the noise. */
const fewChannels = 4

/** Before the work: what is read. */
export function describeBatch(batch: Batch): string[] {
  const seconds = batch.stretches.reduce((sum, { samples }) => sum + samples, 0) / batch.sampleRateHz
  const gaps = batch.stretches.length - batch.files.length
  const stretches = `${plural(batch.stretches.length, 'stretch', 'stretches')}${gaps > 0 ? `, ${plural(gaps, 'gap')}` : ''}`
  return [
    `${batch.name}: ${plural(batch.files.length, 'file')}, ${stretches}, ${seconds.toFixed(1)} s at ${batch.sampleRateHz} Hz`,
    `channels kept: ${list(batch.channelNames)}`,
    ...(batch.omitted.length > 0 ? [`channels omitted: ${list(batch.omitted)}`] : []),
    ...batch.missing.map(({ channel, files }) => `left out: ${channel} is not in ${list(files)}`),
  ]
}

/** After the work: what was found and written. */
export function describeTarget(making: KwdMaking, samples: number, clipped: number): string[] {
  const { method, dead, noisy, channelNames } = making
  const good = channelNames.length - dead.length - noisy.length
  const lines = [`method: ${method}, from ${plural(good, 'good channel')}`]
  if (method !== 'none' && good < 2) lines.push(`warning: nothing was subtracted, ${method} needs two good channels`)
  else if (method !== 'none' && good < fewChannels) {
    lines.push(`warning: ${method} of only ${good} channels takes much of each spike off too; see --method none`)
  }
  if (dead.length > 0) lines.push(`dead, not in the common reference: ${list(dead)}`)
  if (noisy.length > 0) lines.push(`very noisy, not in the common reference: ${list(noisy)}`)
  if (clipped > 0) {
    const share = ((100 * clipped) / (samples * channelNames.length)).toPrecision(2)
    lines.push(`warning: ${plural(clipped, 'sample')} of all (${share} %) clipped to 16 bits`)
  }
  return lines
}

/** As many names as a line of a log bears. */
const mostNames = 40

function list(names: readonly string[]): string {
  const more = names.length - mostNames
  return `${names.length} (${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''})`
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
