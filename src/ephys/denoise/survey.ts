// The first pass over a batch: what must be known of all of it before the first sample can be written.
import { InputError } from '../errors.ts'
import type { Batch } from '../mat/batch.ts'
import type { Samples } from '../mat/recording.ts'
import { type Block, readBlocks, totalRows } from './blocks.ts'
import { startCovariance } from './covariance.ts'

/** Pairs of neighbouring rows, spread over the recording, that channels are judged by: a spread is then known to 2 %. */
const mostProbes = 5_000

/** Rows that the covariance is taken of, spread over the recording: its error is then far below one in a thousand. */
const mostCovarianceRows = 1_000_000

/** Of values in the batch's units. */
export type Survey = {
  readonly rows: number
  readonly means: Float64Array
  readonly minima: Float64Array
  readonly maxima: Float64Array
  /** Are all values whole numbers? Then a float class holds counts. */
  readonly areWhole: boolean
  /** For each channel, pairs of neighbouring samples one after the other, less the channel's mean. */
  readonly probes: readonly Float64Array[]
  /** Channels × channels, row by row; only when asked for. */
  readonly covariance: Float64Array | undefined
}

type Tally = {
  readonly sums: Float64Array
  readonly minima: Float64Array
  readonly maxima: Float64Array
  readonly probes: number[][]
  areWhole: boolean
}

/** Reads the whole batch once. Throws InputError for a sample that is no number: see `refuseGap`. */
export async function surveyBatch(
  batch: Batch,
  options: { readonly covariance: boolean; readonly onBlock: (block: Block) => void },
): Promise<Survey> {
  const channels = batch.channelNames.length
  const rows = totalRows(batch)
  const tally: Tally = {
    sums: new Float64Array(channels),
    minima: new Float64Array(channels).fill(Number.POSITIVE_INFINITY),
    maxima: new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
    probes: Array.from({ length: channels }, () => []),
    areWhole: true,
  }
  const covariance = options.covariance ? startCovariance(channels) : undefined
  const probeEvery = Math.max(2, Math.ceil(rows / mostProbes))
  const covarianceEvery = Math.ceil(rows / mostCovarianceRows)
  for await (const block of readBlocks(batch)) {
    for (let c = 0; c < channels; c++) tallyChannel(tally, block, c, probeEvery, batch.channelNames[c]!)
    covariance?.add(block, covarianceEvery)
    options.onBlock(block)
  }
  const means = tally.sums.map((sum) => sum / rows)
  return {
    rows,
    means,
    minima: tally.minima,
    maxima: tally.maxima,
    areWhole: tally.areWhole,
    probes: tally.probes.map((values, c) => Float64Array.from(values, (value) => value - means[c]!)),
    covariance: covariance?.result(),
  }
}

function tallyChannel(tally: Tally, block: Block, c: number, probeEvery: number, name: string): void {
  const samples = block.channels[c]!
  const { gain, offset } = block.file.scalings[c]!
  const { sum, low, high } = samples instanceof Int16Array ? sumCounts(samples) : sumValues(samples)
  if (!Number.isFinite(sum)) refuseGap(block, samples, name)
  tally.sums[c]! += sum * gain + offset * block.rows
  tally.minima[c] = Math.min(tally.minima[c]!, low * gain + offset, high * gain + offset)
  tally.maxima[c] = Math.max(tally.maxima[c]!, low * gain + offset, high * gain + offset)
  if (tally.areWhole && !(samples instanceof Int16Array)) tally.areWhole = samples.every(Number.isInteger)
  const probes = tally.probes[c]!
  const first = (probeEvery - (block.firstRow % probeEvery)) % probeEvery
  for (let i = first; i + 1 < block.rows; i += probeEvery) {
    probes.push(samples[i]! * gain + offset, samples[i + 1]! * gain + offset)
  }
}

// The same loop twice: each stays fast because it only ever sees one type of array.
function sumCounts(samples: Int16Array) {
  let sum = 0
  let low = samples[0]!
  let high = low
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!
    sum += value
    if (value < low) low = value
    if (value > high) high = value
  }
  return { sum, low, high }
}

function sumValues(samples: Float64Array) {
  let sum = 0
  let low = samples[0]!
  let high = low
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!
    sum += value
    if (value < low) low = value
    if (value > high) high = value
  }
  return { sum, low, high }
}

/**
 * A sample that is no number, or infinite, is refused: whatever stood in its place (nought, the last value) would make an
 * edge that a sorter takes for a spike, and would spoil the common reference of all channels.
 */
function refuseGap(block: Block, samples: Samples, name: string): never {
  const index = samples.findIndex((value: number) => !Number.isFinite(value))
  if (index === -1)
    throw new InputError(`${block.file.name}: the values of ${name} are too large`, { hint: omitHint(name) })
  const bad = samples.filter((value: number) => !Number.isFinite(value)).length
  const at = block.from + index
  throw new InputError(
    `${block.file.name}: sample ${at} of ${name} is ${samples[index]}, and ${bad - 1} more of the ${block.rows} there`,
    { hint: omitHint(name) },
  )
}

const omitHint = (name: string) =>
  `Export it from Spike2 without filling gaps, or leave the channel out: --omit ${name}`
