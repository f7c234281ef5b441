import { applyFilter, type Filter, type FilterState, steadyState } from './bandpass.ts'
import type { Stretch } from './recording.ts'

/** A block of one filtered stretch. The arrays are used again for the next block. */
export interface FilteredBlock {
  /** First sample, within the stretch. */
  readonly start: number
  readonly samples: number
  /** Counts, an array per channel; what lies beyond `samples` in it means nothing. */
  readonly channels: readonly Float64Array[]
  /** The same samples unfiltered, (samples, channels) in row order. */
  readonly raw: Int16Array
}

/**
 * After this long the filter has forgotten what it started from: its slowest part at 300 Hz has decayed by e^−47, to
 * less than a double can hold beside the signal. So the backward run may start here rather than at the stretch's end.
 */
const FORGOTTEN_MS = 50

/**
 * Filters a stretch forward and backward, so that nothing is delayed, in blocks: the forward run goes on from block to
 * block, the backward run starts 50 ms behind each block. The result does not depend on the size of the blocks. Before
 * its ends the stretch is taken to have gone on at its first and last value.
 */
export function* filteredBlocks(
  stretch: Stretch,
  options: {
    readonly filter: Filter
    readonly channels: number
    readonly sampleRateHz: number
    readonly blockSamples: number
  },
): Generator<FilteredBlock> {
  const { filter, channels, blockSamples } = options
  const ahead = Math.ceil((FORGOTTEN_MS * options.sampleRateHz) / 1000)
  const capacity = blockSamples + ahead
  const forward = Array.from({ length: channels }, () => new Float64Array(capacity))
  const filtered = Array.from({ length: channels }, () => new Float64Array(capacity))
  const states: FilterState[] = []
  const raw = new Int16Array(capacity * channels)
  // Samples of the stretch that have been read: [start, readTo) are in `forward` and `raw`.
  let readTo = 0
  for (let start = 0; start < stretch.samples; start += blockSamples) {
    const samples = Math.min(blockSamples, stretch.samples - start)
    const until = Math.min(start + capacity, stretch.samples)
    if (until > readTo) {
      const fresh = stretch.read(readTo, until)
      raw.set(fresh, (readTo - start) * channels)
      for (let channel = 0; channel < channels; channel++) {
        const values = forward[channel]!
        deinterleave(fresh, { channel, channels }, values, readTo - start)
        states[channel] ??= steadyState(filter, values[0]!)
        applyFilter(filter, values, { from: readTo - start, to: until - start }, states[channel]!)
      }
      readTo = until
    }
    for (let channel = 0; channel < channels; channel++) {
      const values = filtered[channel]!
      values.set(forward[channel]!)
      const state = steadyState(filter, values[until - start - 1]!)
      applyFilter(filter, values, { from: until - start - 1, to: -1 }, state)
    }
    yield { start, samples, channels: filtered, raw: raw.subarray(0, samples * channels) }
    for (const values of forward) values.copyWithin(0, samples)
    raw.copyWithin(0, samples * channels)
  }
}

function deinterleave(
  rows: Int16Array,
  column: { readonly channel: number; readonly channels: number },
  into: Float64Array,
  offset: number,
): void {
  for (let from = column.channel, to = offset; from < rows.length; from += column.channels, to++) into[to] = rows[from]!
}
