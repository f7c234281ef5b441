/** What the sorter reads: stretches of samples from the same channels, one after another. */
export interface Recording {
  readonly sampleRateHz: number
  /** In the order of the columns, as the recorder named them: `Port_3`. */
  readonly channelNames: readonly string[]
  readonly stretches: readonly Stretch[]
}

/** Samples without a gap. */
export interface Stretch {
  readonly samples: number
  /** Samples `from` to `to` (excluded) in counts, (to − from, channels) in row order. */
  read(from: number, to: number): Int16Array
}

export function totalSamples(recording: Recording): number {
  return recording.stretches.reduce((sum, { samples }) => sum + samples, 0)
}
