import type { Filter } from './bandpass.ts'
import { filteredBlocks } from './filtered.ts'
import { type Recording, type Stretch, totalSamples } from './recording.ts'

/** Looks at so many pieces of half a second, spread evenly: what a long recording's noise is can be told from 20 s. */
const PIECES = 40
const PIECE_S = 0.5
/** Of the values in the pieces every so manieth is taken: neighbours tell little that is new. */
const TAKE_EVERY = 8
/** The median of |x| over a normal distribution's standard deviation. */
const MEDIAN_OF_NORMAL = 0.6745

/**
 * Counts. Rounding to whole counts alone makes 0.2 in the band: a channel with less is flat, and beside so little each
 * flip of its last bit would look like a spike.
 */
const LEAST_DEVIATION = 0.1

/**
 * The standard deviation of each channel's filtered noise, in counts, from the median of |x|, which spikes hardly move
 * (Quiroga et al. 2004). 0 for a flat channel.
 */
export function noiseDeviations(recording: Recording, filter: Filter): Float64Array {
  const channels = recording.channelNames.length
  const pieceSamples = Math.ceil(PIECE_S * recording.sampleRateHz)
  const values: number[][] = Array.from({ length: channels }, () => [])
  for (const piece of pieces(recording, pieceSamples)) {
    const blocks = filteredBlocks(piece, {
      filter,
      channels,
      sampleRateHz: recording.sampleRateHz,
      blockSamples: pieceSamples,
    })
    for (const { samples, channels: filtered } of blocks) {
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < samples; i += TAKE_EVERY) values[channel]!.push(Math.abs(filtered[channel]![i]!))
      }
    }
  }
  const deviations = Float64Array.from(values, (column) => medianOf(column) / MEDIAN_OF_NORMAL)
  return deviations.map((deviation) => (deviation < LEAST_DEVIATION ? 0 : deviation))
}

/** All of a short recording, pieces of a long one; none reaches over a stretch's end. */
function* pieces(recording: Recording, pieceSamples: number): Generator<Stretch> {
  const total = totalSamples(recording)
  const every = Math.max(pieceSamples, Math.floor(total / PIECES))
  let before = 0
  for (const stretch of recording.stretches) {
    for (let at = Math.ceil(before / every) * every - before; at < stretch.samples; at += every) {
      const samples = Math.min(pieceSamples, stretch.samples - at)
      yield { samples, read: (from, to) => stretch.read(at + from, at + to) }
    }
    before += stretch.samples
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
